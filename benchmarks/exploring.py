"""How long the commands of `ganvas explore` take: films, directions, projection.

    python -m benchmarks.exploring [RECIPE] [--size 64] [--seconds 10] [--fps 30] [--formats webp gif mp4] [--short]

The generator has the recipe's default options and random weights. A film is timed as the whole command
`ganvas explore walk`, from its start to the file on the disk; `mp4` needs PyAV. Directions and the projection of one
picture are timed in this process, with default options; `--short` does little of each, to try the benchmark.
"""

import argparse
import functools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.recipes import nearest_size
from benchmarks.sampling import Painter
from ganvas.artist.artist import load
from ganvas.artist.explore.directions import SAMPLES, find_directions
from ganvas.artist.explore.projection import STEPS, project
from ganvas.experiments.catalogue import USUAL_SIZE
from ganvas.machine.device import processor_name
from ganvas.settings.config import DEFAULT_EXTRACTOR


def main() -> None:
    """Time each command and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="atelier")
    parser.add_argument("--size", type=int, default=USUAL_SIZE)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--formats", nargs="*", default=["webp", "gif", "mp4"])
    parser.add_argument("--short", action="store_true")
    args = parser.parse_args()
    extractor, samples, steps = ("pixels", 2, 2) if args.short else (DEFAULT_EXTRACTOR, SAMPLES, STEPS)
    with tempfile.TemporaryDirectory() as folder:
        painter = Painter(args.recipe, nearest_size(args.recipe, args.size), Path(folder))
        artist = load(painter.snapshot)
        print(f"{processor_name()}, {torch.get_num_threads()} threads; {args.recipe} at {painter.size} px\n")
        print("| | seconds |\n|---|---|")
        for ending in args.formats:
            words = ["--seconds", str(args.seconds), "--fps", str(args.fps), "--out", f"{folder}/walk.{ending}"]
            frames = round(args.seconds * args.fps)
            _print_row(f"`walk` of {frames} frames as {ending}", functools.partial(_walk, painter.snapshot, words))
        for method in ("jacobian", "sefa"):
            find = functools.partial(find_directions, artist, 5, method, extractor=extractor, samples=samples)
            _print_row(f"`directions`, {method}", find)
        target = artist.sample(1, seed=1)
        _print_row("`project` of one picture", lambda: project(artist, target, extractor=extractor, steps=steps))


def _walk(snapshot: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "ganvas", "explore", "walk", str(snapshot), *words]
    subprocess.run(command, check=True, capture_output=True)


def _print_row(name: str, action: Callable[[], object]) -> None:
    started = time.perf_counter()
    action()
    print(f"| {name} | {time.perf_counter() - started:.1f} |", flush=True)


if __name__ == "__main__":
    main()
