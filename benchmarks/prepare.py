"""How fast `ganvas prepare` reads a folder of photographs beside torchvision, and how much memory it takes.

    python -m benchmarks.prepare FOLDER [--size 64] [--count 2000] [--rounds 5] [--workers 0]

FOLDER gets the pictures, JPEGs of 1632 x 1224 pixels in two classes, if it does not have them yet. Each round runs the
two in processes of their own, one after the other, on the same files: `prepare`, from the start of its process to the
dataset on the disk; and one pass over torchvision's `ImageFolder` with `Resize` and `CenterCrop`, without the time that
importing it takes. The machine's moods hit both alike, and medians over rounds and the median of each round's ratio
are printed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from ganvas.cores import usable_cores

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
for picture, label in data:
    assert picture.shape == (3, size, size)
print(time.perf_counter() - started)
"""


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, default in (("size", 64), ("count", 2000), ("rounds", 5), ("workers", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    folder = photographs(given.folder / f"{given.count}-of-{WIDTH}x{HEIGHT}", given.count)
    rounds = []
    for number in range(given.rounds):
        torchvision = run_torchvision(folder, given.size)
        ganvas, peak = run_prepare(folder, given.size, given.workers)
        rounds.append((given.count / torchvision, given.count / ganvas, peak))
        print(f"round {number + 1}: {rounds[-1][0]:.1f} and {rounds[-1][1]:.1f} img/s", file=sys.stderr)
    print_table(rounds, given.size, given.workers or usable_cores(), megabytes(folder) / given.count)


def photographs(folder: Path, count: int) -> Path:
    """A folder of that many different JPEGs, made unless it is there: soft shapes under the grain of a sensor."""
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


def run_torchvision(folder: Path, size: int) -> float:
    """Seconds of a pass in one process."""
    command = [sys.executable, "-c", TORCHVISION, str(folder), str(size)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_prepare(folder: Path, size: int, workers: int) -> tuple[float, float]:
    """Seconds of a command that prepares the folder, and the MiB that the largest of its processes held."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "ganvas", "prepare", str(folder), f"{out}/data"]
        command += ["--size", str(size), "--workers", str(workers)]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def megabytes(folder: Path) -> float:
    """The size of all files."""
    return sum(file.stat().st_size for file in folder.rglob("*.jpg")) / 1e6


def print_table(rounds: list[tuple[float, float, float]], size: int, workers: int, file_megabytes: float) -> None:
    """The table of docs/performance.md."""
    torchvision, ganvas, peak = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [fast / plain for plain, fast, _ in rounds]
    print(f"JPEGs of {WIDTH} x {HEIGHT}, {file_megabytes:.2f} MB each, to {size} x {size}; {len(rounds)} rounds")
    print("| | img/s (median) | ratio (median of rounds) |")
    print("|---|---|---|")
    print(f"| torchvision `ImageFolder`, 1 process | {torchvision:.1f} | 1 |")
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
    print(
        f"| `ganvas prepare`, {workers} processes | {ganvas:.1f} | {statistics.median(ratios):.1f} ({spread}) |\n"
        f"most memory of one process: {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
