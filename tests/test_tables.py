"""Tables of pictures: their columns as labels, classes, splits and groups."""

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.source import RESERVED, unique
from ganvas.data.sources.text_table import read_columns, values_of
from ganvas.foundation.errors import DataError
from support.command_line import Cli
from support.prepared import rejections
from support.replicas import write_csv, write_picture, zipped


@pytest.mark.parametrize("form", ["csv", "semicolon", "tsv", "bom", "parquet"])
def test_a_table_with_paths(tmp_path: Path, table: Path, form: str) -> None:
    frame = pd.read_csv(table, dtype={"year": "Int64"}).drop(columns="Unnamed: 0")
    path = table.with_suffix({"tsv": ".tsv", "parquet": ".parquet"}.get(form, ".csv"))
    if form == "parquet":
        frame.assign(palette=pd.Series([[1, 2]] * 6), seen=pd.Timestamp("2020-01-02")).to_parquet(path)
    else:
        separators = {"semicolon": ";", "tsv": "\t"}
        encoding = "utf-8-sig" if form == "bom" else "utf-8"
        frame.to_csv(path, index=False, sep=separators.get(form, ","), encoding=encoding)
    summary = prepare(path, tmp_path / "data", size=8)
    index = Dataset.open(tmp_path / "data").index
    assert summary.class_counts == {"land": 3, "sea": 3}
    assert index["source"].tolist() == [f"images/{number}.png" for number in range(6)]
    assert index["split"].tolist() == ["train", "test"] * 3
    assert index["width"].tolist() == [12] * 6
    assert index["width_in_table"].tolist() == [7] * 6
    assert index["group_in_table"].tolist() == ["wall 0", "wall 1", "wall 2"] * 2
    assert index["year"].isna().tolist() == [False] * 4 + [True, False]
    assert index["title"][5] == "Study, 5"


def test_labels_choose_the_class_and_what_is_kept(cli: Cli, table: Path) -> None:
    cli("prepare", table, "data", "--size", 8, "--labels", "artist,year", check=True)
    data = Dataset.open("data")
    assert data.class_names == ["Degas", "Monet"]
    assert data.info.label_column == "artist"
    assert set(data.index.columns) - RESERVED == {"artist", "year", "licence"}


def test_columns_split_and_group_a_table(cli: Cli, table: Path) -> None:
    options = ["--size", 8, "--labels", "artist"]
    done = cli("prepare", table, "data", *options, "--split", "0.34", "--group", "group", check=True)
    assert "in 1 of 3 groups" in done.stdout
    index = Dataset.open("data").index
    assert index.groupby("group")["split"].nunique().tolist() == [1, 1, 1]
    cli("prepare", table, "again", "--size", 8, "--group", r"[0-2]", "--split", "split", check=True)
    assert Dataset.open("again").index["group"].fillna("alone").tolist()[:4] == ["0", "1", "2", "alone"]


def test_a_class_under_a_name_of_the_index(cli: Cli, table: Path) -> None:
    cli("prepare", table, "data", "--size", 8, "--labels", "group", "--split", "none", check=True)
    data = Dataset.open("data")
    assert data.info.label_column == "group_in_table"
    assert data.labels is not None
    assert np.bincount(data.labels).tolist() == [2, 2, 2]
    assert "group" not in data.index, "a group is what must not be parted, and nobody asked for that"


def test_the_summary_does_not_list_a_thousand_classes(tmp_path: Path) -> None:
    for number in range(104):
        write_picture(tmp_path / "many" / f"{number // 2:03d}" / f"{number}.png", number)
    text = str(prepare(tmp_path / "many", tmp_path / "data", size=8))
    assert "52 classes: 000 2, 001 2, " in text
    assert "049 2 and 2 more" in text


def test_numbers_can_be_classes(cli: Cli, table: Path) -> None:
    done = cli("prepare", table, "data", "--size", 8, "--labels", "width", check=True)
    assert "1 classes: 7 6" in done.stdout


def test_rows_without_pictures_are_listed(tmp_path: Path, table: Path) -> None:
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    frame.loc[0, "file_name"] = "images/none.png"
    frame.loc[1, "file_name"] = ""
    frame.loc[2, "file_name"] = "images/3.png"
    frame.loc[4, "class"] = " "
    frame.loc[5, "file_name"] = "images/\0.png"
    frame.to_csv(table, index=False)
    with pytest.raises(DataError, match="class 'sea' has 1 picture"):
        prepare(table, tmp_path / "data", size=8)
    prepare(table, tmp_path / "data", size=8, classes="none")
    assert rejections(tmp_path / "data") == {
        "images/none.png": "missing (named in pictures.csv)",
        "(no path)": "no path in the table",
        "images/3 (2).png": "named more than once in pictures.csv",
        "images/\0.png": "missing (named in pictures.csv)",
    }


def test_paths_of_another_system_are_understood(tmp_path: Path, table: Path) -> None:
    table.write_text(table.read_text("utf-8").replace("images/", " images" + chr(92)))
    assert prepare(table, tmp_path / "data", size=8).count == 6


def test_paths_begin_in_the_root(tmp_path: Path, table: Path) -> None:
    moved = tmp_path / "tables" / "pictures.csv"
    moved.parent.mkdir()
    table.rename(moved)
    assert prepare(moved, tmp_path / "data", size=8, root=table.parent).count == 6
    with pytest.raises(DataError, match="6 missing"):
        prepare(moved, tmp_path / "nothing", size=8)


def stop_at_three(done: int, _: int) -> None:
    if done == 3:
        raise KeyboardInterrupt


def blank(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 12), colour).save(file, "BMP")
    return file.getvalue()


def test_what_is_kept_under_one_root_is_not_taken_for_another(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        (tmp_path / colour).mkdir()
        for number in range(4):
            (tmp_path / colour / f"{number}.bmp").write_bytes(blank(colour))
            os.utime(tmp_path / colour / f"{number}.bmp", (0, 0))
    table = write_csv(tmp_path / "t.csv", [["path"], *([f"{number}.bmp"] for number in range(4))])
    with pytest.raises(KeyboardInterrupt):
        prepare(table, tmp_path / "data", size=8, root=tmp_path / "red", progress=stop_at_three)
    prepare(table, tmp_path / "data", size=8, root=tmp_path / "blue")
    assert (Dataset.open(tmp_path / "data").images[:, 0, 0] == (0, 0, 255)).all()


def test_what_is_kept_of_one_column_is_not_taken_for_another(tmp_path: Path) -> None:
    table = tmp_path / "two.parquet"
    pd.DataFrame({colour: [blank(colour)] * 4 for colour in ("red", "blue")}).to_parquet(table)
    with pytest.raises(KeyboardInterrupt):
        prepare(table, tmp_path / "data", size=8, path_column="red", progress=stop_at_three)
    prepare(table, tmp_path / "data", size=8, path_column="blue")
    assert (Dataset.open(tmp_path / "data").images[:, 0, 0] == (0, 0, 255)).all()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1e1", "2"], ["1e1", "2"]),
        (["1e-05", "2.5E+20", "3"], [1e-05, 2.5e20, 3.0]),
        (["EU", "NA", "none", ""], ["EU", "NA", "none", None]),
        (["3", "NA", "", "None"], [3, None, None, None]),
        (["0.5", "nan"], [0.5, None]),
        (["True", "n/a"], [True, None]),
        (["NA", "null", ""], [None, None, None]),
        (["1", "NA", "b"], ["1", "NA", "b"]),
    ],
)
def test_cells_stay_as_they_are_written_unless_all_of_a_column_are_numbers(cells: list[str], values: list[Any]) -> None:
    assert values_of(cells) == values


def test_classes_written_like_numbers_keep_their_names(cli: Cli, tmp_path: Path) -> None:
    for number in range(6):
        write_picture(tmp_path / "in" / f"{number}.png", number)
    codes, regions, counts = ["1e1", "2e1"] * 3, ["NA", "EU", "NA"] * 2, ["3", "", "4", "3", "4", ""]
    rows = zip([f"{number}.png" for number in range(6)], codes, regions, counts, strict=True)
    write_csv(tmp_path / "in" / "t.csv", [["path", "code", "region", "count"], *rows])
    for column, classes in {"code": ["1e1", "2e1"], "region": ["EU", "NA"], "count": ["3", "4"]}.items():
        cli("prepare", tmp_path / "in" / "t.csv", column, "--size", 8, "--labels", column, check=True)
        assert Dataset.open(column).class_names == classes
    cli("prepare", tmp_path / "in" / "t.csv", "data", "--size", 8, check=True)
    data = Dataset.open("data")
    assert str(data.index["count"].dtype) == "Int64"
    assert data.index["count"].fillna(-1).tolist() == [3, -1, 4, 3, 4, -1]


def test_whole_numbers_of_one_of_several_sources_stay_whole(table: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "more" / "0.png", 7)
    write_picture(tmp_path / "more" / "1.png", 8)
    prepare({"a": table, "b": tmp_path / "more"}, tmp_path / "data", size=8)
    assert str(Dataset.open(tmp_path / "data").index["width_in_table"].dtype) == "Int64"


def test_without_a_class_the_columns_are_named(cli: Cli, table: Path) -> None:
    frame = pd.read_csv(table).drop(columns=["class", "Unnamed: 0"])
    frame.to_csv(table, index=False)
    done = cli("prepare", table, "data", "--size", 8, check=True)
    assert "no classes; choose their column with --labels: artist, group, licence, split, title" in done.stdout


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new))

    return spoil


def content(data: bytes) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.write_bytes(data)

    return spoil


def fine(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (content(b""), {}, "pictures.csv holds no rows"),
        (content(b"file\n"), {}, "pictures.csv holds no rows"),
        (content(b"file,x\na.png\n"), {}, "pictures.csv, line 2: 1 cells where 2 are expected (file, x)"),
        (content(b'file\n"a.png\n'), {}, "pictures.csv, line 2: a quote is opened there and never closed"),
        (content(b"file,x\na.png,caf\xe9\n"), {}, "pictures.csv is not in UTF-8 (line 2)"),
        (content(b"x" * 200_000 + b"\n1\n"), {}, "cannot be read as a table: line 1: field larger than field limit"),
        (content(b"file,file\na.png,b.png\n"), {}, "has several columns called 'file'; give each a different name"),
        (content(b"a,b\n1,2\n"), {}, "no column holds paths of pictures; choose one with --path-column: a, b"),
        (
            content(b"a,b\nx.png,y.png\n"),
            {},
            "several columns could name the pictures; choose one with --path-column: a,",
        ),
        (
            content(b"url\nhttps://example.org/1.png\n"),
            {},
            "has URLs in the column 'url' but no paths; download the pictures",
        ),
        (fine, {"path_column": "file"}, "pictures.csv: unknown path column 'file'"),
        (fine, {"path_column": "year"}, "no readable picture"),
        (fine, {"labels": "artits"}, "unknown label 'artits' (did you mean 'artist'?); choose from: artist, class"),
        (fine, {"labels": "artist,nothing"}, "unknown label 'nothing'; choose from: artist"),
        (fine, {"labels": "file_name"}, "unknown label 'file_name'"),
        (fine, {"labels": "year"}, "class '1880' has 1 picture"),
        (
            fine,
            {"classes": "2"},
            "classes 2 is a folder level, and a table has no folders; choose the column of the class with",
        ),
        (fine, {"classes": "none", "labels": "artist"}, "labels needs classes, and classes none removes them"),
        (fine, {"classes": "none", "balance": True}, "balance needs classes, and classes none removes them"),
        (fine, {"split": "artist"}, "unknown split 'Monet'; choose from"),
        (fine, {"split": "year"}, "unknown split '1880'; choose from"),
        (fine, {"split": "spilt"}, "unknown split column 'spilt' (did you mean 'split'?)"),
        (fine, {"group": "wrong"}, "group 'wrong' matches no name in"),
        (fine, {"limit": 0}, "limit 0 is out of range; take 1 picture or more"),
        (fine, {"limit": 1, "balance": True}, "limit 1 is too low for two pictures of each of 2 classes; raise it"),
        (fine, {"min_per_class": -1}, "min-per-class -1 is out of range"),
        (fine, {"min_per_class": 4}, "min-per-class 4 leaves none of 6 pictures"),
        (fine, {"where": "year > 1900"}, "the condition 'year > 1900' leaves none of 6 pictures"),
        (replaced("images/0.png", "images/0.txt"), {}, "class 'sea' has 2"),
    ],
)
def test_tables_and_choices_that_cannot_be(
    tmp_path: Path, table: Path, spoil: Callable[[Path], None], options: dict[str, Any], message: str
) -> None:
    spoil(table)
    if message == "class 'sea' has 2":  # a picture of another extension is read as what it is: here, as missing
        assert prepare(table, tmp_path / "data", size=8).class_counts == {"land": 3, "sea": 2}
        return
    with pytest.raises(DataError) as caught:
        prepare(table, tmp_path / "data", **{"size": 8, **options})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("option", "value"), [("--root", "elsewhere"), ("--path-column", "file")])
def test_options_of_tables_are_refused_elsewhere(cli: Cli, nested: Path, option: str, value: str) -> None:
    for source in (nested, zipped(nested), "painter:20"):
        done = cli("prepare", source, "data", option, value)
        assert done.returncode == 2
        assert f"{option[2:]} applies to tables" in done.stderr


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=5))
def test_the_values_of_a_column_keep_what_is_written(cells: list[str]) -> None:
    values = values_of(cells)
    assert len(values) == len(cells)
    assert len({type(value) for value in values if value is not None}) <= 1
    for cell, value in zip(cells, values, strict=True):
        if isinstance(value, str):
            assert value == " ".join(cell.split())
        elif isinstance(value, int | float):
            assert (cell.strip().lower() == "true") == value if isinstance(value, bool) else float(cell) == value


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    with contextlib.suppress(DataError):
        columns = read_columns(data, "some.csv")
        assert len(columns.rows()) == len(columns) > 0


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", ""])))
def test_unique_names_are_unique(names: list[str]) -> None:
    result = unique(names)
    assert len(set(result)) == len(result) == len(names)
    firsts = [names.index(name) for name in dict.fromkeys(names)]
    assert [result[first] for first in firsts if names[first] in ("a", "b", "")] == [
        name for name in dict.fromkeys(names) if name in ("a", "b", "")
    ]
