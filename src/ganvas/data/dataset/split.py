"""Which pictures belong together, and which of them are held back from training.

Views of one picture must not lie on both sides of a split, or a model is tested on what it has learnt by heart: so
pictures are held back by whole groups, and as nearly as these permit the same share of every class.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.foundation.arrays import Flags, Images, Integers
from ganvas.foundation.errors import DataError

# What the values of a split column mean, in lower case.
MEANINGS = {
    **dict.fromkeys(("train", "training", "true", "1"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val"), VALIDATION),
    **dict.fromkeys(("test", "testing", "false", "0"), TEST),
}

# Pictures whose 64-bit perceptual hashes differ in no more bits than this are near-duplicates. A copy in another size
# or coding does so. Of unrelated paintings 3 pairs in a million do: among 20,000, a picture in twenty has a stranger
# for a neighbour. At 8 bits nearly every one would have, and chains of neighbours would weld the dataset together.
NEAR = 4

_BITS = 64
# How many bits each byte has set.
_SET_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)

_FREE, _TRAINING, _HELD = range(3)


def groups_of(index: pd.DataFrame) -> Integers:
    """Number the groups of pictures that must stay together.

    The column `group` says which these are, if there is one. Otherwise they are the pictures of equal `sha256` or
    `content` and those whose `phash` differs in up to `NEAR` bits, directly or by way of others. A picture without an
    entry, or all pictures where there are no such columns, are groups of their own.

    Args:
        index: the table of a dataset's pictures [N].

    Returns:
        int64 [N], from 0 in the order of the first picture of each group.

    Raises:
        DataError: a perceptual hash is not 64 bits in hexadecimal.
    """
    roots = np.arange(len(index))
    for first, second in _pairs(index):
        merge(roots, first, second)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def hold_back(groups: Integers, labels: Integers | None, fraction: float, seed: int) -> tuple[Flags, list[int]]:
    """Choose whole groups at random that hold about the same share of every class.

    Every class with two or more groups gets pictures on both sides, and as near to the share as its groups permit.
    A class with a single group has its own pictures divided, while what else is in that group stays in training; a
    class with a single picture stays in training. A group of several classes is given a side by that class of them
    which has the fewest groups to choose from, and groups of a single class make up for it. A class that has none of
    these may miss the share, and if it cannot have both sides, it has training pictures.

    Args:
        groups: int64 [N], the group of each picture.
        labels: int64 [N], the class of each picture, or None for pictures without classes.
        fraction: the share to hold back, above 0 and below 1.
        seed: of the choice.

    Returns:
        bool [N], True for what is held back; and the sorted numbers of the classes whose only group was divided.
    """
    labels = np.zeros_like(groups) if labels is None else labels
    random = np.random.default_rng(seed)
    classes = {int(number): np.flatnonzero(labels == number) for number in np.unique(labels)}
    held = _sides([groups[rows] for rows in classes.values()], fraction, random)[groups] == _HELD
    divided = [number for number, rows in classes.items() if len(rows) > 1 and len(np.unique(groups[rows])) == 1]
    for rows in (classes[number] for number in divided):
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        held[random.choice(rows, count, replace=False)] = True
    return held, divided


# ---- groups -----------------------------------------------------------------------------------------------------


def _pairs(index: pd.DataFrame) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of rows that belong together, some at a time: enough of them to bind every group."""
    if "group" in index:
        yield equal_pairs(index["group"])
        return
    if "sha256" in index:
        yield equal_pairs(index["sha256"])
    if "content" in index:
        yield equal_pairs(index["content"])
    if "phash" in index:
        yield from near_pairs(index["phash"])


def equal_pairs(column: "pd.Series[str]") -> tuple[Integers, Integers]:
    """Each row with an entry, and the first row that has the same."""
    codes, _ = pd.factorize(column)
    known = np.flatnonzero(codes >= 0)
    _, first, inverse = np.unique(codes[known], return_index=True, return_inverse=True)
    return known, known[first][inverse]


def near_pairs(column: "pd.Series[str]") -> Iterator[tuple[Integers, Integers]]:
    """Pairs of rows whose hashes are near to each other, some at a time.

    A bit of a hash says whether a frequency of the picture is stronger than the median of all 64, so half of the bits
    are set, unless many frequencies are equal, which is to say absent. Such a hash tells of a flat picture, a ramp or
    a stripe and of little in it: it is near to no other, or all flat pictures of a dataset would be one group.
    """
    bits = _bits(column)
    rows = np.flatnonzero(bits.sum(axis=1) == _BITS // 2)
    distinct, first, inverse = np.unique(bits[rows], axis=0, return_index=True, return_inverse=True)
    first = rows[first]
    yield rows, first[inverse.ravel()]
    # Of one band more than bits may differ, a pair that is near has the same bits in one at least, so it is enough to
    # compare hashes within the buckets of each band.
    packed = np.packbits(distinct, axis=1)
    for band in np.array_split(np.arange(_BITS), NEAR + 1):
        keys = distinct[:, band] @ (1 << np.arange(len(band)))
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        for apart in range(1, len(order)):
            start = np.flatnonzero(keys[apart:] == keys[:-apart])
            if not len(start):
                break
            one, other = order[start], order[start + apart]
            is_near = _SET_BITS[packed[one] ^ packed[other]].sum(axis=1) <= NEAR
            yield first[one[is_near]], first[other[is_near]]


def _bits(column: "pd.Series[str]") -> Images:
    """The bits of hashes in hexadecimal, 0 or 1 [N, 64]; all 0 where there is none."""
    try:
        numbers = np.array([int(text, 16) for text in column.fillna("0")], ">u8")
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"the index holds a perceptual hash that is not 64 bits in hexadecimal ({error})") from error
    return np.unpackbits(numbers.view(np.uint8).reshape(-1, _BITS // 8), axis=1)


def merge(roots: Integers, first: Integers, second: Integers) -> None:
    """Unite the sets that hold `first[k]` and `second[k]`, for every k.

    Each row's root is the smallest row of its set. The larger root of a pair is hung under the smaller one until no
    pair disagrees, for of several roots that one is to hang under, a round can only heed the smallest.
    """
    while (differ := roots[first] != roots[second]).any():
        first, second = first[differ], second[differ]
        low, high = np.minimum(roots[first], roots[second]), np.maximum(roots[first], roots[second])
        np.minimum.at(roots, high, low)
        while not np.array_equal(higher := roots[roots], roots):
            roots[:] = higher


# ---- sides ------------------------------------------------------------------------------------------------------


def _sides(members: list[Integers], fraction: float, random: np.random.Generator) -> NDArray[np.int8]:
    """The side of every group, from the groups of the pictures of each class."""
    choices = [np.unique(groups) for groups in members]
    classes_in = np.bincount(np.concatenate([*choices, np.empty(0, np.int64)]))
    sides = np.full(len(classes_in), _FREE, np.int8)
    sides[[choice[0] for choice in choices if len(choice) == 1]] = _TRAINING

    def freedom(number: int) -> int:
        return int((sides[choices[number]] == _FREE).sum())

    waiting = set(range(len(choices)))
    while waiting:
        number = min(waiting, key=lambda number: (freedom(number), number))
        waiting.remove(number)
        _take_sides(sides, members[number], fraction, random)

    # What several classes share is settled now, but for classes that it left on one side. The groups of a single class
    # are chosen again around it.
    for choice in choices:
        if len(choice) > 1 and len(np.unique(sides[choice])) == 1 and (classes_in[choice] > 1).all():
            _mend(sides, choice, choices)
    for choice, groups in zip(choices, members, strict=True):
        if len(choice) > 1 and (classes_in[choice] > 1).any():
            sides[choice[classes_in[choice] == 1]] = _FREE
            _take_sides(sides, groups, fraction, random)
    return sides


def _take_sides(sides: NDArray[np.int8], members: Integers, fraction: float, random: np.random.Generator) -> None:
    """Give a side to the groups of one class that have none yet; `members` are the groups of its pictures."""
    groups, sizes = np.unique(members, return_counts=True)
    free, held, trained = (sides[groups] == side for side in (_FREE, _HELD, _TRAINING))
    if not free.any():
        return
    order = random.permutation(np.flatnonzero(free))
    lowest = 0 if held.any() else 1
    highest = int(sizes[order].sum()) - (0 if trained.any() else 1)
    chosen = _nearest_sum(sizes[order], fraction * len(members) - sizes[held].sum(), lowest, highest)
    sides[groups[order]] = np.where(chosen, _HELD, _TRAINING)


def _mend(sides: NDArray[np.int8], choice: Integers, choices: list[Integers]) -> None:
    """Move a group of a class that lies on one side, one that no other class needs there.

    If there is none, a class without training pictures takes one all the same.
    """
    side = sides[choice[0]]
    needed = {other[sides[other] == side][0] for other in choices if (sides[other] == side).sum() == 1}
    spare = [group for group in choice if group not in needed]
    if side == _HELD:
        sides[(spare or choice)[0]] = _TRAINING
    elif spare:
        sides[spare[0]] = _HELD


def _nearest_sum(sizes: Integers, target: float, lowest: int, highest: int) -> Flags:
    """Choose sizes whose sum is as near to the target as any choice's from `lowest` to `highest`; early ones first.

    Args:
        sizes: int64 [G], 1 or more each.
        target: what they should add up to.
        lowest: the least they may add up to, which must be possible.
        highest: the most.

    Returns:
        bool [G], True for what is chosen.
    """
    ideal = min(max(math.ceil(target - 0.5), lowest), highest)
    possible = np.zeros(int(sizes.sum()) + 1, bool)
    possible[0] = True
    # For each sum, the size that first made it possible: the others that it takes all come before that one.
    last = np.zeros(len(possible), np.int64)
    reached = 0
    for number, size in enumerate(sizes):
        if possible[ideal]:
            break
        fresh = possible[: reached + 1] & ~possible[size : size + reached + 1]
        possible[size : size + reached + 1] |= fresh
        last[size : size + reached + 1][fresh] = number
        reached += size
    sums = lowest + np.flatnonzero(possible[lowest : highest + 1])
    total = sums[np.abs(sums - target).argmin()]
    chosen = np.zeros(len(sizes), bool)
    while total:
        chosen[last[total]] = True
        total -= sizes[last[total]]
    return chosen
