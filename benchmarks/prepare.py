"""How fast `ganvas prepare` reads a folder of photographs, compared with torchvision, and its peak memory.

    python -m benchmarks.prepare FOLDER [--size 64] [--count 2000] [--rounds 5] [--workers 0]

FOLDER keeps the pictures: JPEGs of 1632 x 1224 pixels in two classes. Each round runs both in processes of their own,
one after the other, on the same files. `prepare` is timed from the start of its process to the dataset on the disk. One
pass over torchvision's `ImageFolder` with `Resize` and `CenterCrop` is timed without its imports. If the machine's
speed varies, both are affected. The table has medians over rounds, the median of the rounds' ratios, and the CPU time
per picture, because two processes on a busy machine may get no more CPU time than one.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.memory import MIB, peak_bytes
from ganvas.machine.cores import usable_cores

WIDTH, HEIGHT = 1632, 1224

TORCHVISION = """
import sys, time
import torch
from torchvision import datasets, transforms
torch.set_num_threads(1)
folder, size = sys.argv[1], int(sys.argv[2])
steps = [transforms.Resize(size), transforms.CenterCrop(size), transforms.PILToTensor()]
started = time.perf_counter()
data = datasets.ImageFolder(folder, transforms.Compose(steps))
used = time.process_time()
for picture, label in data:
    assert picture.shape == (3, size, size)
print(time.perf_counter() - started, time.process_time() - used)
"""


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, default in (("size", 64), ("count", 2000), ("rounds", 5), ("workers", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    folder = photographs(args.folder / f"{args.count}-of-{WIDTH}x{HEIGHT}", args.count)
    rounds = []
    for number in range(args.rounds):
        rounds.append((run_torchvision(folder, args.size), run_prepare(folder, args.size, args.workers)))
        speeds = " and ".join(f"{args.count / each.seconds:.1f}" for each in rounds[-1])
        print(f"round {number + 1}: {speeds} img/s", file=sys.stderr)
    file_megabytes = sum(file.stat().st_size for file in folder.rglob("*.jpg")) / args.count / 1e6
    print(f"JPEGs of {WIDTH} x {HEIGHT}, {file_megabytes:.2f} MB each, to {args.size} x {args.size}")
    print_table(rounds, args.count, args.workers or usable_cores())


@dataclass(frozen=True)
class Pass:
    """One pass over the folder.

    Attributes:
        seconds: wall-clock time.
        cpu_seconds: CPU time of all its processes.
        peak: peak memory of a process in MiB.
    """

    seconds: float
    cpu_seconds: float
    peak: float = 0


def photographs(folder: Path, count: int) -> Path:
    """A folder of `count` different JPEGs, made if it does not exist: soft shapes with the noise of a sensor."""
    if folder.exists():
        return folder
    partial = folder.with_name(f"{folder.name}.partial")
    random = np.random.default_rng(0)
    grain = random.normal(0, 6, (HEIGHT + 64, WIDTH + 64, 1))
    for number in range(count):
        coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        shapes = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        edges = Image.fromarray(random.integers(0, 2, (17, 23), dtype=np.uint8) * 60).resize((WIDTH, HEIGHT))
        soft = np.asarray(shapes, float) + np.asarray(edges.filter(ImageFilter.BoxBlur(1)))[..., None]
        top, left = random.integers(0, 64, 2)
        pixels = (soft + grain[top : top + HEIGHT, left : left + WIDTH]).clip(0, 255).astype(np.uint8)
        file = partial / ("even", "odd")[number % 2] / f"{number:04d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file, quality=90)
    partial.rename(folder)
    return folder


def run_torchvision(folder: Path, size: int) -> Pass:
    """Read the folder with torchvision in one process."""
    command = [sys.executable, "-c", TORCHVISION, str(folder), str(size)]
    seconds, used = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return Pass(float(seconds), float(used))


def run_prepare(folder: Path, size: int, workers: int) -> Pass:
    """Prepare the folder with ganvas."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "ganvas", "prepare", str(folder), f"{out}/data"]
        command += ["--size", str(size), "--workers", str(workers)]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Pass(seconds, usage.ru_utime + usage.ru_stime, peak_bytes(usage) / MIB)


def print_table(rounds: list[tuple[Pass, Pass]], count: int, workers: int) -> None:
    """The table of docs/performance.md."""
    ratios = [plain.seconds / fast.seconds for plain, fast in rounds]
    spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    print(f"{len(rounds)} rounds; peak memory of a process: {max(fast.peak for _, fast in rounds):.0f} MiB\n")
    print("| | img/s (median) | CPU time per picture | ratio (median of rounds) |")
    print("|---|---|---|---|")
    names = "torchvision `ImageFolder`, 1 process", f"`ganvas prepare`, {workers} processes"
    for name, runs, ratio in zip(names, zip(*rounds, strict=True), ("1", spread), strict=True):
        speed = count / statistics.median(run.seconds for run in runs)
        used = 1000 * statistics.median(run.cpu_seconds for run in runs) / count
        print(f"| {name} | {speed:.1f} | {used:.1f} ms | {ratio} |")


if __name__ == "__main__":
    main()
