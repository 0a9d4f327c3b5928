"""What evaluations cost: seconds for 2,000 pictures of 64 px, and their share of a run's time.

    python -m benchmarks.evaluation FOLDER [--runs RUN...] [--samples 2000] [--rounds 3]

FOLDER keeps 2,000 painted pictures. Features of real pictures are computed before the clock starts, as they are once
for each dataset. The share of a run is read from its own logs: the time that was not spent in training steps, which
counts sample grids and checkpoints, too.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.files import read_records
from ganvas.metrics.evaluator import Evaluator
from ganvas.runs.directory import RunDirectory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", nargs="*", type=Path, default=[])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    data = given.folder / "painted64"
    if not data.exists():
        prepare("painter:2000", data, size=64, split="0.1")
    real = Dataset.open(data)
    evaluator = Evaluator(real, samples=given.samples)
    # Real pictures, a little changed, stand for generated ones: what they show makes no difference to the time.
    pictures = np.resize(real.images, (given.samples, *real.images.shape[1:])) ^ np.uint8(3)
    evaluator.score([pictures[:100]])
    seconds = [_seconds(evaluator, pictures) for _ in range(given.rounds)]
    print(
        f"{given.samples:,} pictures of 64 px: {statistics.median(seconds):.1f} s "
        f"({', '.join(f'{each:.1f}' for each in seconds)})"
    )
    for run in given.runs:
        print(f"{run}: {share(run):.1%} of the time was not training")


def _seconds(evaluator: Evaluator, pictures: np.ndarray) -> float:
    started = time.perf_counter()
    evaluator.score([pictures])
    return time.perf_counter() - started


def share(run: Path) -> float:
    """The share of a run's time that its training steps did not take."""
    stats = read_records(RunDirectory.open(run).stats)
    kimg = [0.0, *(line["kimg"] for line in stats)]
    training = sum(
        (now - before) * 1000 / line["img_per_s"] for line, before, now in zip(stats, kimg, kimg[1:], strict=False)
    )
    return float(1 - training / stats[-1]["seconds"])


if __name__ == "__main__":
    main()
