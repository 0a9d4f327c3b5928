"""Read text tables (CSV, TSV): the cells as text, and their values."""

import codecs
import csv
import io
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ganvas.data.sources.source import Value
from ganvas.foundation.errors import DataError

DELIMITERS = ",;\t|"
# Words for an unknown value in columns of numbers or booleans. In columns of text, NA can be Namibia and Null a name.
UNKNOWN = frozenset({"", "nan", "null", "none", "n/a", "na"})

# Programs always write the sign of an exponent. Without a sign, as in 1e1, the text is a code rather than a number.
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]+)?([eE][-+][0-9]{1,3})?")

# The first line by which Excel states the delimiter.
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=([^\w\s\"]|\t)\"?[,;\t|]*[ ]*(?:\r\n|\r|\n)", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
# A row behind the last one; it is missing where a quote was opened and never closed.
_END = "\0"
# How much of a table is looked at to find its delimiter.
_LONGEST_HEADER = 65_536


@dataclass(frozen=True)
class Columns:
    """A table as text.

    Attributes:
        title: the name of the table in messages.
        cells: the cells by column, the same number for each; surrounding space is kept.
    """

    title: str
    cells: dict[str, list[str]]

    def __len__(self) -> int:
        return len(next(iter(self.cells.values()), []))

    def rows(self, without: Sequence[str] = ()) -> list[dict[str, Value]]:
        """The values of each row by column, except some columns; an unknown value is None."""
        columns = {name: values_of(cells) for name, cells in self.cells.items() if name not in without}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] or [
            {} for _ in range(len(self))
        ]


def values_of(cells: Sequence[str]) -> list[Value]:
    """The values of a column: integers, floats, booleans, or else text.

    A column holds numbers or booleans if all its cells do, apart from empty cells and words such as "NA", "nan" and
    "null". These become None, also in a column that holds nothing else. In a column of text, only an empty cell becomes
    None. Numbers with leading zeros, and those like 1e1, are codes and stay text.

    >>> values_of(["1889", "NA", "1890"]), values_of(["007", "12"]), values_of(["True", "", "false"])
    ([1889, None, 1890], ['007', '12'], [True, None, False])
    >>> values_of(["EU", "NA", ""]), values_of(["1e1", "2"]), values_of(["n/a", "NaN"])
    (['EU', 'NA', None], ['1e1', '2'], [None, None])
    """
    plain = [" ".join(cell.split()) for cell in cells]
    known = [None if cell.lower() in UNKNOWN else cell for cell in plain]
    written = {cell for cell in known if cell is not None}
    if not written:
        return [*known]
    if all(cell.lower() in ("true", "false") for cell in written):
        return [None if cell is None else cell.lower() == "true" for cell in known]
    if all(_NUMBER.fullmatch(cell) for cell in written):
        if all(cell.lstrip("+-").isdigit() for cell in written):
            return [None if cell is None else int(cell) for cell in known]
        numbers = [None if cell is None else float(cell) for cell in known]
        if all(number is None or math.isfinite(number) for number in numbers):
            return [*numbers]
    return [cell or None for cell in plain]


def read_columns(data: bytes, title: str, *, delimiter: str | None = None, header: Sequence[str] = ()) -> Columns:
    """Read a table from the bytes of a CSV or TSV file.

    The formats of spreadsheets are understood: UTF-16, a first line `sep=;` that states the delimiter, empty rows, and
    decimal commas if the delimiter is not a comma.

    Args:
        data: UTF-8 or UTF-16, with or without a byte order mark.
        title: the name of the table in messages.
        delimiter: between cells, unless a first line states another. By default the most common of comma, semicolon,
            tab and vertical bar in the first line.
        header: the names of the columns, if the first line does not hold them.

    Raises:
        DataError: the file is not text, has no header or no rows, or a row has the wrong number of cells.
    """
    text, named = _without_separator_line(_decoded(data, title))
    delimiter = named or delimiter or _commonest_delimiter(text)
    reader = csv.reader(itertools.chain(io.StringIO(text, newline=""), [_END]), delimiter=delimiter)
    before = 1 if named else 0
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num + before)
    except csv.Error as error:
        raise DataError(f"{title} cannot be read as a table: line {reader.line_num + before}: {error}") from error
    lines.pop()
    if rows.pop() != [_END]:
        raise DataError(f"{title}, line {(lines or [before])[-1] + 1}: a quote is opened there and never closed")
    names = [name.strip() for name in header] or [name.strip() for name in rows[0]] if rows else []
    start = 0 if header else 1
    if len(rows) <= start:
        raise DataError(
            f"{title} holds no rows; expected a line with the names of the columns and a line for each picture"
        )
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise DataError(f"{title} has several columns called {twice[0]!r}; give each a different name")
    for row, line in zip(rows[start:], lines[start:], strict=True):
        if len(row) != len(names):
            raise DataError(
                f"{title}, line {line}: {len(row)} cells where {len(names)} are expected ({', '.join(names)})"
            )
    columns = zip(names, zip(*rows[start:], strict=True), strict=True)
    # A column without a name holds the row numbers that pandas writes.
    return Columns(title, {name: _with_points(cells, delimiter) for name, cells in columns if name})


def _decoded(data: bytes, title: str) -> str:
    """The text, without a byte order mark.

    Raises:
        DataError: the encoding is neither UTF-8 nor UTF-16.
    """
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(f"{title} is not in UTF-8 (line {line}); save it in that encoding") from error


def _encoding(data: bytes) -> str:
    """UTF-32 or UTF-16 where a byte order mark says so, UTF-16 where every other byte is zero; else UTF-8."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = data[:64]
    if len(data) % 2 == 0 and len(start) >= 4:
        if not any(start[1::2]) and all(start[::2]):
            return "utf-16-le"
        if not any(start[::2]) and all(start[1::2]):
            return "utf-16-be"
    return "utf-8-sig"


def _without_separator_line(text: str) -> tuple[str, str | None]:
    """The text after a first line like `sep=;`, and the delimiter that this line states, or None."""
    match = _SEPARATOR_LINE.match(text)
    return (text[match.end() :], match[1]) if match else (text, None)


def _commonest_delimiter(text: str) -> str:
    """The most common delimiter in the first line, outside of quotes."""
    lines = _QUOTED.sub("", text[:_LONGEST_HEADER]).splitlines()
    return max(DELIMITERS, key=(lines or [""])[0].count)


def _with_points(cells: Sequence[str], delimiter: str) -> list[str]:
    """The cells of a column, with decimal points if they are numbers with decimal commas.

    If all numbers have three digits after the comma, they stay as they are: it may be a thousands separator.
    """
    if delimiter == ",":
        return list(cells)
    written = [cell.strip() for cell in cells if cell.strip().lower() not in UNKNOWN]
    with_comma = [cell for cell in written if "," in cell]
    is_decimal = with_comma and all(_NUMBER.fullmatch(cell.replace(",", ".", 1)) for cell in written)
    if not is_decimal or all(re.fullmatch(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}", cell) for cell in with_comma):
        return list(cells)
    return [cell.replace(",", ".") for cell in cells]
