"""What evaluations cost: seconds for 2,000 pictures of 64 px, and their share of a run's time.

    python -m benchmarks.evaluation FOLDER [--runs RUN...] [--samples 2000] [--rounds 3]

FOLDER keeps 2,000 painted pictures. Features of real pictures are computed once for each dataset, so they are computed
before the clock starts. The share of a run is read from its logs. It is the time outside of training steps, which
includes sample grids and checkpoints.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.arrays import Images
from ganvas.metrics.evaluator import Evaluator
from ganvas.runs.logs import RunLogs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", nargs="*", type=Path, default=[])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    data = args.folder / "painted64"
    if not data.exists():
        prepare("painter:2000", data, size=64, split="0.1")
    real = Dataset.open(data)
    evaluator = Evaluator(real, samples=args.samples)
    # Slightly changed real pictures take the place of generated ones. What pictures show does not affect the time.
    pictures = np.resize(real.images, (args.samples, *real.images.shape[1:])) ^ np.uint8(3)
    evaluator.score([pictures[:100]])
    seconds = [_seconds(evaluator, pictures) for _ in range(args.rounds)]
    print(
        f"{args.samples:,} pictures of 64 px: {statistics.median(seconds):.1f} s "
        f"({', '.join(f'{each:.1f}' for each in seconds)})"
    )
    for run in args.runs:
        print(f"{run}: {share(run):.1%} of the time was not training")


def _seconds(evaluator: Evaluator, pictures: Images) -> float:
    started = time.perf_counter()
    evaluator.score([pictures])
    return time.perf_counter() - started


def share(run: Path) -> float:
    """The share of a run's time that its training steps did not take."""
    stats = RunLogs.open(run).stats
    starts = [0.0, *(line.kimg for line in stats[:-1])]
    training = sum(
        (line.kimg - start) * 1000 / line.number("img_per_s") for line, start in zip(stats, starts, strict=True)
    )
    return 1 - training / stats[-1].number("seconds")


if __name__ == "__main__":
    main()
