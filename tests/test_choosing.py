"""Which pictures are taken: conditions against Python's own reading of them, and choices by class and by chance."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources import Request, Source
from ganvas.data.sources.choosing import choose
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import RESERVED, RejectedItem, Relabelled, Value
from ganvas.data.sources.where import condition, kinds_of
from ganvas.foundation.errors import DataError
from support.command_line import Cli
from support.pictures import write_pictures
from support.replicas import painter_by_numbers

KINDS = {"artist": "text", "class": "text", "year": "numbers", "in_train": "true or false", "art group": "text"}
ROW: dict[str, Value] = {"artist": "Vincent van Gogh", "class": "portrait", "year": 1889}
ROW |= {"in_train": True, "art group": "a"}


# ---- conditions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('artist == "Vincent van Gogh" and class != "Sketch"', True),
        ("artist == 'Vincent van Gogh'\n  and class in ['portrait', \"landscape\"]", True),
        ("1880 < year <= 1889", True),
        ("year in (1888, 1889) or class == 'x'", True),
        ("year not in {1888, -1889}", True),
        ("not in_train", False),
        ("in_train == True and in_train is not None", True),
        ("'van' in artist and 'Monet' not in artist", True),
        ("artist < 'Wols'", True),
        ("art_group == 'a'", True),
        ("year > -1.5e3", True),
        ("artist != class", True),
        ("(((year == 1889)))", True),
        ("class == 'if' or class == \"class\"", False),
        ("True", True),
    ],
)
def test_a_condition_means_what_it_says(text: str, expected: bool) -> None:
    assert condition(text, KINDS)(ROW) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year == 1889", False),
        ("year != 1889", True),
        ("year < 1889 or year >= 1889", False),
        ("year in [1889]", False),
        ("year not in [1889]", True),
        ("'van' in artist", False),
        ("'van' not in artist", True),
        ("year is None", True),
        ("year in [None]", True),
        ("in_train", False),
        ("not in_train", True),
    ],
)
def test_what_is_unknown_is_equal_to_nothing(text: str, expected: bool) -> None:
    assert condition(text, KINDS)({}) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read the condition '': invalid syntax; write comparisons, as in artist =="),
        ("artist", "at character 1, 'artist': the column holds text; compare it with something"),
        ("'Monet'", "at character 1, \"'Monet'\": expected a condition here"),
        (
            "artits == 'x'",
            "at character 1, 'artits': unknown column 'artits' (did you mean 'artist'?); choose",
        ),
        (
            "artist == Monet",
            "at character 11, 'Monet': unknown column 'Monet'; choose from: art group",
        ),
        ("artist = 'x'", "at character 8: invalid syntax"),
        ("artist == 'x", "at character 11: unterminated string literal"),
        ("artist == 'x' &&", "at character 16: invalid syntax"),
        ("artist == 'x' & in_train", "expected a column, text in quotes, a number"),
        ("year == '1889'", "at character 9, \"'1889'\": numbers on the left cannot be compared with text on the right"),
        (
            "in_train and class < 3",
            "at character 22, '3': text on the left cannot be compared with numbers",
        ),
        ("in_train == 1", "true or false on the left cannot be compared with numbers on the right"),
        ("year in 3", "numbers on the right cannot hold values; write a list, as in [1889, 1890]"),
        ("year in ['1889']", "numbers on the left cannot be in a list of text"),
        ("artist == ['a']", "a list can only be used with in or not in"),
        ("ärtist == 'x' or len(artist) > 3", "at character 1, 'ärtist': unknown column"),
        ("class == 'é' and len(artist) > 3", "at character 18, 'len(artist)': expected a column"),
        ("artist.upper() == 'X'", "at character 1, 'artist.upper()': expected a column"),
        ("artist[0] == 'X'", "'artist[0]': expected a column"),
        ("year + 1 == 3", "'year + 1': expected a column"),
        ("artist == f'{year}'", "expected a column"),
        ("artist == b'x'", "expected a column"),
        ("year == 3j", "expected a column"),
        ("year == ...", "expected a column"),
        ("year == -artist", "expected a column"),
        ("year in [artist]", "at character 10, 'artist': expected a column"),
        (
            "__import__('os').system('true')",
            "at character 1, \"__import__('os').system('true')\": expected a condition",
        ),
        ("[x for x in artist]", "invalid syntax"),
        ("lambda: 1", "invalid syntax"),
        ("(in_train := 1)", "expected a condition here"),
        ("in_train if year else year", "invalid syntax"),
        ("in_train\0", "cannot read the condition"),
        ("(" * 300 + "in_train" + ")" * 300, "too many nested parentheses"),
        ("not " * 150 + "in_train", "conditions are nested more than 100 deep"),
        ("not " * 4000 + "in_train", "a condition of 16,008 characters is too long"),
        ("year == 1" + "0" * 5000, "cannot read the condition"),
    ],
)
def test_a_condition_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        condition(text, KINDS)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 450


names = st.sampled_from(["artist", "year", "in_train"])
values = {
    "artist": st.sampled_from(["Monet", "Degas", 'it\'s "x"', "class", "a\\b", ""]),
    "year": st.integers(-3, 3) | st.sampled_from([0.5, -1.5]),
    "in_train": st.booleans(),
}


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    name = draw(names)
    kind = draw(st.sampled_from(["compare", "member", "chain", "flag"]))
    if kind == "member":
        listed = draw(st.lists(values[name], max_size=3))
        return f"{name} {draw(st.sampled_from(['in', 'not in']))} {listed!r}"
    if kind == "flag":
        return "in_train"
    sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    first, second = draw(values[name]), draw(values[name])
    text = f"{name} {draw(sign)} {first!r}"
    return f"{second!r} {draw(sign)} {text}" if kind == "chain" else text


expressions = st.recursive(
    comparisons(),
    lambda inner: (
        st.builds("({}) and {}".format, inner, inner)
        | st.builds("{} or ({})".format, inner, inner)
        | st.builds("not ({})".format, inner)
    ),
    max_leaves=6,
)
rows = st.fixed_dictionaries({"artist": values["artist"], "year": values["year"], "in_train": values["in_train"]})


@settings(max_examples=150, deadline=None)
@given(expressions, rows)
def test_conditions_agree_with_python(text: str, row: dict[str, Any]) -> None:
    assert condition(text, KINDS)(row) == bool(eval(text, {"__builtins__": {}}, dict(row)))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text("artisyecl ()[]=<>!'\"1.,not and in_\\{}", max_size=40), rows)
@example("artist == '\ud800'", {"artist": "", "year": 1, "in_train": True})
def test_any_text_is_a_condition_or_refused(text: str, row: dict[str, Any]) -> None:
    try:
        fulfils = condition(text, KINDS)
    except DataError:
        return
    assert fulfils(row) in (True, False)
    assert fulfils({}) in (True, False)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.none() | st.text(max_size=2) | st.integers() | st.booleans()))
)
def test_the_kind_of_a_column_is_that_of_all_its_known_values(rows: list[dict[str, Any]]) -> None:
    for column, kind in kinds_of(rows).items():
        known = [row[column] for row in rows if row.get(column) is not None]
        assert (kind == "nothing") == (not known)
        types = {type(value) for value in known}
        assert (kind == "values of several kinds") == (len(types) > 1)
        assert (kind == "text") == (types == {str})


def test_a_column_of_several_kinds_is_refused_by_name() -> None:
    kinds = kinds_of([{"year": None}, {"year": 1889}, {"year": "c. 1889"}])
    with pytest.raises(DataError, match="character 1, 'year': the column holds values of several kinds"):
        condition("year < 1900", kinds)


def test_a_column_is_found_by_its_own_name_first() -> None:
    kinds = {"a b": "text", "a_b": "text", "c d": "text", "c-d": "text"}
    assert condition("a_b == 'x'", kinds)({"a b": "y", "a_b": "x"})
    with pytest.raises(DataError, match="this matches several columns: 'c d', 'c-d'"):
        condition("c_d == 'x'", kinds)


def test_a_comment_is_refused_and_a_sign_in_quotes_is_not() -> None:
    assert condition("artist == '#1'", KINDS)({"artist": "#1"})
    with pytest.raises(DataError, match="at character 12: '#' is only allowed in quotes"):
        condition("year < 1889#0", KINDS)


# ---- choices ----------------------------------------------------------------------------------------------------


def source_of(*classes: str | None, strangers: int = 1) -> Source:
    """A picture of each of these classes, numbered, and some things that are no pictures."""
    nothing = RejectedItem("", "")
    pictures = [Relabelled(nothing, f"{n:03d}", {"class": name, "row": n}) for n, name in enumerate(classes)]
    return Source(
        "test", [*pictures, *(RejectedItem(f"s{n}", "strange") for n in range(strangers))], label_column="class"
    )


def taken(source: Source, **options: Any) -> Counter[Any]:
    chosen = choose(source, Request(**options))
    assert sum(isinstance(item, RejectedItem) for item in chosen.items) >= 1, "what is no picture is still listed"
    return Counter(item.labels["class"] for item in chosen.items if not isinstance(item, RejectedItem))


def test_balance_takes_as_many_of_each_class() -> None:
    source = source_of(*"aaaaaabbbccccc")
    assert taken(source, balance=True) == {"a": 3, "b": 3, "c": 3}
    assert taken(source, balance=True, limit=7) == {"a": 2, "b": 2, "c": 2}
    assert taken(source, balance=True, min_per_class=5) == {"a": 5, "c": 5}


def test_small_classes_are_left_out_and_counted() -> None:
    chosen = choose(source_of(*"aaabbc"), Request(min_per_class=3))
    assert chosen.notes == ("left out 2 of 3 classes, with fewer than 3 pictures",)
    assert taken(source_of(*"aaabbc"), min_per_class=2) == {"a": 3, "b": 2}


def test_a_picture_without_a_class_is_listed() -> None:
    chosen = choose(source_of("a", None, "a"), Request())
    assert [item.reason for item in chosen.items if isinstance(item, RejectedItem)] == [
        "no value in column 'class'",
        "strange",
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 5))
def test_a_limit_is_kept_in_order_and_by_seed(count: int, limit: int, seed: int) -> None:
    source = replace(source_of(*"a" * count), label_column=None)
    one, two = (choose(source, Request(limit=limit, seed=seed)) for _ in range(2))
    assert one.items == two.items
    assert len(one.items) == min(limit, count) + 1
    assert [item.name for item in one.items] == sorted(item.name for item in one.items)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("aaaabbcdefg"), min_size=3, max_size=30), st.integers(2, 29), st.integers(0, 5))
def test_a_limit_leaves_no_class_with_a_single_picture(classes: list[str], limit: int, seed: int) -> None:
    sizes = Counter(classes)
    assume(limit < len(classes) and max(sizes.values()) > 1)
    source = source_of(*classes)
    chosen = taken(source, limit=limit, seed=seed)
    assert chosen == taken(source, limit=limit, seed=seed)
    assert all(2 <= chosen[name] <= sizes[name] for name in chosen)
    is_exhausted = all(chosen[name] == sizes[name] for name in sizes if sizes[name] > 1)
    assert limit - chosen.total() in (0, 1) or (chosen.total() < limit and is_exhausted)


def test_a_limit_keeps_the_proportions_of_classes() -> None:
    source = source_of(*("a" * 60 + "b" * 30 + "c" * 10))
    for limit in (10, 50, 99):
        chosen = taken(source, limit=limit)
        assert all(abs(chosen[name] - limit * share) <= 1 for name, share in {"a": 0.6, "b": 0.3, "c": 0.1}.items())
    assert choose(source, Request(limit=10)).notes == ("took 10 of 100 pictures at random, and none of 1 of 3 classes",)
    alike = source_of(*"abc" * 9)
    assert len({tuple(taken(alike, limit=2, seed=seed)) for seed in range(20)}) == 3, "each has its chance"


@pytest.mark.parametrize(("classes", "limit"), [("aabb", 1), ("abcd", 3)])
def test_a_limit_too_small_for_any_class_is_refused(classes: str, limit: int) -> None:
    message = f"limit {limit} leaves no class of test with the two pictures that each needs; raise it, or prepare with"
    with pytest.raises(DataError, match=message):
        choose(source_of(*classes), Request(limit=limit))


def divided(**classes: str) -> Source:
    """The pictures of each class on their sides: t to train on, v to validate with."""
    source = source_of(*(name for name, sides in classes.items() for _ in sides))
    sides = [{"t": "train", "v": "Val"}[side] for sides in classes.values() for side in sides]
    items = [
        Relabelled(item, item.name, {**item.labels, "split": side})
        for item, side in zip(source.items, sides, strict=False)
    ]
    return replace(source, items=[*items, *source.items[len(items) :]], split_column="split")


def on_their_sides(source: Source, **options: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in choose(source, Request(**options)).items:
        if not isinstance(item, RejectedItem):
            name = str(item.labels["class"])
            found[name] = found.get(name, "") + str(item.labels["split"])[0].lower()
    return {name: "".join(sorted(sides)) for name, sides in found.items()}


def test_balance_counts_what_is_trained_on() -> None:
    source = divided(a="ttttv", b="ttvvvv")
    assert on_their_sides(source, balance=True) == {"a": "ttv", "b": "ttvvvv"}
    chosen = choose(source, Request(balance=True))
    assert chosen.notes == ("took 2 of each class to train on, and 5 that are held back",)


def test_balance_within_a_limit_keeps_the_share_that_is_held_back() -> None:
    sides = on_their_sides(divided(a="t" * 12 + "v" * 4, b="t" * 8 + "v" * 4), balance=True, limit=12)
    assert sorted("".join(sides.values())) == sorted("tttttttt" + "vvvv")
    assert {side.count("t") for side in sides.values()} == {4}


def test_balance_leaves_a_class_of_one_to_be_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^class 'b' has 1 picture in"):
        for name, count in {"a": 5, "b": 1}.items():
            write_pictures(tmp_path / "in" / name, count)
        prepare(tmp_path / "in", tmp_path / "data", size=8, balance=True)


def test_a_limited_class_keeps_a_picture_to_train_on() -> None:
    source = divided(a="t" + "v" * 9, b="v" * 9 + "t")
    for seed in range(9):
        assert all("t" in sides for sides in on_their_sides(source, limit=4, seed=seed).values())


def test_seeds_differ() -> None:
    source = source_of(*"a" * 50)
    assert choose(source, Request(limit=9)).items != choose(source, Request(limit=9, seed=1)).items
    both = source_of(*"ab" * 30, "a")
    assert choose(both, Request(balance=True)).items != choose(both, Request(balance=True, seed=1)).items


def test_labels_of_several_kinds_become_text_and_empty_columns_go() -> None:
    nothing = RejectedItem("", "")
    rows: list[dict[str, Any]] = [{"x": 1, "y": None, "z": 1}, {"x": "a", "z": 0.5}, {"x": None, "z": None}]
    items = [Relabelled(nothing, str(n), row) for n, row in enumerate(rows)]
    assert [item.labels for item in choose(Source("test", items), Request()).items] == [
        {"x": "1", "z": 1},
        {"x": "a", "z": 0.5},
        {"x": None, "z": None},
    ]


def test_no_label_can_be_taken_for_what_prepare_writes(tmp_path: Path) -> None:
    prepare("painter:12", tmp_path / "data", size=16, classes="none", fit="multicrop", split="0.25")
    painted = open_source("painter:12", Request()).columns
    assert {*Dataset.open(tmp_path / "data").index.columns} - {*painted, "class"} == RESERVED - {"group"}


def test_everything_together_on_the_command_line(cli: Cli, tmp_path: Path) -> None:
    root = painter_by_numbers(tmp_path / "pbn")
    words = ["--labels", "artist,genre", "--where", 'genre == "portrait" or date > 1800', "--balance", "--limit", "9"]
    done = cli("prepare", root, "one", "--size", 8, *words, "--seed", "3", check=True)
    cli("prepare", root, "two", "--size", 8, *words, "--seed", "3", check=True)
    one, two = Dataset.open("one"), Dataset.open("two")
    assert one.fingerprint == two.fingerprint
    assert "took 3 of each class to train on, and 3 that are held back" in done.stdout
    assert one.class_counts.tolist() == [3, 3]
    assert one.info.options["where"] == words[3]
    assert one.info.options["labels"] == ["artist", "genre"]
    assert (one.info.options["limit"], one.info.options["balance"]) == (9, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--where", "genre = 1"], "cannot read the condition 'genre = 1' at character 7"),
        (
            ["--where", "gnre == 'x'"],
            "unknown column 'gnre' (did you mean 'genre'?); choose from: artist",
        ),
        (["--where", "genre == 'portait'"], "the condition \"genre == 'portait'\" leaves none of 13 pictures of"),
        (["--min-per-class", "99"], "min-per-class 99 leaves none of 12 pictures"),
        (["--limit", "0"], "limit"),
        (["--labels", "style", "--min-per-class", "14"], "min-per-class 14 leaves none of 13"),
        (["--classes", "none", "--min-per-class", "3"], "min-per-class needs classes, and classes none removes them"),
        (["--split", "artist"], "unknown split 'Paul Cezanne'"),
    ],
)
def test_choices_that_leave_nothing(cli: Cli, tmp_path: Path, words: list[str], message: str) -> None:
    done = cli("prepare", painter_by_numbers(tmp_path / "pbn"), "data", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert not Path("data").exists()


def test_a_flat_folder_has_nothing_to_choose_by(cli: Cli, tmp_path: Path) -> None:
    root = painter_by_numbers(tmp_path / "pbn") / "train"
    for words, message in (
        (["--where", "artist == 'x'"], "at character 1, 'artist': the source has no columns"),
        (["--labels", "artist"], "has no columns, so there is no label 'artist'"),
        (["--balance"], "balance needs classes, and"),
        (["--min-per-class", "2"], "has none"),
    ):
        done = cli("prepare", root, "data", *words)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert (
        "took 3 of 9 pictures at random" in cli("prepare", root, "data", "--size", 8, "--limit", "3", check=True).stdout
    )
