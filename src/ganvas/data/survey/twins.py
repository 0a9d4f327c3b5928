"""Pictures that are there twice: copies and near-duplicates, those that a split has parted, those with two labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.split import Numbers, groups_of
from ganvas.data.prepare.duplicates import leaks, sets_of


@dataclass(frozen=True)
class Twins:
    """Pictures that look the same.

    Attributes:
        groups: rows of each group of two or more near-duplicates, the largest group first.
        copies: pictures that are a copy of an earlier one, pixel for pixel.
        leaks: the groups with training pictures and ones that are held back.
        leaked: pictures held back that have a near-duplicate to train on.
        conflicts: the groups whose pictures are not all of one class.
        torn: groups of the index's own column `group` on both sides of the split; None without that column.
    """

    groups: list[Numbers]
    copies: int
    leaks: list[Numbers]
    leaked: int
    conflicts: list[Numbers]
    torn: int | None

    @property
    def pictures(self) -> int:
        """How many pictures have a near-duplicate."""
        return sum(map(len, self.groups))

    @property
    def spare(self) -> int:
        """How many pictures would go if one of each group were kept."""
        return self.pictures - len(self.groups)

    def record(self) -> dict[str, Any]:
        """What JSON holds of it."""
        return {
            "groups": len(self.groups),
            "pictures": self.pictures,
            "spare": self.spare,
            "copies": self.copies,
            "conflicts": len(self.conflicts),
            "leaks": {"groups": len(self.leaks), "held_back": self.leaked, "torn_groups": self.torn},
        }


def twins_of(data: Dataset) -> Twins | None:
    """Look for pictures that are there twice; None if the index has no hashes to tell by.

    Raises:
        DataError: a perceptual hash is not 64 bits in hexadecimal.
    """
    index = data.index
    if not {"sha256", "phash", "duplicates"} & set(index.columns):
        return None
    alike = _alike(index)
    groups = _several(alike)
    is_trained = np.zeros(len(data), bool)
    is_trained[data.rows(TRAIN)] = True
    is_leaked = leaks(alike, is_trained)
    labels = data.labels
    return Twins(
        groups=groups,
        copies=_copies(index),
        leaks=[rows for rows in groups if is_leaked[rows].any()],
        leaked=int(is_leaked.sum()),
        conflicts=[] if labels is None else [rows for rows in groups if len(set(labels[rows].tolist())) > 1],
        torn=_torn(index, is_trained) if "group" in index else None,
    )


def _alike(index: pd.DataFrame) -> Numbers:
    """The number of the group of near-duplicates that each picture is in, int64 [N].

    `prepare` has compared them with more than their hashes, where the column `duplicates` says so.
    """
    if "duplicates" in index:
        return sets_of(index["duplicates"])
    return groups_of(index.drop(columns="group", errors="ignore"))


def _copies(index: pd.DataFrame) -> int:
    """Pictures with the content, or else the file, of an earlier one."""
    content = next((name for name in ("content", "sha256") if name in index), None)
    if content is None:
        return 0
    known = index[index[content].notna()]
    return int(known.duplicated([content, "crop"] if "crop" in known else [content]).sum())


def _several(numbers: Numbers) -> list[Numbers]:
    """The rows of each group of two or more, the largest group first."""
    order = np.argsort(numbers, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    return sorted((rows for rows in parts if len(rows) > 1), key=lambda rows: (-len(rows), rows[0]))


def _torn(index: pd.DataFrame, is_trained: NDArray[np.bool_]) -> int:
    return sum(len(set(is_trained[rows].tolist())) > 1 for rows in _several(groups_of(index)))
