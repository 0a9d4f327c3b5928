"""Group pictures that belong together, and hold some groups back from training.

If views of one picture were on both sides of a split, a model would be tested on what it has memorised. So pictures are
held back in whole groups, and as far as these allow the same share of every class.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.foundation.arrays import Flags, Integers
from ganvas.foundation.errors import DataError

# What the values of a split column mean, in lower case.
MEANINGS = {
    **dict.fromkeys(("train", "training", "true", "1"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val"), VALIDATION),
    **dict.fromkeys(("test", "testing", "false", "0"), TEST),
}

# Pictures whose 64-bit perceptual hashes differ in at most this many bits are near-duplicates. This includes copies in
# another size or format, and 3 in a million pairs of unrelated paintings: among 20,000 paintings, one in twenty has an
# unrelated neighbour. At 8 bits nearly all would have one, and chains of neighbours would merge the whole dataset.
NEAR = 4
# The most pictures whose groups go by the hash alone. A million would have three unrelated neighbours each.
MOST_BY_HASH = 20_000

_BITS = 64
# Hashes that are compared with each other: at most so many on average.
_COMPARED = 16
# The number of bits set in each byte.
_SET_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)

_FREE, _TRAINING, _HELD = range(3)
# Sums of sizes that are tried. Of more pictures, the first groups are held back without a choice.
_MOST_SUMS = 10_000


def groups_of(index: pd.DataFrame) -> Integers:
    """Number the groups of pictures that must stay together.

    The column `group` states the groups if it exists. Otherwise pictures are in one group if they have equal `sha256`
    or `content`, or if their `phash` differs in at most `NEAR` bits, directly or through other pictures. Among more
    than `MOST_BY_HASH` pictures, equal `duplicates` count instead of the hash, because their pixels have been compared
    too. A picture without an entry is a group of its own.

    Args:
        index: the table of a dataset's pictures [N].

    Returns:
        int64 [N], from 0 in the order of each group's first picture.

    Raises:
        DataError: a perceptual hash is not 64 bits in hexadecimal.
    """
    roots = np.arange(len(index))
    for first, second in _pairs(index):
        merge(roots, first, second)
    return np.unique(settled(roots), return_inverse=True)[1].astype(np.int64)


def hold_back(groups: Integers, labels: Integers | None, fraction: float, seed: int) -> tuple[Flags, list[int]]:
    """Choose whole groups at random that hold about the same share of every class.

    Every class with two or more groups has pictures on both sides, as near to the share as its groups allow. If a class
    is a single group, its own pictures are divided, and other pictures of that group stay in training. A class with a
    single picture stays in training. A group with several classes stays in training if it exceeds the share of one of
    them. The side of any other such group is chosen by the class with the fewest groups left; groups with a single
    class make up for it. A class without such groups may miss the share. If it cannot have pictures on both sides, all
    are for training.

    Args:
        groups: int64 [N], the group of each picture.
        labels: int64 [N], the class of each picture, or None for pictures without classes.
        fraction: the share to hold back, above 0 and below 1.
        seed: seed of the random choice.

    Returns:
        bool [N], True for held-back pictures; and the sorted numbers of the classes whose only group was divided.
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
    """Pairs of rows that belong together, in batches; they connect all rows of each group."""
    if "group" in index:
        yield equal_pairs(index["group"])
        return
    if "sha256" in index:
        yield equal_pairs(index["sha256"])
    if "content" in index:
        yield equal_pairs(index["content"])
    if "duplicates" in index and len(index) > MOST_BY_HASH:
        yield equal_pairs(index["duplicates"])
    elif "phash" in index:
        yield from near_pairs(index["phash"])


def equal_pairs(column: "pd.Series[str]") -> tuple[Integers, Integers]:
    """Each row with an entry, and the first row with the same entry."""
    codes, _ = pd.factorize(column)
    known = np.flatnonzero(codes >= 0)
    _, first, inverse = np.unique(codes[known], return_index=True, return_inverse=True)
    return known, known[first][inverse]


def near_pairs(column: "pd.Series[str]") -> Iterator[tuple[Integers, Integers]]:
    """Pairs of rows whose hashes differ in at most `NEAR` bits, in batches. Equal hashes are all paired with one row.

    A bit of a hash says whether a frequency of the picture is stronger than the median of all 64. So half of the bits
    are set, unless many frequencies are absent, as in a flat picture, a ramp or a stripe. Hashes of such pictures say
    little. They are not compared, because all flat pictures of a dataset would be one group.
    """
    hashes = _hashes(column)
    rows = np.flatnonzero(_set_bits(hashes) == _BITS // 2)
    distinct, first, inverse = np.unique(hashes[rows], return_index=True, return_inverse=True)
    first = rows[first]
    yield rows, first[inverse.ravel()]
    masks = _masks(len(distinct))
    for number, mask in enumerate(masks):
        order = np.argsort(distinct & mask, kind="stable")
        keys = distinct[order] & mask
        # Where an equal key lies at a distance, one lies at each smaller distance too.
        start = np.arange(len(keys))
        for distance in range(1, len(keys)):
            start = start[start < len(keys) - distance]
            start = start[keys[start + distance] == keys[start]]
            if not len(start):
                break
            one, other = order[start], order[start + distance]
            differing = distinct[one] ^ distinct[other]
            is_new = _set_bits(differing) <= NEAR
            for earlier in masks[:number]:
                is_new &= (differing & earlier) != 0
            yield first[one[is_new]], first[other[is_new]]


def _masks(count: int) -> list[np.uint64]:
    """Masks of bits, of which two near hashes agree in all of at least one.

    The bits are cut into more than `NEAR` blocks. Near hashes agree in all blocks but `NEAR`. The more hashes there
    are, the more blocks have to agree. So comparisons grow as the hashes do, not as their square (Manku, Jain and Das
    Sarma 2007, "Detecting near-duplicates for web crawling").

    Args:
        count: number of distinct hashes.
    """
    agreeing = 1
    while count > _COMPARED * 2 ** (_BITS * agreeing / (NEAR + agreeing)):
        agreeing += 1
    blocks = [sum(1 << int(bit) for bit in block) for block in np.array_split(np.arange(_BITS), NEAR + agreeing)]
    return [np.uint64(sum(chosen)) for chosen in itertools.combinations(blocks, agreeing)]


def _hashes(column: "pd.Series[str]") -> NDArray[np.uint64]:
    """Hexadecimal hashes as numbers, uint64 [N]; 0 for a missing hash."""
    try:
        return np.fromiter((int(text, 16) for text in column.fillna("0")), np.uint64, len(column))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"the index holds a perceptual hash that is not 64 bits in hexadecimal ({error})") from error


def _set_bits(numbers: NDArray[np.uint64]) -> Integers:
    """How many bits of each number are set, int64 [N]."""
    counts: Integers = _SET_BITS[numbers.view(np.uint8).reshape(-1, _BITS // 8)].sum(axis=1, dtype=np.int64)
    return counts


def merge(roots: Integers, first: Integers, second: Integers) -> None:
    """Merge the sets that hold `first[k]` and `second[k]`, for every k.

    An entry of `roots` is a smaller row of the same set, or the row itself if it is the smallest of its set; from
    `arange` on, that is so. Only the entries of these rows are read and written. Each round links the larger root of
    every pair to the smaller one. A root can get only one new link per round, the smallest, so rounds go on until both
    rows of each pair agree.
    """
    rows = np.unique(np.concatenate([first, second]))
    while True:
        roots[rows] = root_of(roots, rows)
        one, other = roots[first], roots[second]
        if not (differ := one != other).any():
            return
        first, second, one, other = first[differ], second[differ], one[differ], other[differ]
        low, high = np.minimum(one, other), np.maximum(one, other)
        np.minimum.at(roots, high, low)
        # The links of a round may form a chain, which is halved until each row points to its end.
        changed = np.unique(high)
        while not np.array_equal(higher := roots[roots[changed]], roots[changed]):
            roots[changed] = higher


def root_of(roots: Integers, rows: Integers) -> Integers:
    """The smallest row of the set of each of these rows, where `merge` has been at work."""
    found = roots[rows]
    while not np.array_equal(higher := roots[found], found):
        found = higher
    return found


def settled(roots: Integers) -> Integers:
    """The smallest row of the set of every row, int64 [N]."""
    while not np.array_equal(higher := roots[roots], roots):
        roots = higher
    return roots


# ---- sides ------------------------------------------------------------------------------------------------------


def _sides(members: list[Integers], fraction: float, random: np.random.Generator) -> NDArray[np.int8]:
    """Choose the side of every group; `members` has the groups of the pictures of each class."""
    choices = [np.unique(groups) for groups in members]
    classes_in = np.bincount(np.concatenate([*choices, np.empty(0, np.int64)]))
    sides = np.full(len(classes_in), _FREE, np.int8)
    sides[[choice[0] for choice in choices if len(choice) == 1]] = _TRAINING
    # A shared group that alone exceeds the share of one of its classes is for training, whichever class would decide.
    for choice, groups in zip(choices, members, strict=True):
        sizes = np.unique(groups, return_counts=True)[1]
        sides[choice[(classes_in[choice] > 1) & (sizes > max(fraction * len(groups), 1))]] = _TRAINING

    def freedom(number: int) -> int:
        return int((sides[choices[number]] == _FREE).sum())

    waiting = set(range(len(choices)))
    while waiting:
        number = min(waiting, key=lambda number: (freedom(number), number))
        waiting.remove(number)
        _take_sides(sides, members[number], fraction, random)

    # Groups that several classes share now have their sides, but some classes may be on one side only. Those are
    # repaired, and then the groups with a single class are chosen again to make up for the shared ones.
    for choice in choices:
        if len(choice) > 1 and len(np.unique(sides[choice])) == 1 and (classes_in[choice] > 1).all():
            _move_one_group(sides, choice, choices)
    for choice, groups in zip(choices, members, strict=True):
        if len(choice) > 1 and (classes_in[choice] > 1).any():
            sides[choice[classes_in[choice] == 1]] = _FREE
            _take_sides(sides, groups, fraction, random)
    return sides


def _take_sides(sides: NDArray[np.int8], members: Integers, fraction: float, random: np.random.Generator) -> None:
    """Choose sides for the groups of one class that have none yet; `members` has the groups of its pictures."""
    groups, sizes = np.unique(members, return_counts=True)
    free, held, trained = (sides[groups] == side for side in (_FREE, _HELD, _TRAINING))
    if not free.any():
        return
    order = random.permutation(np.flatnonzero(free))
    lowest = 0 if held.any() else 1
    highest = int(sizes[order].sum()) - (0 if trained.any() else 1)
    chosen = _nearest_sum(sizes[order], fraction * len(members) - sizes[held].sum(), lowest, highest)
    sides[groups[order]] = np.where(chosen, _HELD, _TRAINING)


def _move_one_group(sides: NDArray[np.int8], choice: Integers, choices: list[Integers]) -> None:
    """Move a group of a class that is on one side only to the other side: one that no other class needs where it is.

    If all are needed, a class without training pictures moves one all the same.
    """
    side = sides[choice[0]]
    needed = {other[sides[other] == side][0] for other in choices if (sides[other] == side).sum() == 1}
    spare = [group for group in choice if group not in needed]
    if side == _HELD:
        sides[(spare or choice)[0]] = _TRAINING
    elif spare:
        sides[spare[0]] = _HELD


def _nearest_sum(sizes: Integers, target: float, lowest: int, highest: int) -> Flags:
    """Choose sizes whose sum is between `lowest` and `highest` and nearest to the target; early sizes are preferred.

    Args:
        sizes: int64 [G], 1 or more each.
        target: the desired sum.
        lowest: the lowest allowed sum, which must be possible.
        highest: the highest allowed sum.

    Returns:
        bool [G], True for the chosen sizes.
    """
    ideal = min(max(math.ceil(target - 0.5), lowest), highest)
    if ideal > _MOST_SUMS:
        ends = np.cumsum(sizes)
        first = int(np.searchsorted(ends, ideal - _MOST_SUMS, side="right"))
        if first:
            sure = int(ends[first - 1])
            later = _nearest_sum(sizes[first:], target - sure, max(lowest - sure, 0), highest - sure)
            return np.concatenate([np.ones(first, bool), later])
    # Early sizes alone have a sum that is at most one size away from the ideal, so larger sums are not tried.
    possible = np.zeros(min(int(sizes.sum()), ideal + int(sizes.max())) + 1, bool)
    possible[0] = True
    # For each sum, the size that first made it possible. All other sizes in that sum come before it.
    last = np.zeros(len(possible), np.int64)
    reached = 0
    for number, size in enumerate(sizes):
        if possible[ideal]:
            break
        reached = min(reached, len(possible) - 1 - size)
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
