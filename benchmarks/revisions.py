"""How fast the training steps of this checkout are next to those of another commit.

    python -m benchmarks.revisions 9f1f967 [--recipe atelier] [--size 64] [--rounds 5] [--steps 20]
        [--set KEY=VALUE ...] [--variants vision_from=1000000 vision_from=0,vision_over=0]

The other commit is checked out in a temporary folder. Each round trains with both, one after the other, in processes of
their own, on the same pictures, and for each variant of the options: by default those that put `atelier` into its first
and its last phase. The table has pictures per second by the clock, per second of processor time, and the ratios. The
processor time of one thread (`--set threads=1`) means something on a busy machine too. The last column compares the
losses: the largest difference of any loss in the first step, relative to the loss.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.workload import WARM_UP_STEPS, option_words
from ganvas import gans
from ganvas.settings.config import parse_assignments, resolve

HERE = Path(__file__).resolve().parents[1]
VARIANTS = ["vision_from=1000000", "vision_from=0,vision_over=0"]
CLASSES = 5


@dataclass(frozen=True)
class Speed:
    """Pictures per second of one training process, from the median of its steps, and its first losses."""

    wall: float
    processor: float
    losses: dict[str, float]


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision")
    parser.add_argument("--recipe", default="atelier")
    parser.add_argument("--variants", nargs="*", default=None)
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    for name, default in (("size", 64), ("rounds", 5), ("steps", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    variants = args.variants if args.variants is not None else VARIANTS if args.recipe == "atelier" else [""]
    with tempfile.TemporaryDirectory() as folder, checkout(args.revision, Path(folder) / "code") as code:
        sources = {args.revision: code, "this checkout": HERE}
        pictures = noise_pictures(Path(folder) / "pictures", args.size)
        data = {name: prepared(source, pictures, args.size, Path(folder) / name) for name, source in sources.items()}
        measured: dict[tuple[str, str], list[Speed]] = {}
        for number in range(args.rounds):
            for variant in variants:
                options = parse_assignments([*args.assignments, *filter(None, variant.split(","))])
                for name, source in sources.items():
                    speed = train(source, data[name], args.recipe, args.steps, options, Path(folder) / "run")
                    measured.setdefault((variant, name), []).append(speed)
                    print(f"round {number + 1}, {variant}, {name}: {speed.processor:.1f}", file=sys.stderr)
    print_table(args.revision, variants, measured)


@contextlib.contextmanager
def checkout(revision: str, path: Path) -> Iterator[Path]:
    """Another commit of this repository in a temporary worktree."""
    git = ["git", "-C", str(HERE), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(path), revision], check=True)
    try:
        yield path
    finally:
        subprocess.run([*git, "remove", "--force", str(path)], check=True)


def noise_pictures(folder: Path, size: int, count: int = 128) -> Path:
    """A folder of random pictures in classes; speed does not depend on what they show."""
    random = np.random.default_rng(0)
    for number in range(count):
        file = folder / f"class{number % CLASSES}" / f"{number:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (size, size, 3), dtype=np.uint8)).save(file)
    return folder


def prepared(source: Path, pictures: Path, size: int, out: Path) -> Path:
    """A dataset that a version of ganvas made of the pictures, in the form that it reads."""
    command = [sys.executable, "-m", "ganvas", "prepare", str(pictures), str(out), "--size", str(size)]
    subprocess.run(command, check=True, env=environment(source), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return out


def train(source: Path, data: Path, recipe: str, steps: int, options: dict[str, str], out: Path) -> Speed:
    """Train with a version of ganvas for `steps` steps after the warm-up."""
    count = steps + WARM_UP_STEPS
    quiet = {"device": "cpu", "eval_samples": 0, "tensorboard": False, "sample_every": "1h", "checkpoint_every": "1h"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "steps.json"
        command = [sys.executable, str(HERE / "benchmarks/timed_steps.py"), str(file), str(count)]
        command += ["train", str(data), "--out", f"{folder}/run", "--recipe", recipe, "--budget", f"{count}steps"]
        subprocess.run(
            [*command, *option_words(quiet | options)], check=True, env=environment(source), capture_output=True
        )
        records: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    own = resolve(recipe, gans.find(recipe).defaults, options).options
    pictures, timed = own.batch_size * own.d_steps, records[WARM_UP_STEPS:]
    wall, processor = (pictures / statistics.median(each[clock] for each in timed) for clock in ("wall", "processor"))
    losses = {name: value for name, value in records[0]["values"].items() if "_loss" in name}
    return Speed(wall, processor, losses)


def environment(source: Path) -> dict[str, str]:
    """Environment variables with which Python finds a version of ganvas."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(source / "src"), os.environ.get("PYTHONPATH", "")])}


def print_table(revision: str, variants: list[str], measured: dict[tuple[str, str], list[Speed]]) -> None:
    """A row for each variant: medians over the rounds, and the medians of the rounds' ratios."""
    print(
        f"| options | img/s, {revision} | here | ratio | img per processor second, {revision} | here | ratio | losses |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for variant in variants:
        old, new = measured[variant, revision], measured[variant, "this checkout"]
        cells = []
        for clock in ("wall", "processor"):
            before, after = ([getattr(speed, clock) for speed in speeds] for speeds in (old, new))
            ratios = [fast / slow for slow, fast in zip(before, after, strict=True)]
            spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            cells += [f"{statistics.median(before):.1f}", f"{statistics.median(after):.1f}", spread]
        print(f"| {variant or 'defaults'} | {' | '.join(cells)} | {difference(old[0].losses, new[0].losses):.1%} |")


def difference(old: dict[str, float], new: dict[str, float]) -> float:
    """The largest difference of a loss that both have, relative to its size or to 1."""
    shared = old.keys() & new.keys()
    return max(abs(old[name] - new[name]) / max(1.0, abs(old[name])) for name in shared)


if __name__ == "__main__":
    main()
