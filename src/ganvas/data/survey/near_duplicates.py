"""Copies and near-duplicates: how many there are, which ones the split separates, and which have different labels."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.split import groups_of
from ganvas.data.prepare.duplicates import duplicate_sets, leaks
from ganvas.foundation.arrays import Flags, Integers


@dataclass(frozen=True)
class NearDuplicates:
    """Pictures that look the same.

    Attributes:
        groups: int64 [n] for each group of two or more near-duplicates: its rows. The largest group comes first.
        copies: the number of pictures that are an exact copy of an earlier one, pixel for pixel.
        leaks: the groups that have pictures both in training and held back.
        leaked: the number of held-back pictures that have a near-duplicate in training.
        conflicts: the groups whose pictures belong to different classes.
        divided_groups: the number of groups of the index's own column `group` that are on both sides of the split;
            None without that column.
    """

    groups: list[Integers]
    copies: int
    leaks: list[Integers]
    leaked: int
    conflicts: list[Integers]
    divided_groups: int | None

    @property
    def pictures(self) -> int:
        """The number of pictures that have a near-duplicate."""
        return sum(map(len, self.groups))

    @property
    def redundant(self) -> int:
        """The number of pictures to remove so that one of each group is left."""
        return self.pictures - len(self.groups)

    def record(self) -> dict[str, object]:
        """The figures as JSON holds them."""
        return {
            "groups": len(self.groups),
            "pictures": self.pictures,
            "spare": self.redundant,
            "copies": self.copies,
            "conflicts": len(self.conflicts),
            "leaks": {"groups": len(self.leaks), "held_back": self.leaked, "torn_groups": self.divided_groups},
        }


def near_duplicates_of(data: Dataset) -> NearDuplicates | None:
    """Find the near-duplicates of a dataset; None if its index has no hashes to compare.

    Raises:
        DataError: a perceptual hash is not 64 bits in hexadecimal.
    """
    index = data.index
    if not {"sha256", "phash", "duplicates"} & set(index.columns):
        return None
    numbers = _group_numbers(index)
    groups = _rows_of_groups(numbers)
    is_training = np.zeros(len(data), bool)
    is_training[data.rows(TRAIN)] = True
    is_leaked = leaks(numbers, is_training)
    labels = data.labels
    return NearDuplicates(
        groups=groups,
        copies=_copies(index),
        leaks=[rows for rows in groups if is_leaked[rows].any()],
        leaked=int(is_leaked.sum()),
        conflicts=[] if labels is None else [rows for rows in groups if len(set(labels[rows].tolist())) > 1],
        divided_groups=_divided_groups(index, is_training) if "group" in index else None,
    )


def _group_numbers(index: pd.DataFrame) -> Integers:
    """The number of each picture's group of near-duplicates, int64 [N].

    The column `duplicates` is the better source: `prepare` compared more than hashes to fill it.
    """
    if "duplicates" in index:
        return duplicate_sets(index["duplicates"])
    return groups_of(index.drop(columns="group", errors="ignore"))


def _copies(index: pd.DataFrame) -> int:
    """The number of pictures with the same pixels as an earlier one, or the same file if pixels were not hashed."""
    content = next((name for name in ("content", "sha256") if name in index), None)
    if content is None:
        return 0
    known = index[index[content].notna()]
    return int(known.duplicated([content, "crop"] if "crop" in known else [content]).sum())


def _rows_of_groups(numbers: Integers) -> list[Integers]:
    """The rows of each group of two or more, the largest group first."""
    # Most pictures of a large dataset are alone, and get no array of their own.
    rows = np.flatnonzero(np.bincount(numbers)[numbers] > 1)
    rows = rows[np.argsort(numbers[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(numbers[rows])) + 1
    parts = np.split(rows, starts) if len(rows) else []
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def _divided_groups(index: pd.DataFrame, is_training: Flags) -> int:
    return sum(len(set(is_training[rows].tolist())) > 1 for rows in _rows_of_groups(groups_of(index)))
