"""The exact search for the nearest picture by pixels: seconds for 64 pictures among 10,000.

    python -m benchmarks.neighbours DATA [--pictures 10000] [--queries 64] [--rounds 3]

DATA is a dataset directory. Its last pictures are searched for among the others, which are repeated until they are
10,000; what they show does not affect the time.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Images, Integers
from ganvas.metrics.nearest import nearest_by_pixels


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    data = Dataset.open(args.data)
    rows, queries = np.arange(len(data) - args.queries), data.images[len(data) - args.queries :]
    timed = [_seconds(queries, data.images, np.resize(rows, args.pictures)) for _ in range(args.rounds)]
    wall, processor = (statistics.median(seconds) for seconds in zip(*timed, strict=True))
    print(
        f"{args.queries} among {args.pictures:,} pictures of {data.size} px: {wall:.1f} s, "
        f"of which a processor was at work for {processor:.1f} s"
    )


def _seconds(queries: Images, images: Images, rows: Integers) -> tuple[float, float]:
    """The time of a search: on the clock, and of the processor. On a busy machine, the two differ."""
    started = time.perf_counter(), time.process_time()
    nearest_by_pixels(queries, images, rows)
    return time.perf_counter() - started[0], time.process_time() - started[1]


if __name__ == "__main__":
    main()
