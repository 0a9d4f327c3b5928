"""How well copies of training pictures are told from new pictures: by set, size and alteration.

    python -m benchmarks.copies DATA... [--sizes 16 32 64] [--copies 300] [--figure FILE.png]

Each DATA is a dataset directory with held-back pictures (`ganvas prepare --split 0.2`), at the largest of the sizes or
more. Copies of its training pictures are altered by `benchmarks.copies.alterations`. The table has, for each set and
size, the share of held-back pictures that are called copies, the share of altered copies that are found, and the share
of blends of two training pictures that are called a copy. The limit of the detector comes from the training pictures
alone, so that the held-back ones are new to it. `--figure` draws the curves of altered copies found over held-back
pictures falsely called copies.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.copies.alterations import ALTERATIONS, blend, has_flat_ground
from benchmarks.copies.figure import draw
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST, TRAIN
from ganvas.foundation.arrays import Floats, Images
from ganvas.foundation.pixels import resize
from ganvas.metrics.copies import CopyDetector
from ganvas.metrics.outlines import Outlines
from ganvas.metrics.thumbnails import thumbnails

# The largest number of training pictures, and of held-back ones.
TRAINING, HELD_BACK = 1500, 1000
# Shares of the first picture in a blend.
BLENDS = (0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Outcome:
    """The distances of one set at one size.

    Attributes:
        name: of the set and the size.
        limit: below it, a picture is called a copy.
        new: the distances of held-back pictures, float64 [N].
        copies: the distances of altered copies by alteration, float64 [n] each.
        blends: the same of blends, by the share of the first picture.
        alike: share of training pictures that are called copies of another one.
    """

    name: str
    limit: float
    new: Floats
    copies: Mapping[str, Floats]
    blends: Mapping[float, Floats]
    alike: float


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--copies", type=int, default=300)
    parser.add_argument("--figure", type=Path)
    args = parser.parse_args()
    outcomes = []
    for path in args.data:
        data = Dataset.open(path)
        for size in (size for size in args.sizes if size <= data.size):
            outcomes.append(outcome(data, f"{path.name}, {size} px", size, args.copies))
    print(table(outcomes))
    if args.figure:
        draw({each.name: (each.new, each.copies) for each in outcomes}, args.figure)


def outcome(data: Dataset, name: str, size: int, count: int) -> Outcome:
    """Measure the distances of one set at one size."""
    random = np.random.default_rng(0)
    training, held_back = (
        resize(torch.from_numpy(data.images[random.permutation(data.rows(split))[:most]]), size).numpy()
        for split, most in ((TRAIN, TRAINING), (TEST, HELD_BACK))
    )
    detector = CopyDetector(Outlines.of(thumbnails(training)))

    def distances(pictures: list[Images]) -> Floats:
        return detector.matches(Outlines.of(thumbnails(np.stack(pictures)))).distances

    originals = list(training[:count])
    figures = [picture for picture in training if has_flat_ground(picture)][:count]
    copies = {
        name: distances([alter(picture, random) for picture in pictures])
        for name, alter in ALTERATIONS.items()
        if (pictures := figures if name == "ground" else originals)
    }
    pairs = list(zip(originals, np.roll(training[:count], 1, axis=0), strict=True))
    return Outcome(
        name,
        detector.limit,
        distances(list(held_back)),
        copies,
        {share: distances([blend(*pair, share) for pair in pairs]) for share in BLENDS},
        float(detector.is_copy(detector.unseen).mean()),
    )


def table(outcomes: list[Outcome]) -> str:
    """The shares of what is called a copy, in Markdown."""
    heads = ["set", "limit", "held back (false)", "training, among themselves", *ALTERATIONS]
    heads += [f"blend {share:g}" for share in BLENDS]
    rows = [heads, ["---"] * len(heads)]
    for each in outcomes:
        shares = [each.new, *(each.copies.get(name) for name in ALTERATIONS), *each.blends.values()]
        false, *found = ["" if distances is None else f"{(distances < each.limit).mean():.1%}" for distances in shares]
        rows.append([each.name, f"{each.limit:.2f}", false, f"{each.alike:.1%}", *found])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
