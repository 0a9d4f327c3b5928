"""Pictures that a dataset holds more than once: copies, and near-duplicates.

Copies have the same decoded pixels, whatever their files are called and however they are coded. Near-duplicates have
perceptual hashes that differ in few bits, and look alike in fact: hashes know no colours, and some strangers share
theirs by chance. What may not be parted by a split (`split.groups_of`) is judged by the hash alone, for there a
stranger too many does no harm.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from ganvas.data.dataset.split import NEAR, equal_pairs, merge, near_pairs
from ganvas.data.pictures.rejection import Reason
from ganvas.foundation.arrays import Flags, Floats, Images, Integers

DEDUPES = ("none", "exact", "near")

# Pictures reduced to 16 x 16 pixels look alike if their numbers, 0 to 255, differ by no more than this on average.
ALIKE = 12.0

_SIDE = 16
_BATCH = 4096


@dataclass(frozen=True)
class DuplicateSets:
    """What repeats what.

    Attributes:
        exact: int64 [N], a number for each picture, the same for copies of one.
        near: int64 [N], the same for copies and near-duplicates.
    """

    exact: Integers
    near: Integers


def find_duplicates(index: pd.DataFrame, images: Images, positions: Integers) -> DuplicateSets:
    """Find copies and near-duplicates. Crops of one picture are neither of each other.

    Args:
        index: the table of pictures [N], with `source`, `content`, `phash`, and `crop` if there are crops.
        images: uint8 [M, S, S, 3], the pictures.
        positions: int64 [N], where each is among them.
    """
    sources = pd.factorize(index["source"])[0]
    content = index["content"] + "/" + index["crop"].astype(str) if "crop" in index else index["content"]
    exact = np.arange(len(index))
    merge(exact, *equal_pairs(content))
    near = exact.copy()
    glances = _Thumbnails(images)
    for first, second in _batches(near_pairs(index["phash"])):
        is_new = (sources[first] != sources[second]) & (near[first] != near[second])
        first, second = first[is_new], second[is_new]
        is_alike = glances.differences(positions[first], positions[second]) <= ALIKE
        merge(near, first[is_alike], second[is_alike])
    return DuplicateSets(exact, near)


def duplicates_column(groups: Integers) -> "pd.Series[int]":
    """The column `duplicates`: pictures with the same number repeat each other; null for one that repeats none.

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
    is_like: Callable[[int, int], bool] | None = None,
    held_back: Flags | None = None,
) -> dict[int, int]:
    """The pictures to drop: those like one that is kept, which is the largest original, or the first of these.

    Pictures that are near-duplicates only by way of others, as the ends of a fade are, may have nothing in common.

    Args:
        index: the table of pictures [N].
        groups: int64 [N], what repeats what.
        is_like: whether two rows of a group repeat each other; by default they all do.
        held_back: bool [N], pictures that are dropped before those to train on; by default none.

    Returns:
        Row to drop, and the row kept in its place.
    """
    areas = (index["width"] * index["height"]).to_numpy()
    later = np.zeros(len(index), np.bool_) if held_back is None else held_back
    order = np.lexsort((np.arange(len(index)), -areas, later, groups))
    firsts = np.flatnonzero(groups[order][1:] != groups[order][:-1]) + 1
    dropped: dict[int, int] = {}
    for group in np.split(order, firsts):
        kept: list[int] = []
        for row in group.tolist():
            keeper = next((other for other in kept if is_like is None or is_like(row, other)), None)
            if keeper is None:
                kept.append(row)
            else:
                dropped[row] = keeper
    return dropped


class NearDuplicates:
    """Tells whether two pictures repeat each other: copies, or near by hash and at a glance.

    Args:
        index: the table of pictures [N].
        images: uint8 [M, S, S, 3].
        positions: int64 [N], where each is among them.
        exact: int64 [N], `DuplicateSets.exact`.
    """

    def __init__(self, index: pd.DataFrame, images: Images, positions: Integers, exact: Integers) -> None:
        self._hashes, self._positions, self._exact = index["phash"].tolist(), positions, exact
        self._glances = _Thumbnails(images)

    def __call__(self, row: int, other: int) -> bool:
        """Whether they do."""
        if self._exact[row] == self._exact[other]:
            return True
        if (int(self._hashes[row], 16) ^ int(self._hashes[other], 16)).bit_count() > NEAR:
            return False
        return bool(self._glances.differences(self._positions[[row]], self._positions[[other]])[0] <= ALIKE)


def reason(repeats: DuplicateSets, row: int, keeper: int) -> Reason:
    """Why a surplus picture is left out."""
    return Reason.COPY if repeats.exact[row] == repeats.exact[keeper] else Reason.NEAR_COPY


def duplicate_sets(column: "pd.Series[int]") -> Integers:
    """What repeats what, int64 [N], from the column `duplicates`, where a picture that repeats none has no number."""
    numbers, distinct = pd.factorize(column)
    is_alone = numbers < 0
    numbers[is_alone] = len(distinct) + np.arange(is_alone.sum())
    return numbers.astype(np.int64)


def leaks(sets: Integers, is_trained: Flags) -> Flags:
    """Which held-back pictures have a copy or near-duplicate to train on, bool [N].

    Args:
        sets: int64 [N], what repeats what.
        is_trained: bool [N], which pictures are for training.
    """
    return ~is_trained & np.isin(sets, sets[is_trained])


def _batches(pairs: Iterable[tuple[Integers, Integers]]) -> Iterator[tuple[Integers, Integers]]:
    for first, second in pairs:
        for start in range(0, len(first), _BATCH):
            yield first[start : start + _BATCH], second[start : start + _BATCH]


class _Thumbnails:
    """Pictures reduced to what is seen of them at a glance, each once."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._seen: dict[int, Images] = {}

    def differences(self, first: Integers, second: Integers) -> Floats:
        """By how much pictures differ, 0 to 255, float64 [P]."""
        if not len(first):
            return np.empty(0)
        one, other = (np.stack([self._glance(int(row)) for row in rows]).astype(int) for rows in (first, second))
        return np.asarray(np.abs(one - other).mean(axis=(1, 2, 3)))

    def _glance(self, row: int) -> Images:
        if row not in self._seen:
            image = Image.fromarray(self._images[row])
            self._seen[row] = np.array(image.resize((_SIDE, _SIDE), Image.Resampling.BOX))
        return self._seen[row]
