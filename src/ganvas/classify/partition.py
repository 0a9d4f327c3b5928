"""Dividing a dataset's pictures into training, validation and test pictures."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganvas.classify.options import ClassifierOptions
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.data.dataset.split import groups_of, hold_back
from ganvas.foundation.arrays import Integers


@dataclass(frozen=True)
class Partition:
    """The rows of a dataset for training, validation and testing; no row is in two of them.

    Attributes:
        train: int64 [N], ascending, the rows to train on.
        validation: int64 [V], ascending, the rows that select the best epoch; may be empty.
        test: int64 [T], ascending, the rows to test on; may be empty.
        leaky: the numbers of the classes that consist of a single group, which had to be divided.
    """

    train: Integers
    validation: Integers
    test: Integers
    leaky: list[int]

    def splits(self) -> dict[str, Integers]:
        """The rows by the name of their split."""
        return {TRAIN: self.train, VALIDATION: self.validation, TEST: self.test}

    def table(self) -> pd.DataFrame:
        """A table with the columns `row` and `split`, sorted by row, without rows left out by down-sampling."""
        splits = self.splits()
        names = np.repeat(list(splits), [len(rows) for rows in splits.values()])
        return pd.DataFrame({"row": np.concatenate(list(splits.values())), "split": names}).sort_values(
            "row", ignore_index=True
        )


def partition(data: Dataset, labels: Integers, options: ClassifierOptions) -> Partition:
    """Divide the rows of a dataset.

    The dataset's own split is used if it has one. If it has no test rows or no validation rows, these are held back
    from its training rows, in whole groups (`ganvas.data.dataset.split`).

    Args:
        data: the dataset.
        labels: int64 [N], class numbers.
        options: of which `test_share`, `validation_share`, `balance` and `seed` are used.

    Raises:
        DataError: the index has an unknown split, or hashes that cannot be read.
    """
    rows, validation, test = (data.rows(split) for split in (TRAIN, VALIDATION, TEST))
    groups = groups_of(data.index)
    leaky: set[int] = set()
    if not len(test):
        rows, test = _hold_back(rows, groups, labels, options.test_share, options.seed, leaky)
    if not len(validation) and options.validation_share:
        rows, validation = _hold_back(rows, groups, labels, options.validation_share, options.seed, leaky)
    if options.balance == "down":
        rows = _balanced(rows, labels, options.seed)
    return Partition(rows, validation, test, sorted(leaky))


def _hold_back(
    rows: Integers, groups: Integers, labels: Integers, share: float, seed: int, leaky: set[int]
) -> tuple[Integers, Integers]:
    """The remaining rows and those held back; the classes that had to be divided are added to `leaky`."""
    is_held_back, divided = hold_back(groups[rows], labels[rows], share, seed)
    leaky.update(divided)
    return rows[~is_held_back], rows[is_held_back]


def _balanced(rows: Integers, labels: Integers, seed: int) -> Integers:
    """Equally many rows of every class, as many as the smallest class has, chosen at random."""
    random = np.random.default_rng(seed)
    classes, counts = np.unique(labels[rows], return_counts=True)
    chosen = [random.permutation(rows[labels[rows] == number])[: counts.min()] for number in classes]
    return np.sort(np.concatenate(chosen))
