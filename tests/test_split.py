"""Groups that are never parted, and the pictures held back by them: from a table to a run that never sees them."""

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.dataset import split
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.split import NEAR, groups_of, hold_back, merge, settled
from ganvas.data.painter import paint
from ganvas.data.pictures.frame import Frame
from ganvas.data.prepare.picture import Prepared, prepare_item
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources import PictureFile
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.files import read_records
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.reference import reference
from ganvas.planning.run import dry_run, resume, train
from ganvas.report.run.page import render
from ganvas.report.run.run import Run
from ganvas.runs import checkpoint
from ganvas.training.loader import Loader
from support.command_line import Cli
from support.datasets import write_dataset
from support.narrowing import not_none
from support.pictures import write_pictures
from support.runs import TINY

Rows = NDArray[np.int64]

HALF = (1 << 32) - 1  # a hash with half of its bits set, as that of every picture with some content has


def phashes(*numbers: int) -> pd.DataFrame:
    return pd.DataFrame({"phash": [f"{number:016x}" for number in numbers]})


def moved(hash_: int, pairs: int) -> int:
    """The hash with that many bits cleared at the low end and as many set at the high end."""
    low, high = (1 << pairs) - 1, ((1 << pairs) - 1) << 63 - pairs
    return hash_ & ~low | high


def mirrored(hash_: int) -> int:
    return int(f"{hash_:064b}"[::-1], 2)


# ---- what belongs together --------------------------------------------------------------------------------------


def test_the_group_column_decides_alone() -> None:
    index = pd.DataFrame({"group": ["b", None, "a", "b", None, ""], "sha256": ["same"] * 6}).assign(
        phash=f"{HALF:016x}"
    )
    assert groups_of(index).tolist() == [0, 1, 2, 0, 3, 4]


def test_copies_and_near_duplicates_are_groups() -> None:
    near, far = moved(HALF, NEAR // 2), moved(HALF, NEAR // 2 + 1)
    index = phashes(HALF, near, moved(HALF, 9), HALF, 0x5555555555555555)
    assert groups_of(index).tolist() == [0, 0, 1, 0, 2]
    assert groups_of(phashes(HALF, far)).tolist() == [0, 1]
    assert groups_of(index.assign(sha256=["a", "b", "c", "d", "c"])).tolist() == [0, 0, 1, 0, 1]


def test_likeness_is_passed_on() -> None:
    chain = [moved(HALF, pairs) for pairs in range(0, 13, NEAR // 2)]
    assert groups_of(phashes(*chain)).tolist() == [0] * 7
    assert groups_of(phashes(*chain[::2])).tolist() == [0, 1, 2, 3]


def test_flat_pictures_are_no_likeness_of_each_other(tmp_path: Path) -> None:
    for number in range(20):
        Image.new("RGB", (16, 16), (12 * number, 0, 0)).save(tmp_path / f"{number}.png")
    ramp = np.arange(16, dtype=np.uint8)[:, None, None] * np.ones((1, 16, 3), np.uint8)
    for number in range(1, 5):
        Image.fromarray(number * ramp).save(tmp_path / f"ramp{number}.png")
    prepare(tmp_path, tmp_path / "data", size=16)
    index = Dataset.open(tmp_path / "data").index
    assert index["phash"].nunique() < 4
    assert groups_of(index).tolist() == list(range(24))


def test_a_table_that_says_nothing_has_a_group_for_each() -> None:
    assert groups_of(pd.DataFrame({"source": list("abc")})).tolist() == [0, 1, 2]
    assert groups_of(pd.DataFrame({"sha256": [None] * 3, "phash": [None, f"{HALF:016x}", None]})).tolist() == [0, 1, 2]
    assert groups_of(pd.DataFrame({"sha256": []})).tolist() == []


@pytest.mark.parametrize("text", ["", "xyz", "-1x", "1" * 17, 5])
def test_a_damaged_hash_is_refused(text: Any) -> None:
    with pytest.raises(DataError, match="a perceptual hash that is not 64 bits in hexadecimal"):
        groups_of(pd.DataFrame({"phash": [f"{HALF:016x}", text]}, dtype=object))


def plain_search(hashes: list[int]) -> list[int]:
    """The groups of near hashes, found pair by pair."""
    roots = list(range(len(hashes)))
    pairs = list(itertools.combinations(range(len(hashes)), 2))
    near = [(one, other) for one, other in pairs if (hashes[one] ^ hashes[other]).bit_count() <= NEAR]
    for _ in hashes:
        for one, other in near:
            roots[one] = roots[other] = min(roots[one], roots[other])
    return [sorted(set(roots)).index(root) for root in roots]


@given(st.lists(st.tuples(st.integers(0, 16), st.booleans()), max_size=30))
def test_groups_are_those_of_a_plain_search(changes: list[tuple[int, bool]]) -> None:
    """Hashes with bits moved at either end are near to each other in any pattern."""
    hashes = [moved(HALF, pairs) if at_end else mirrored(moved(HALF, pairs)) for pairs, at_end in changes]
    assert groups_of(phashes(*hashes)).tolist() == plain_search(hashes)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(0, 8), st.sampled_from([16, 1, 0.001, 0.0001]))
def test_near_hashes_are_found_wherever_their_bits_differ(seed: int, swaps: int, compared: float) -> None:
    """Of hashes with any half of their bits set, and copies of them with bits swapped at any places."""
    random = np.random.default_rng(seed)
    bits = random.permuted(np.tile(np.repeat([0, 1], 32), (20, 1)), axis=1)
    copies = bits.copy()
    for row in copies:
        row[random.choice(np.flatnonzero(row), swaps, replace=False)] = 0
        row[random.choice(np.flatnonzero(row == 0), swaps, replace=False)] = 1
    hashes = [int("".join(map(str, row)), 2) for row in [*bits, *copies]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "_COMPARED", compared)  # as if there were many more of them
        assert groups_of(phashes(*hashes)).tolist() == plain_search(hashes)


def test_a_pair_of_near_hashes_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "_COMPARED", 0.0001)
    batches = list(split.near_pairs(phashes(HALF, moved(HALF, 1), 0x5555555555555555)["phash"]))[1:]
    (pair,) = np.concatenate([np.stack(each, axis=1) for each in batches]).tolist()
    assert sorted(pair) == [0, 1]


@pytest.mark.parametrize(("count", "agreeing"), [(1, 1), (100_000, 1), (1_000_000, 2), (100_000_000, 3)])
def test_more_hashes_must_agree_in_more_bits(count: int, agreeing: int) -> None:
    masks = split._masks(count)
    assert len(masks) == math.comb(NEAR + agreeing, agreeing)
    bits = 64 * agreeing // (NEAR + agreeing)
    assert {int(mask).bit_count() for mask in masks} <= set(range(bits - agreeing, bits + agreeing + 1))
    assert count * 2.0**-bits < 40


def test_among_many_pictures_sets_with_compared_pixels_are_the_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    index = phashes(HALF, HALF, moved(HALF, 1)).assign(duplicates=pd.array([None, 0, 0], "Int64"), content=list("abc"))
    assert groups_of(index).tolist() == [0, 0, 0]
    monkeypatch.setattr(split, "MOST_BY_HASH", 2)
    assert groups_of(index).tolist() == [0, 1, 1]
    assert groups_of(index.drop(columns="duplicates")).tolist() == [0, 0, 0]


@given(st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=30), max_size=5))
def test_merged_sets_have_their_smallest_row_as_root(
    batches: list[list[tuple[int, int]]],
) -> None:
    roots, plain = np.arange(41), np.arange(41)
    for batch in batches:
        first, second = np.array(batch).T
        merge(roots, first, second)
        assert (split.root_of(roots, first) == split.root_of(roots, second)).all()
        for one, other in batch:
            low, high = sorted((plain[one], plain[other]))
            plain[plain == high] = low
    assert settled(roots).tolist() == plain.tolist()


def test_paintings_are_told_apart_and_their_copies_found(tmp_path: Path) -> None:
    """A smaller copy of a painting, coded as a poor JPEG, is in the group of its original and of no other."""
    hashes = []
    for number in range(8):
        painting = Image.fromarray(paint(number, 0, 64))
        painting.save(tmp_path / "original.png")
        painting.resize((40, 40)).save(tmp_path / "copy.jpg", quality=40)
        for name in ("original.png", "copy.jpg"):
            result = prepare_item(PictureFile(str(tmp_path / name), name, {}), Frame(64))
            assert isinstance(result, Prepared)
            hashes.append(int(result.phashes[0], 16))
    assert groups_of(phashes(*hashes)).tolist() == [number // 2 for number in range(16)]


# ---- what is held back ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 9), min_size=1, max_size=25), st.floats(-5, 150), st.booleans())
def test_the_sum_that_is_held_back_is_the_nearest_and_in_large_datasets_nearly_so(
    sizes: list[int], target: float, is_large: bool
) -> None:
    total = sum(sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "_MOST_SUMS", 20 if is_large else 10_000)
        chosen = split._nearest_sum(np.array(sizes), target, 0, total)
    sums = {0}
    for size in sizes:
        sums |= {each + size for each in sums}
    missed = abs(int(np.array(sizes)[chosen].sum()) - target)
    best = min(abs(each - target) for each in sums)
    assert missed <= best + 1e-6 or (is_large and missed <= 9)


tables = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), min_size=1, max_size=60)
fractions = st.floats(0.01, 0.9)


def arrays(table: list[tuple[int, int]]) -> tuple[Rows, Rows]:
    groups, labels = np.array(table, np.int64).T
    return groups, labels


def groups_by_class(groups: Rows, labels: Rows) -> dict[int, set[int]]:
    return {int(label): set(groups[labels == label].tolist()) for label in np.unique(labels)}


@given(tables, fractions, st.integers(0, 3))
@example([(0, 0), (1, 0), (1, 1), (2, 1), (0, 2), (2, 2)], 0.5, 0)  # no way to test all three classes
def test_no_group_is_parted_and_every_class_is_trained(
    table: list[tuple[int, int]], fraction: float, seed: int
) -> None:
    groups, labels = arrays(table)
    held, divided = hold_back(groups, labels, fraction, seed)
    assert (held.dtype, held.shape) == (np.dtype(bool), groups.shape)
    choices = groups_by_class(groups, labels)
    sizes = {label: int((labels == label).sum()) for label in choices}
    assert divided == [label for label, choice in choices.items() if len(choice) == 1 and sizes[label] > 1]
    whole = ~np.isin(labels, divided)
    for group in np.unique(groups):
        assert len(np.unique(held[whole & (groups == group)])) <= 1
        if held[~whole & (groups == group)].any():
            assert not held[whole & (groups == group)].any()
    for label, choice in choices.items():
        of_class = held[labels == label]
        assert not of_class.all()
        own = [group for group in choice if set(labels[groups == group].tolist()) == {label}]
        if label in divided or (len(choice) > 1 and own):
            assert of_class.any()


@given(tables, fractions, st.integers(0, 3))
def test_classes_with_groups_of_their_own_are_as_near_as_can_be(
    table: list[tuple[int, int]], fraction: float, seed: int
) -> None:
    groups, labels = arrays(table)
    groups = groups % 8 * 5 + labels
    held, divided = hold_back(groups, labels, fraction, seed)
    for label, choice in groups_by_class(groups, labels).items():
        sizes = [int((groups == group).sum()) for group in choice]
        possible = set(range(1, sum(sizes))) if label in divided else {0} if len(sizes) == 1 else sums(sizes)
        target = fraction * sum(sizes)
        assert abs(held[labels == label].sum() - target) <= min(abs(total - target) for total in possible) + 1e-9


def sums(sizes: list[int]) -> set[int]:
    """What some of the sizes, but not all, can add up to."""
    chosen = itertools.chain.from_iterable(itertools.combinations(sizes, count) for count in range(1, len(sizes)))
    return {sum(some) for some in chosen}


@given(tables, fractions)
def test_without_classes_all_are_one(table: list[tuple[int, int]], fraction: float) -> None:
    groups, _ = arrays(table)
    held, divided = hold_back(groups, None, fraction, 0)
    same, again = hold_back(groups, np.zeros_like(groups), fraction, 0)
    assert np.array_equal(held, same)
    assert divided == again == ([0] if len(set(groups.tolist())) == 1 and len(groups) > 1 else [])


@given(tables, fractions, st.integers(0, 3))
def test_the_choice_is_the_seeds(table: list[tuple[int, int]], fraction: float, seed: int) -> None:
    groups, labels = arrays(table)
    first, again = (hold_back(groups, labels, fraction, seed)[0] for _ in range(2))
    assert np.array_equal(first, again)


def test_seeds_differ_and_single_pictures_give_the_very_fraction() -> None:
    labels = np.arange(1000) % 2
    first, second = (hold_back(np.arange(1000), labels, 0.3, seed)[0] for seed in (0, 1))
    assert [int(first[labels == label].sum()) for label in (0, 1)] == [150, 150]
    assert not np.array_equal(first, second)
    assert first[:500].sum() in range(110, 190)


def test_a_chain_of_groups_across_classes_still_tests_every_class() -> None:
    """Each class has two groups, each shared with a neighbour in a ring of four: the sides must alternate."""
    groups = np.array([0, 1, 2, 3, 1, 2, 0, 3])
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    for seed in range(20):
        held, divided = hold_back(groups, labels, 0.5, seed)
        assert divided == []
        assert [int(held[labels == label].sum()) for label in range(4)] == [1, 1, 1, 1]


def test_a_group_above_the_share_of_one_of_its_classes_stays_in_training() -> None:
    """As among digits: a large group of sevens that a few nines look like, which alone would fill the nines' share."""
    shared = [1000] * (36 + 13)
    groups = np.array(shared + list(range(64)) + list(range(100, 151)))
    labels = np.array([7] * 36 + [9] * 13 + [7] * 64 + [9] * 51)
    for seed in range(20):
        held, _ = hold_back(groups, labels, 0.2, seed)
        assert [int(held[labels == label].sum()) for label in (7, 9)] == [20, 13]
        assert not held[: len(shared)].any()


# ---- prepare ----------------------------------------------------------------------------------------------------


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Ten pictures of two classes, each cut into four crops."""
    for seed, name in enumerate("ab"):
        folder = write_pictures(tmp_path / "pictures" / name, 20, seed)
        for number in range(20):
            (folder / f"{number}.png").rename(folder / f"view{number // 4}_{number % 4}.png")
    return tmp_path / "pictures"


def index_of(path: Path) -> pd.DataFrame:
    return Dataset.open(path).index


def test_a_fraction_of_every_class_is_held_back(cli: Cli, crops: Path) -> None:
    done = cli("prepare", crops, "data", "--size", 8, "--split", "0.25", check=True)
    assert "held back 10 as test, in 10 of 40 groups\n" in done.stdout
    assert "warning" not in done.stdout
    data = Dataset.open("data")
    assert data.splits == {"train": 30, "validation": 0, "test": 10}
    assert data.index[data.index["split"] == "test"]["class"].value_counts().to_dict() == {"a": 5, "b": 5}
    assert "group" not in data.index
    assert data.info.options["split"] == 0.25
    assert data.info.options["group"] is None


@pytest.mark.parametrize("expression", [r"^(.+)_\d", r"[ab]/view\d+"])
def test_an_expression_names_the_groups(cli: Cli, crops: Path, expression: str) -> None:
    done = cli("prepare", crops, "data", "--size", 8, "--split", "0.4", "--group", expression, check=True)
    assert "held back 16 as test, in 4 of 10 groups\n" in done.stdout
    index = index_of(Path("data"))
    assert set(index["group"]) == {f"{name}/view{number}" for name in "ab" for number in range(5)}
    assert index.groupby("group")["split"].nunique().max() == 1
    assert Dataset.open("data").info.options["group"] == expression


def test_groups_can_be_named_without_a_split(cli: Cli, crops: Path) -> None:
    done = cli("prepare", crops, "data", "--size", 8, "--group", "view(1|2)_|view3", check=True)
    assert "held back nothing, in 0 of 26 groups" in done.stdout
    index = index_of(Path("data"))
    assert index["group"].value_counts().to_dict() == {"1": 8, "2": 8}
    assert len(set(groups_of(index))) == 2 + 24
    assert set(index["split"]) == {"train"}


def test_copies_are_held_back_together(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 8)
    for number in range(8):
        Image.open(folder / f"{number}.png").save(folder / f"{number}-copy.bmp")
    prepare(folder, tmp_path / "data", size=16, split=0.5)
    index = index_of(tmp_path / "data")
    assert index["split"].value_counts().to_dict() == {"train": 8, "test": 8}
    assert index.groupby("phash")["split"].nunique().max() == 1


def test_a_class_of_a_single_group_is_warned_of(cli: Cli, crops: Path) -> None:
    done = cli("prepare", crops, "data", "--size", 8, "--split", "0.1", "--group", "a/", check=True)
    assert "held back 4 as test, in 3 of 21 groups\nwarning: on both sides, being a single group: a\n" in done.stdout
    write_pictures(crops.parent / "flat", 5)
    done = cli(
        "prepare", crops.parent / "flat", "flat-data", "--size", 8, "--split", "0.1", "--group", "png", check=True
    )
    assert "warning: on both sides, being a single group: all pictures\n" in done.stdout


def test_paintings_are_grouped_by_label(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every palette is in all four genres: one of the three is held back in all of them."""
    monkeypatch.setattr(
        "ganvas.data.painter.paint", lambda index, seed, size: np.full((size, size, 3), index, np.uint8)
    )
    words = ["--size", 16, "--workers", 1, "--split", "0.3", "--group", "palette"]
    cli("prepare", "painter:24", "data", *words, check=True)
    index = index_of(Path("data"))
    assert index["group"].equals(index["palette"])
    test = index[index["split"] == "test"]
    assert test["palette"].nunique() == 1
    assert test["genre"].value_counts().to_dict() == dict.fromkeys(set(index["genre"]), 2)


def divide(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write_pictures(folder / name, 2, seed=number)
    return folder


def test_folders_say_what_is_held_back_and_the_next_ones_the_class(cli: Cli, tmp_path: Path) -> None:
    divide(tmp_path / "in", "Train/sea", "training/land/far", "TEST/sea", "val/land")
    done = cli("prepare", "in", "data", "--size", 8, "--split", "class", check=True)
    assert "held back 2 as validation, 2 as test, in 4 of 8 groups" in done.stdout
    data = Dataset.open("data")
    assert data.class_names == ["land", "sea"]
    assert data.index["class"].tolist() == ["sea"] * 4 + ["land"] * 4
    assert data.index["split"].tolist() == ["test"] * 2 + ["train"] * 4 + ["validation"] * 2
    assert data.info.options["split"] == "class"


@pytest.mark.parametrize(("names", "words"), [(("1", "0"), []), (("true/a", "false/b"), ["--classes", "none"])])
def test_folders_that_only_divide_are_no_classes(
    cli: Cli, tmp_path: Path, names: tuple[str, ...], words: list[str]
) -> None:
    divide(tmp_path / "in", *names)
    cli("prepare", "in", "data", "--size", 8, "--split", "class", *words, check=True)
    data = Dataset.open("data")
    assert data.labels is None
    assert data.splits == {"train": 2, "validation": 0, "test": 2}


def test_a_division_that_parts_copies_is_kept_and_warned_of(cli: Cli, tmp_path: Path) -> None:
    divide(tmp_path / "in", "train", "test")
    Image.open(tmp_path / "in" / "train" / "0.png").save(tmp_path / "in" / "test" / "copy.bmp")
    done = cli("prepare", "in", "data", "--size", 16, "--split", "class", check=True)
    assert (
        "held back 3 as test, in 3 of 4 groups\nwarning: 1 of these groups have training pictures too\n" in done.stdout
    )
    assert Dataset.open("data").splits["test"] == 3


def test_the_fingerprint_follows_the_split(tmp_path: Path, crops: Path) -> None:
    def fingerprint(name: str, **options: Any) -> str:
        prepare(crops, tmp_path / name, size=16, **options)
        return Dataset.open(tmp_path / name).fingerprint

    whole = fingerprint("whole")
    assert fingerprint("grouped", group="view") == whole
    parts = [fingerprint(f"split {seed} {part}", split=part, seed=seed) for part in (0.2, 0.4) for seed in (0, 1)]
    assert len({whole, *parts}) == 5
    assert fingerprint("again", split="0.4", seed=1) == parts[-1]


def test_the_fingerprint_of_undivided_data_is_what_it_always_was(tmp_path: Path) -> None:
    """Caches and runs from before there were splits are keyed by it."""
    (tmp_path / "in").mkdir()
    for number in range(3):
        Image.new("RGB", (16, 16), (80 * number, 10, 20)).save(tmp_path / "in" / f"{number}.png")
    prepare(tmp_path / "in", tmp_path / "data", size=8)
    assert Dataset.open(tmp_path / "data").fingerprint == (
        "4071b424fb8e1a96b33e034ec2c50a90e9f310c76482db623f8cbd50a566b0d0"
    )


def no_training(crops: Path) -> None:
    (crops / "a").rename(crops / "test")
    (crops / "b").rename(crops / "val")


def no_training_of_a_class(crops: Path) -> None:
    (crops / "a").rename(crops.parent / "a")
    (crops / "b").rename(crops.parent / "b")
    divide(crops, "train/a", "test/a", "test/b")


def loose(crops: Path) -> None:
    divide(crops.parent / "new", "train/a", "test/a", "test")
    crops.rename(crops.parent / "old")
    (crops.parent / "new").rename(crops)


def loose_at_the_top(crops: Path) -> None:
    (crops / "a").rename(crops / "train")
    (crops / "b").rename(crops / "test")
    write_pictures(crops, 1)


def flat(crops: Path) -> None:
    crops.rename(crops.parent / "old")
    write_pictures(crops, 3)


def untouched(crops: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "words", "message"),
    [
        (untouched, ["--split", "0"], "split 0 is out of range; hold back a fraction above 0 and up to 0.9, as in 0.2"),
        (untouched, ["--split", "1"], "split 1 is out of range"),
        (untouched, ["--split", "0.95"], "split 0.95 is out of range"),
        (untouched, ["--split=-0.2"], "split -0.2 is out of range"),
        (untouched, ["--split", "nan"], "split nan is out of range"),
        (untouched, ["--split", "inf"], "split inf is out of range"),
        (untouched, ["--split", "20%"], "unknown split column '20%'; choose from: class, or a fraction to hold back"),
        (untouched, ["--split", ""], "unknown split column ''"),
        (untouched, ["--split", "clas"], "unknown split column 'clas' (did you mean 'class'?)"),
        (
            untouched,
            ["--split", "class"],
            "unknown split 'a'; choose from: 0, 1, false, test, testing, train, training,",
        ),
        (untouched, ["--split", "0.2", "--group", "("], "missing ), unterminated subpattern at position 0"),
        (
            untouched,
            ["--group", "view[0-9"],
            "cannot read 'view[0-9' as a column or a regular expression: unterminated",
        ),
        (untouched, ["--group", "a{2}{3}"], "multiple repeat at position 4"),
        (untouched, ["--group", "(" * 3000 + ")" * 3000], "as a column or a regular expression"),
        (
            untouched,
            ["--group", "vew"],
            "group 'vew' matches no name in {}, such as a/view0_0.png, nor is it a column (cl",
        ),
        (untouched, ["--group", ""], "group '' matches no name"),
        (untouched, ["--group", "x*"], "group 'x*' matches no name"),
        (no_training, ["--split", "class"], "the split leaves no picture to train on; mark some pictures as train"),
        (no_training_of_a_class, ["--split", "class"], "the split leaves no picture of class 'b' to train on"),
        (loose, ["--split", "class"], "2 pictures lie outside of the class folders of {} (test/0.png, test/1.png)"),
        (loose_at_the_top, ["--split", "class"], "1 picture lies outside of the split folders of {} (0.png); move it"),
        (flat, ["--split", "class"], "{} has no column 'class' to split by; write a fraction to hold back, as in 0.2"),
        (flat, ["--group", "class"], "group 'class' matches no name in {}, such as 0.png"),
    ],
)
def test_a_split_that_cannot_be_made_makes_no_dataset(
    cli: Cli, crops: Path, tmp_path: Path, spoil: Callable[[Path], None], words: list[str], message: str
) -> None:
    spoil(crops)
    done = cli("prepare", crops, "made/data", "--size", 8, *words)
    assert done.returncode == 2
    assert message.format(crops) in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "made" / "data").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--split", "genre"], "unknown split 'flower'; choose from: 0, 1, false, test"),
        (["--split", "pallete"], "unknown split column 'pallete' (did you mean 'palette'?)"),
        (
            ["--group", "harbour"],
            "matches no name in painter:48, such as painting-000000, nor is it a column (composit",
        ),
    ],
)
def test_labels_of_paintings_that_mean_no_split(cli: Cli, words: list[str], message: str) -> None:
    done = cli("prepare", "painter:48", "data", "--size", 16, *words)
    assert (done.returncode, Path("data").exists()) == (2, False)
    assert message in done.stderr


def test_a_seed_below_zero_is_refused(crops: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="seed -1 is out of range"):
        prepare(crops, tmp_path / "data", size=8, split=0.2, seed=-1)


@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=12))
def test_any_text_is_a_group_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    write_pictures(folder / "in", 2, side=8)
    message = ""
    try:
        prepare(folder / "in", folder / "data", size=8, group=text)
    except DataError as error:
        message = str(error)
    assert repr(text) in message if message else "group" in index_of(folder / "data")


# ---- what training sees -----------------------------------------------------------------------------------------


def write_divided(path: Path, held: slice = slice(None, None, 3), fill: int | None = None, **options: Any) -> Path:
    """A dataset that holds some of its rows back, whose pixels there may be others."""
    write_dataset(path, **options)
    index = pd.read_parquet(path / "index.parquet")
    index["split"] = "train"
    index.loc[index.index[held], "split"] = "test"
    index.to_parquet(path / "index.parquet")
    if fill is not None:
        images = np.load(path / "images.npy")
        images[held] = fill
        np.save(path / "images.npy", images)
    return path


def state_of(run: Path) -> dict[str, torch.Tensor]:
    state = checkpoint.load(max((run / "checkpoints").iterdir()))
    return {f"{name} {key}": value for name in ("generator", "discriminator") for key, value in state[name].items()}


def test_an_epoch_is_the_training_pictures_once_each(tmp_path: Path) -> None:
    data = Dataset.open(write_divided(tmp_path / "data"))
    rows = data.rows("train")
    assert rows.tolist() == [row for row in range(48) if row % 3]
    with Loader(data, 32, seed=0) as loader:
        batches = [batch for batch, _ in zip(loader, range(2), strict=False)]
    for pictures, labels in batches:
        seen = sorted(zip(map(bytes, pictures.numpy()), not_none(labels).tolist(), strict=True))
        assert seen == sorted(zip(map(bytes, data.images[rows]), not_none(data.labels)[rows].tolist(), strict=True))


def test_without_a_split_the_order_is_what_it_always_was(tmp_path: Path) -> None:
    data = Dataset.open(write_dataset(tmp_path / "data"))
    with Loader(data, 48, seed=5) as loader:
        pictures, _ = next(iter(loader))
    assert np.array_equal(pictures, data.images[np.random.default_rng([5, 0]).permutation(48)])


# What held-back pictures are there for: to say how near an unseen picture comes, and what D makes of one.
ABOUT_UNSEEN = {"closer", "closer_se", "real_copies", "novelty", "d_tells_held_back"} | {
    "d_right_held_back",
    "d_logit_held_back",
}


def test_a_run_is_the_same_whatever_is_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations included: the real side of every score that is not about unseen pictures is the training pictures."""
    options = TINY | {"budget": "2epochs", "eval_samples": 16, "extractor": "pixels", "eval_every": "2epochs"}
    runs = []
    for name, fill in (("first", None), ("second", 255)):
        monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / name / "cache"))
        train(write_divided(tmp_path / name / "data", fill=fill), tmp_path / name / "run", **options)
        (scores,) = read_records(tmp_path / name / "run" / "evals.jsonl")
        runs.append((state_of(tmp_path / name / "run"), {**scores, "seconds": 0}))
    (state, scores), (again, scores_again) = runs
    assert all(torch.equal(state[key], again[key]) for key in state)
    assert (scores["kimg"], scores["real"]) == (0.064, 32)
    assert scores.keys() == scores_again.keys() >= ABOUT_UNSEEN
    assert {key for key in scores if scores[key] != scores_again[key]} <= ABOUT_UNSEEN


def test_a_resumed_run_on_a_split_equals_one_never_stopped(tmp_path: Path) -> None:
    data = write_divided(tmp_path / "data")
    train(data, tmp_path / "whole", **TINY, budget="2epochs")
    train(data, tmp_path / "halves", **TINY, budget="1epochs")
    resume(tmp_path / "halves", budget="1epochs")
    whole, halves = state_of(tmp_path / "whole"), state_of(tmp_path / "halves")
    assert all(torch.equal(whole[key], halves[key]) for key in whole)


def test_a_run_says_how_much_is_held_back(tmp_path: Path) -> None:
    data = write_divided(tmp_path / "data")
    said = dry_run(data, tmp_path / "run", **TINY, budget="2epochs")
    assert "32 pictures of 16 px, 16 more held back" in said
    assert "(2.0 epochs)" in said
    with pytest.raises(ConfigError, match="has 8 pictures, too few to evaluate against"):
        dry_run(write_divided(tmp_path / "few", slice(8, None)), tmp_path / "run", **TINY | {"eval_samples": 16})
    with pytest.raises(ConfigError, match="has no training pictures"):
        dry_run(write_divided(tmp_path / "none", slice(None)), tmp_path / "run", **TINY)


def test_the_page_shows_what_was_learnt_from(tmp_path: Path) -> None:
    data = write_divided(tmp_path / "data", slice(10, None), fill=255)
    train(data, tmp_path / "run", **TINY, budget="2steps")
    page = render(Run.open(tmp_path / "run"))
    assert "on 10 pictures" in page
    assert "10 in data, 38 more held back" in page
    assert "9 of the pictures in data" in page


class Thumbnails(FeatureNetwork):
    """An extractor whose features are the first pixels of a picture."""

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        return (images.float().flatten(1)[:, :8].clone(),)


def test_the_real_side_is_the_training_pictures(tmp_path: Path) -> None:
    data = Dataset.open(write_divided(tmp_path / "data", fill=255))
    real = reference(data, Thumbnails("thumbnails"), tmp_path / "cache")
    assert sorted(real.rows) == data.rows("train").tolist()
    assert np.array_equal(real.features, data.images[real.rows].transpose(0, 3, 1, 2).reshape(32, -1)[:, :8])
    few = Dataset.open(write_divided(tmp_path / "few", slice(15, None)))
    with pytest.raises(DataError, match="has 15 training pictures, too few"):
        reference(few, Thumbnails("thumbnails"), tmp_path / "cache")
