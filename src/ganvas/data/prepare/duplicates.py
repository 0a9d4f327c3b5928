"""Pictures that a dataset holds more than once: copies and near-duplicates.

Copies have the same decoded pixels, whatever their file names and formats. Near-duplicates have perceptual hashes that
differ in few bits and also similar pixels: the hashes ignore colour, and unrelated pictures can share one by chance.
The groups that a split keeps together (`split.groups_of`) go by the hash alone in all but large datasets, because an
unrelated picture in a group does no harm there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from ganvas.data.dataset.split import NEAR, equal_pairs, merge, near_pairs, root_of, settled
from ganvas.data.pictures.rejection import Reason
from ganvas.foundation.arrays import Flags, Floats, Images, Integers

DEDUPES = ("none", "exact", "near")

# Two pictures look alike if, at 16 x 16 pixels, their values (0 to 255) differ by no more than this on average.
MAX_DIFFERENCE = 12.0

_SIDE = 16
_BATCH = 4096
# Small pictures that are kept in memory, of 768 bytes each.
_KEPT = 1 << 16


@dataclass(frozen=True)
class DuplicateSets:
    """The sets of duplicates, as a set number for each picture.

    Attributes:
        exact: int64 [N], equal for copies of one picture.
        near: int64 [N], equal for copies and near-duplicates.
    """

    exact: Integers
    near: Integers


def find_duplicates(index: pd.DataFrame, images: Images, positions: Integers) -> DuplicateSets:
    """Find copies and near-duplicates. Crops of one picture do not count as duplicates of each other.

    Args:
        index: the table of pictures [N], with `source`, `content`, `phash`, and `crop` if there are crops.
        images: uint8 [M, S, S, 3], the pictures.
        positions: int64 [N], the position in `images` of each row of `index`.
    """
    sources = pd.factorize(index["source"])[0]
    content = index["content"] + "/" + index["crop"].astype(str) if "crop" in index else index["content"]
    exact = np.arange(len(index))
    merge(exact, *equal_pairs(content))
    exact = settled(exact)
    near = exact.copy()
    thumbnails = _Thumbnails(images)
    for first, second in _batches(near_pairs(index["phash"])):
        is_new = (sources[first] != sources[second]) & (root_of(near, first) != root_of(near, second))
        first, second = first[is_new], second[is_new]
        is_alike = thumbnails.differences(positions[first], positions[second]) <= MAX_DIFFERENCE
        merge(near, first[is_alike], second[is_alike])
    return DuplicateSets(exact, settled(near))


def duplicates_column(groups: Integers) -> "pd.Series[int]":
    """The column `duplicates`: a number for each set of two or more pictures, null for all other pictures.

    Args:
        groups: int64 [N], `DuplicateSets.near`.
    """
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    repeated = counts > 1
    numbers = pd.Series((np.cumsum(repeated) - 1)[inverse], dtype="Int64")
    return numbers.mask(~repeated[inverse])


def rows_to_drop(
    index: pd.DataFrame,
    groups: Integers,
    is_duplicate: Callable[[int, int], bool] | None = None,
    held_back: Flags | None = None,
) -> dict[int, int]:
    """Choose the pictures to drop. Of each set of duplicates the largest original stays; ties go to the first.

    Near-duplicates form chains, like the frames of a fade, whose ends may have nothing in common. So a picture is
    dropped only if it duplicates one that stays.

    Args:
        index: the table of pictures [N].
        groups: int64 [N], the set of duplicates that each picture is in.
        is_duplicate: whether two rows of a set are duplicates; by default all are.
        held_back: bool [N], pictures to drop rather than training pictures; by default none.

    Returns:
        The row that is kept, by the row that is dropped for it.
    """
    areas = (index["width"] * index["height"]).to_numpy()
    later = np.zeros(len(index), np.bool_) if held_back is None else held_back
    order = np.lexsort((np.arange(len(index)), -areas, later, groups))
    firsts = np.flatnonzero(groups[order][1:] != groups[order][:-1]) + 1
    dropped: dict[int, int] = {}
    for group in np.split(order, firsts):
        kept: list[int] = []
        for row in group.tolist():
            keeper = next((other for other in kept if is_duplicate is None or is_duplicate(row, other)), None)
            if keeper is None:
                kept.append(row)
            else:
                dropped[row] = keeper
    return dropped


class NearDuplicates:
    """Tests whether two rows are duplicates: copies, or similar in both hash and pixels.

    Args:
        index: the table of pictures [N].
        images: uint8 [M, S, S, 3].
        positions: int64 [N], the position in `images` of each row of `index`.
        exact: int64 [N], `DuplicateSets.exact`.
    """

    def __init__(self, index: pd.DataFrame, images: Images, positions: Integers, exact: Integers) -> None:
        self._hashes, self._positions, self._exact = index["phash"].tolist(), positions, exact
        self._thumbnails = _Thumbnails(images)

    def __call__(self, row: int, other: int) -> bool:
        """Whether two rows are duplicates."""
        if self._exact[row] == self._exact[other]:
            return True
        if (int(self._hashes[row], 16) ^ int(self._hashes[other], 16)).bit_count() > NEAR:
            return False
        difference = self._thumbnails.differences(self._positions[[row]], self._positions[[other]])[0]
        return bool(difference <= MAX_DIFFERENCE)


def reason(repeats: DuplicateSets, row: int, keeper: int) -> Reason:
    """Why a duplicate is left out in favour of `keeper`."""
    return Reason.COPY if repeats.exact[row] == repeats.exact[keeper] else Reason.NEAR_COPY


def duplicate_sets(column: "pd.Series[int]") -> Integers:
    """The set of each picture, int64 [N], from the column `duplicates`; one without duplicates is a set of its own."""
    numbers, distinct = pd.factorize(column)
    is_single = numbers < 0
    numbers[is_single] = len(distinct) + np.arange(is_single.sum())
    return numbers.astype(np.int64)


def leaks(sets: Integers, is_trained: Flags) -> Flags:
    """Find held-back pictures with a copy or near-duplicate among the training pictures, bool [N].

    Args:
        sets: int64 [N], the set of duplicates of each picture.
        is_trained: bool [N], True for training pictures.
    """
    return ~is_trained & np.isin(sets, sets[is_trained])


def _batches(pairs: Iterable[tuple[Integers, Integers]]) -> Iterator[tuple[Integers, Integers]]:
    for first, second in pairs:
        for start in range(0, len(first), _BATCH):
            yield first[start : start + _BATCH], second[start : start + _BATCH]


class _Thumbnails:
    """Pictures at 16 x 16 pixels, of which the last `_KEPT` are kept."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._cache: dict[int, Images] = {}

    def differences(self, first: Integers, second: Integers) -> Floats:
        """The mean absolute difference of each pair of pictures, 0 to 255, float64 [P]."""
        if not len(first):
            return np.empty(0)
        one, other = (np.stack([self._thumbnail(int(row)) for row in rows]).astype(int) for rows in (first, second))
        return np.asarray(np.abs(one - other).mean(axis=(1, 2, 3)))

    def _thumbnail(self, row: int) -> Images:
        if row not in self._cache:
            if len(self._cache) >= _KEPT:
                self._cache.pop(next(iter(self._cache)))
            image = Image.fromarray(self._images[row])
            self._cache[row] = np.array(image.resize((_SIDE, _SIDE), Image.Resampling.BOX))
        return self._cache[row]
