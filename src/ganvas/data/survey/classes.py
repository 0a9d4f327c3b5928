"""The pictures of each class: how many there are, their colours, their mean, and groups of similar ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import SPLITS
from ganvas.data.survey.composites import Composite, composites, mean_picture, sampled
from ganvas.data.survey.palette import PICTURES, Colour, palette
from ganvas.foundation.arrays import Images, Integers

# Classes whose appearance is described. If there are more, the smaller ones are only counted.
MOST_CLASSES = 100

# Bytes of pictures to read for all means together; each class gets at least FEWEST pictures.
MEAN_BYTES, FEWEST = 2**31, 32

# Pictures to group, in one class and in all classes together.
GROUPED, GROUPED_IN_ALL = 2_000, 20_000


@dataclass(frozen=True)
class ClassRows:
    """The pictures of a class, or all pictures of a dataset without classes.

    Attributes:
        name: of the class, or None without classes.
        rows: int64 [n], rows of the dataset, ascending.
        splits: the number of these pictures in "train", "validation" and "test".
    """

    name: str | None
    rows: Integers
    splits: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Appearance:
    """What the pictures of a class look like.

    Attributes:
        palette: the dominant colours, the most common first.
        coloured: the number of pictures that the palette was computed from.
        mean: the mean picture, uint8 [S, S, 3].
        averaged: the number of pictures in the mean.
        composites: the means of groups of similar pictures, the largest group first; empty for a small class.
        grouped: the number of pictures that were grouped.
    """

    palette: tuple[Colour, ...]
    coloured: int
    mean: Images
    averaged: int
    composites: tuple[Composite, ...]
    grouped: int

    def record(self) -> dict[str, object]:
        """The figures as JSON holds them, without the pictures."""
        return {
            "palette": [{"colour": colour.code, "share": round(colour.share, 4)} for colour in self.palette],
            "coloured": self.coloured,
            "averaged": self.averaged,
            "grouped": self.grouped,
            "groups": [composite.count for composite in self.composites],
        }


def classes_of(data: Dataset) -> list[ClassRows]:
    """The classes that have pictures, in the dataset's order; a single unnamed one if the dataset has no classes."""
    split_of = np.full(len(data), -1)
    for number, split in enumerate(SPLITS):
        split_of[data.rows(split)] = number

    def class_rows(name: str | None, rows: Integers) -> ClassRows:
        counts = np.bincount(split_of[rows], minlength=len(SPLITS))
        return ClassRows(name, rows, {split: int(count) for split, count in zip(SPLITS, counts, strict=True)})

    if data.labels is None:
        return [class_rows(None, np.arange(len(data)))]
    # One sort instead of a pass over all pictures for each class.
    order = np.argsort(data.labels, kind="stable")
    ends = np.cumsum(np.bincount(data.labels, minlength=len(data.class_names)))
    parts = np.split(order, ends[:-1])
    return [class_rows(name, rows) for name, rows in zip(data.class_names, parts, strict=True) if len(rows)]


def appearances(data: Dataset, classes: list[ClassRows], seed: int) -> Iterator[tuple[int, Appearance]]:
    """Describe the `MOST_CLASSES` largest classes.

    Args:
        data: the dataset.
        classes: its classes, as `classes_of` returns them.
        seed: of the samples.

    Yields:
        The position of a class in `classes`, and its appearance, in ascending order of positions.
    """
    largest = sorted(range(len(classes)), key=lambda position: -len(classes[position]))[:MOST_CLASSES]
    averaged = max(FEWEST, MEAN_BYTES // (len(largest) * data.images[0].nbytes))
    grouped = min(GROUPED, GROUPED_IN_ALL // len(largest))
    for position in sorted(largest):
        yield position, _appearance(data, classes[position], averaged, grouped, (seed, position))


def _appearance(data: Dataset, members: ClassRows, averaged: int, grouped: int, seed: tuple[int, int]) -> Appearance:
    for_mean, for_groups = sampled(members.rows, averaged, seed), sampled(members.rows, grouped, seed)
    return Appearance(
        palette=palette(data.images, members.rows, seed),
        coloured=min(len(members), PICTURES),
        mean=mean_picture(data.images, for_mean),
        averaged=len(for_mean),
        composites=composites(data.images, for_groups, seed),
        grouped=len(for_groups),
    )
