"""What each class of a dataset looks like: how many pictures, in which colours, and what they are on average."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import SPLITS
from ganvas.data.survey.composites import Composite, composites, mean_picture, sampled
from ganvas.data.survey.palette import PICTURES, Colour, palette

Numbers = NDArray[np.int64]

# Classes that are looked at; of more, the smaller ones are only counted.
LOOKED_AT = 100

# Bytes of pictures that means are taken of in all, but for each class of so many pictures at least.
MEAN_BYTES, FEWEST = 2**31, 32

# Pictures of a class that are grouped, and of all classes.
GROUPED, GROUPED_IN_ALL = 2_000, 20_000


@dataclass(frozen=True)
class Kind:
    """The pictures of a class, or all pictures of a dataset without classes.

    Attributes:
        name: of the class, or None without classes.
        rows: int64 [n], its pictures, rising.
        splits: how many of them are in "train", "validation" and "test".
    """

    name: str | None
    rows: Numbers
    splits: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Looks:
    """What the pictures of a class look like.

    Attributes:
        palette: their dominant colours, the commonest first.
        coloured: of how many pictures these are.
        mean: the mean picture, uint8 [S, S, 3].
        averaged: of how many pictures that is the mean.
        composites: the means of groups of alike pictures, the largest first; none for a class of few pictures.
        grouped: of how many pictures the groups were made.
    """

    palette: tuple[Colour, ...]
    coloured: int
    mean: NDArray[np.uint8]
    averaged: int
    composites: tuple[Composite, ...]
    grouped: int

    def record(self) -> dict[str, Any]:
        """What JSON holds of it: the figures without the pictures."""
        return {
            "palette": [{"colour": each.code, "share": round(each.share, 4)} for each in self.palette],
            "coloured": self.coloured,
            "averaged": self.averaged,
            "grouped": self.grouped,
            "groups": [each.count for each in self.composites],
        }


def kinds_of(data: Dataset) -> list[Kind]:
    """The classes in their order, those without pictures left out; or a single kind without classes."""
    split_of = np.full(len(data), -1)
    for number, split in enumerate(SPLITS):
        split_of[data.rows(split)] = number

    def kind(name: str | None, rows: Numbers) -> Kind:
        counts = np.bincount(split_of[rows], minlength=len(SPLITS))
        return Kind(name, rows, {split: int(count) for split, count in zip(SPLITS, counts, strict=True)})

    if data.labels is None:
        return [kind(None, np.arange(len(data)))]
    # One sort instead of a pass over all pictures for each class.
    order = np.argsort(data.labels, kind="stable")
    ends = np.cumsum(np.bincount(data.labels, minlength=len(data.class_names)))
    parts = np.split(order, ends[:-1])
    return [kind(name, rows) for name, rows in zip(data.class_names, parts, strict=True) if len(rows)]


def look_at(data: Dataset, present: list[Kind], seed: int) -> Iterator[tuple[int, Looks]]:
    """Look at the largest classes, up to `LOOKED_AT`; each by its place among all."""
    places = sorted(range(len(present)), key=lambda place: -len(present[place]))[:LOOKED_AT]
    averaged = max(FEWEST, MEAN_BYTES // (len(places) * data.images[0].nbytes))
    grouped = min(GROUPED, GROUPED_IN_ALL // len(places))
    for place in sorted(places):
        yield place, _looks(data, present[place], averaged, grouped, (seed, place))


def _looks(data: Dataset, kind: Kind, averaged: int, grouped: int, seed: tuple[int, int]) -> Looks:
    for_mean, for_groups = sampled(kind.rows, averaged, seed), sampled(kind.rows, grouped, seed)
    return Looks(
        palette=palette(data.images, kind.rows, seed),
        coloured=min(len(kind), PICTURES),
        mean=mean_picture(data.images, for_mean),
        averaged=len(for_mean),
        composites=composites(data.images, for_groups, seed),
        grouped=len(for_groups),
    )
