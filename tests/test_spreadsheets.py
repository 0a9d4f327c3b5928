"""Tables as spreadsheets write them."""

from pathlib import Path

import pytest

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.text_table import read_columns
from ganvas.foundation.errors import DataError
from support.pictures import write_pictures

ROWS = [("path", "class", "metres"), ("0.png", "sea", "1,5"), ("1.png", "land", "2"), ("2.png", "sea", "0,25")]
ROWS += [("3.png", "land", "-1,125")]


def text(delimiter: str = ";", end: str = "\r\n", first: str = "") -> str:
    return first + "".join(delimiter.join(row) + end for row in ROWS)


TABLES = {
    "sep": text(first="sep=;\r\n").encode(),
    "SEP in quotes": text(first='"sep=;"\r\n').encode(),
    "sep behind a byte order mark": b"\xef\xbb\xbf" + text(first="sep=;\r\n").encode(),
    "sep for tabulators": text("\t", first="sep=\t\r\n").encode(),
    "sep for a rare delimiter": text("^", first="sep=^\n").encode(),
    "UTF-16 with tabulators": text("\t").encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + text().encode("utf-16-be"),
    "UTF-16 without a mark": text().encode("utf-16-le"),
    "UTF-16 with sep": text(first="sep=;\r\n").encode("utf-16"),
    "byte order mark": text().encode("utf-8-sig"),
    "ends of lines of an old Mac": text(end="\r").encode(),
    "empty rows": (text(first=";;\r\n" * 0) + ";;\r\n" * 5 + "\r\n").encode(),
    "empty columns": text(end=";;\r\n").encode(),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_as_it_is_meant(tmp_path: Path, kind: str) -> None:
    write_pictures(tmp_path, 4)
    (tmp_path / "t.csv").write_bytes(TABLES[kind])
    summary = prepare(tmp_path / "t.csv", tmp_path / "data", size=8)
    assert summary.class_counts == {"land": 2, "sea": 2}
    assert Dataset.open(tmp_path / "data").index["metres"].tolist() == [1.5, 2.0, 0.25, -1.125]


def test_a_tsv_may_name_another_delimiter(tmp_path: Path) -> None:
    write_pictures(tmp_path, 4)
    (tmp_path / "t.tsv").write_bytes(TABLES["sep"])
    assert prepare(tmp_path / "t.tsv", tmp_path / "data", size=8).class_counts == {"land": 2, "sea": 2}


def test_new_lines_and_delimiters_in_quotes() -> None:
    table = b'"a, of\nmany, words";b\r\n"1;\r\n2";"x ""y"""\r\n'
    assert read_columns(table, "t.csv").cells == {"a, of\nmany, words": ["1;\r\n2"], "b": ['x "y"']}


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("1,5;2", [1.5, 2]),
        ("1,5;n/a", [1.5, None]),
        ("1,500;22,250", ["1,500", "22,250"]),  # thousands, or thousandths: nobody knows
        ("1,500;2,5", [1.5, 2.5]),
        ("1,5;x", ["1,5", "x"]),
        ("1,2,3;1,5", ["1,2,3", "1,5"]),
        ("07,5;1,5", ["07,5", "1,5"]),
    ],
)
def test_decimal_commas(cells: str, values: list[object]) -> None:
    table = "a;b\n" + "".join(f"{cell};x\n" for cell in cells.split(";"))
    assert [row["a"] for row in read_columns(table.encode(), "t.csv").rows()] == values


def test_a_comma_that_parts_cells_is_no_decimal_comma() -> None:
    assert read_columns(b'a,b\n"1,5",x\n', "t.csv").rows() == [{"a": "1,5", "b": "x"}]


def test_lines_are_counted_with_the_first() -> None:
    with pytest.raises(DataError, match="line 3: 1 cells where 2 are expected"):
        read_columns(b"sep=;\na;b\n1\n", "t.csv")


def test_a_column_may_be_called_sep() -> None:
    assert read_columns(b"sep=x,b\n1,2\n", "t.csv").cells == {"sep=x": ["1"], "b": ["2"]}
