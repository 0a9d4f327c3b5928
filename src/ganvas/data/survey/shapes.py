"""The sizes and proportions of the original pictures, and what was lost by making them square."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Floats, Integers

# The range of width / height of each proportion: the lower bound is included, the upper one is not.
PROPORTIONS = {
    "tall": (0.0, 0.6),
    "upright": (0.6, 0.9),
    "about square": (0.9, 1.1),
    "wide": (1.1, 5 / 3),
    "panorama": (5 / 3, np.inf),
}


@dataclass(frozen=True)
class Proportion:
    """The originals of similar proportions.

    Attributes:
        name: a key of `PROPORTIONS`.
        count: the number of originals.
        ratio: the median of their width / height.
    """

    name: str
    count: int
    ratio: float


@dataclass(frozen=True)
class Shapes:
    """The originals before they were fitted to a square.

    Attributes:
        known: the number of originals whose size is known.
        smallest: the shortest side of all, in pixels.
        median: the median of the shorter sides, in pixels.
        largest: the longest side of all, in pixels.
        proportions: the proportions that occur, from tall to wide.
        cropped: the share of the average picture's area that a square leaves out, 0 to 1.
        enlarged: the number of originals smaller than the prepared pictures.
        sizes: int64 [K, 3]: width, height and number of originals of each size, the most common first.
    """

    known: int
    smallest: int
    median: int
    largest: int
    proportions: tuple[Proportion, ...]
    cropped: float
    enlarged: int
    sizes: Integers

    def record(self) -> dict[str, object]:
        """The figures as JSON holds them; `sizes` is the number of different sizes."""
        proportions = [asdict(proportion) for proportion in self.proportions]
        return asdict(self) | {"proportions": proportions, "sizes": len(self.sizes)}


def shapes_of(data: Dataset) -> Shapes | None:
    """Measure the originals; None if the index does not hold their sizes."""
    if not {"width", "height"} <= set(data.index.columns):
        return None
    # Several pictures can be crops of one original.
    originals = data.index.drop_duplicates("source") if "source" in data.index else data.index
    table = originals[["width", "height"]].apply(pd.to_numeric, errors="coerce")
    table = table.where(np.isfinite(table) & (table >= 1)).dropna()
    if table.empty:
        return None
    width, height = table.to_numpy(np.float64).T
    shorter, longer = np.minimum(width, height), np.maximum(width, height)
    # Padding fits the longer side into the square; the other fits fill the square with the shorter side.
    filling = longer if data.info.options.get("fit") == "pad" else shorter
    sizes = table.astype(np.int64).value_counts().reset_index().to_numpy(np.int64)
    return Shapes(
        known=len(table),
        smallest=int(shorter.min()),
        median=int(np.median(shorter)),
        largest=int(longer.max()),
        proportions=_proportions(width / height),
        cropped=float(np.mean(1 - shorter / longer)),
        enlarged=int((filling < data.size).sum()),
        sizes=sizes,
    )


def _proportions(ratios: Floats) -> tuple[Proportion, ...]:
    result = []
    for name, (low, high) in PROPORTIONS.items():
        members = ratios[(ratios >= low) & (ratios < high)]
        if len(members):
            result.append(Proportion(name, len(members), float(np.median(members))))
    return tuple(result)
