"""The exact search for the nearest picture by pixels: seconds for 64 pictures among 10,000 of 64 px.

    python -m benchmarks.neighbours FOLDER [--pictures 10000] [--queries 64] [--rounds 3]

FOLDER keeps the painted pictures. The last of them are searched for among the others. The command also prints how often
the search of the metric of near copies finds the same picture. That one compares thumbnails, of which it chooses four
by an even smaller view, and it counts mirrored and shifted pictures as equal.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.arrays import Images, Indices
from ganvas.metrics.memorisation import CopyDescriptors, CopyDetector, thumbnails
from ganvas.metrics.nearest import nearest_by_pixels


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    count = args.pictures + args.queries
    data = args.folder / f"painted64-{count}"
    if not data.exists():
        prepare(f"painter:{count}", data, size=64)
    images = Dataset.open(data).images
    rows, queries = np.arange(args.pictures), images[args.pictures : count]
    seconds = []
    for _ in range(args.rounds):
        started = time.perf_counter()
        exact, _ = nearest_by_pixels(queries, images, rows)
        seconds.append(time.perf_counter() - started)
    print(
        f"{args.queries} among {args.pictures:,} pictures of 64 px: {statistics.median(seconds):.1f} s "
        f"({', '.join(f'{each:.1f}' for each in seconds)})"
    )
    agreed = (exact == of_metric(queries, images[rows])).mean()
    print(f"the metric of near copies finds the same picture for {agreed:.0%}")


def of_metric(queries: Images, pictures: Images) -> Indices:
    """The nearest pictures by the pixels of the metric of near copies."""
    training, generated = (
        CopyDescriptors(np.zeros((len(images), 1), np.float32), thumbnails(images)) for images in (pictures, queries)
    )
    return CopyDetector(training).nearest(generated).by_pixels[0]


if __name__ == "__main__":
    main()
