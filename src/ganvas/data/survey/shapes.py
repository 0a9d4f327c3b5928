"""How large the originals were and of what proportions, and what making them square has cost."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset

# Proportions by name: width / height from, and below.
PROPORTIONS = {
    "tall": (0.0, 0.6),
    "upright": (0.6, 0.9),
    "about square": (0.9, 1.1),
    "wide": (1.1, 5 / 3),
    "panorama": (5 / 3, np.inf),
}


@dataclass(frozen=True)
class Proportion:
    """The originals of about one shape.

    Attributes:
        name: a key of `PROPORTIONS`.
        count: how many there are.
        ratio: the median of their width / height.
    """

    name: str
    count: int
    ratio: float


@dataclass(frozen=True)
class Shapes:
    """The originals before they were fitted to a square.

    Attributes:
        known: how many have a known size.
        smallest: the shortest side of all in pixels.
        median: the median of their shorter sides in pixels.
        largest: the longest side of all in pixels.
        proportions: the shapes that occur, from tall to wide.
        cropped: the share of the average picture's area that a square leaves out, 0 to 1.
        enlarged: how many are smaller than the prepared pictures.
        sizes: width, height and how many there are of that size; int64 [K, 3], the commonest first.
    """

    known: int
    smallest: int
    median: int
    largest: int
    proportions: tuple[Proportion, ...]
    cropped: float
    enlarged: int
    sizes: NDArray[np.int64]

    def record(self) -> dict[str, Any]:
        """What JSON holds of it; of the sizes, how many different ones there are."""
        proportions = [asdict(each) for each in self.proportions]
        return asdict(self) | {"proportions": proportions, "sizes": len(self.sizes)}


def shapes_of(data: Dataset) -> Shapes | None:
    """Measure the originals; None if the index does not say how large they were."""
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
    # A picture is enlarged if what of it fills the square is smaller than that.
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


def _proportions(ratios: NDArray[np.float64]) -> tuple[Proportion, ...]:
    found = []
    for name, (low, high) in PROPORTIONS.items():
        of_this = ratios[(ratios >= low) & (ratios < high)]
        if len(of_this):
            found.append(Proportion(name, len(of_this), float(np.median(of_this))))
    return tuple(found)
