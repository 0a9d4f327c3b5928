"""Which pictures are trained on, which validate, and which are kept for testing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.classify.options import ClassifierOptions
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.data.dataset.split import groups_of, hold_back

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Partition:
    """Rows of a dataset by what they are for; no row is in two of them.

    Attributes:
        train: int64 [N], ascending; learnt from.
        validation: chosen by; may be empty.
        test: measured with, and seen by nothing before; may be empty.
        leaky: numbers of the classes that had to be divided within a group of pictures that belong together.
    """

    train: Rows
    validation: Rows
    test: Rows
    leaky: list[int]

    def splits(self) -> dict[str, Rows]:
        """The rows by the name of their split."""
        return {TRAIN: self.train, VALIDATION: self.validation, TEST: self.test}

    def table(self) -> pd.DataFrame:
        """The columns `row` and `split`, sorted by row; rows left out by down-sampling are not in it."""
        splits = self.splits()
        names = np.repeat(list(splits), [len(rows) for rows in splits.values()])
        return pd.DataFrame({"row": np.concatenate(list(splits.values())), "split": names}).sort_values(
            "row", ignore_index=True
        )


def partition(data: Dataset, labels: NDArray[np.int64], options: ClassifierOptions) -> Partition:
    """Divide a dataset's rows for a classifier.

    The dataset's own split is respected: its "test" rows are tested on and its "validation" rows validated with. What
    it does not provide is held back here, whole groups at a time (`ganvas.data.dataset.split`).

    Args:
        data: the dataset.
        labels: int64 [N], class numbers.
        options: shares, balance and seed.

    Raises:
        DataError: the index holds a split of another name, or hashes that are none.
    """
    rows, validation, test = (data.rows(split) for split in (TRAIN, VALIDATION, TEST))
    groups = groups_of(data.index)
    leaky: set[int] = set()
    if not len(test):
        rows, test = _hold_back(rows, groups, labels, options.test_share, options.seed, leaky)
    if not len(validation) and options.validation_share:
        rows, validation = _hold_back(rows, groups, labels, options.validation_share, options.seed, leaky)
    if options.balance == "down":
        rows = _as_rare_as_the_rarest(rows, labels, options.seed)
    return Partition(rows, validation, test, sorted(leaky))


def _hold_back(
    rows: Rows, groups: NDArray[np.int64], labels: NDArray[np.int64], share: float, seed: int, leaky: set[int]
) -> tuple[Rows, Rows]:
    """The rows that stay and those held back; classes whose groups had to be divided are added to `leaky`."""
    held, divided = hold_back(groups[rows], labels[rows], share, seed)
    leaky.update(divided)
    return rows[~held], rows[held]


def _as_rare_as_the_rarest(rows: Rows, labels: NDArray[np.int64], seed: int) -> Rows:
    """As many rows of every class as the rarest has, chosen at random."""
    random = np.random.default_rng(seed)
    classes, counts = np.unique(labels[rows], return_counts=True)
    chosen = [random.permutation(rows[labels[rows] == number])[: counts.min()] for number in classes]
    return np.sort(np.concatenate(chosen))
