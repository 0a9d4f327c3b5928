"""Parquet and Arrow files: their label columns, and pictures inside them as Hugging Face's `datasets` writes these."""

import datetime
import functools
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ganvas.data.pictures.decode import Picture, decode
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.sources.file_state import FileState
from ganvas.data.sources.folder import PictureFile
from ganvas.data.sources.source import Value
from ganvas.foundation.errors import DataError

Features = Mapping[str, Any]

OUTSIDE = "a row that names a file outside the folder of its table"

_PARQUET = (".parquet", ".pq")
# How many rows of pictures, and bytes of a file, are held at a time.
_ROWS, _BUFFER = 16, 2**20
# What pyarrow raises of files that are damaged, or written in a way that it was not built for (NotImplementedError).
_FAILURES = (OSError, ValueError, LookupError, TypeError, NotImplementedError, pa.ArrowException)


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture in a row of a table.

    Attributes:
        table: the file.
        column: the column that holds the bytes, by themselves or in a struct beside a path.
        row: the row.
        beside: the file that the row names, which is read if it holds no bytes; or None.
        folders: where that file must lie, for a stranger has written its name.
        name: what to call it.
        labels: of the row.
    """

    table: FileState
    column: str
    row: int
    beside: Path | None
    folders: tuple[Path, ...]
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """The table's, the column, the row, and that of the file that the row names."""
        beside = "" if self.beside is None else PictureFile(self.beside, self.name, self.labels).stamp
        return f"{self.table} {self.column} {self.row} {beside}"

    def read(self, frame: Frame) -> Picture:
        """Decode the bytes."""
        try:
            cell = _cell(self.table, self.column, self.row)
        except FileNotFoundError as error:
            raise Rejected(Reason.MISSING) from error
        except _FAILURES as error:
            raise Rejected(Reason.DAMAGED) from error
        data = cell.get("bytes") if isinstance(cell, dict) else cell
        if data:
            return decode(io.BytesIO(data), frame)
        if data is None and self.beside is not None:
            return PictureFile(_inside(self.beside, self.folders), self.name, self.labels).read(frame)
        raise Rejected(Reason.EMPTY if data == b"" else "no picture in the table")


def _inside(file: Path, folders: tuple[Path, ...]) -> Path:
    """Where a file is once all links are followed.

    Raises:
        Rejected: that is in none of the folders, or nowhere.
    """
    try:
        real = file.resolve()
        is_inside = any(real.is_relative_to(folder.resolve()) for folder in folders)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name that no file can have
        raise Rejected(Reason.MISSING) from error
    if not is_inside:
        raise Rejected(OUTSIDE)
    return real


@dataclass(frozen=True)
class ArrowFile:
    """A Parquet or Arrow file that has been looked into.

    Attributes:
        path: the file.
        stamp: the same, as its readers know it.
        schema: its columns and their types.
        features: what `datasets` says of them, by column.
    """

    path: Path
    stamp: FileState
    schema: pa.Schema
    features: Features

    @classmethod
    def open(cls, path: Path, features: Features | None = None) -> "ArrowFile":
        """Look into a file.

        Args:
            path: the file.
            features: what is known of the columns if the file itself says nothing.

        Raises:
            DataError: it is no such file or damaged.
        """
        try:
            stamp = FileState.of(path)
            schema = _schema(stamp)
            return cls(path, stamp, schema, features_in(schema) or features or {})
        except _FAILURES as error:
            raise DataError(f"{path} cannot be read as a {_format(path)} file: {error}") from error

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.schema.names]

    @property
    def embedded(self) -> list[str]:
        """The columns that hold pictures, those that say so first."""
        images = [name for name in self.columns if _is_image(self.features.get(name))]
        structs = [name for name in self.columns if _has_bytes(self.schema.field(name).type)]
        blobs = [name for name in self.columns if _is_binary(self.schema.field(name).type)]
        return [name for name in dict.fromkeys([*images, *structs, *blobs]) if name in structs or name in blobs]

    @property
    def picture_column(self) -> str | None:
        """The column with the pictures, if one holds any."""
        return next(iter(self.embedded), None)

    @property
    def class_columns(self) -> list[str]:
        """The columns of numbers that have names."""
        return [name for name in self.columns if class_names(self.features.get(name))]

    @property
    def label_columns(self) -> list[str]:
        """The columns of text, numbers, truth values and dates."""
        return [name for name in self.columns if _is_label(self.schema.field(name).type)]

    def rows(self) -> list[dict[str, Value]]:
        """What the label columns say of each picture.

        Raises:
            DataError: the file is damaged.
        """
        table = self._read(self.label_columns)
        columns = {
            name: [plain(value, class_names(self.features.get(name))) for value in table[name].to_pylist()]
            for name in self.label_columns
        }
        return [{name: values[row] for name, values in columns.items()} for row in range(table.num_rows)]

    def paths(self, column: str) -> list[str | None]:
        """The path beside each picture of a column, or None."""
        kind = self.schema.field(column).type
        if not (pa.types.is_struct(kind) and kind.get_field_index("path") >= 0):
            return [None] * self._read([]).num_rows
        table = self._read([f"{column}.path"] if _is_parquet(self.path) else [column])
        return [None if cell is None else cell.get("path") for cell in _path_cells(table, column)]

    def _read(self, columns: list[str]) -> pa.Table:
        try:
            if _is_parquet(self.path):
                return pq.ParquetFile(self.path).read(columns=columns)
            return _table(self.stamp).select(columns)
        except _FAILURES as error:
            raise DataError(f"{self.path} cannot be read as a {_format(self.path)} file: {error}") from error


def _path_cells(table: pa.Table, column: str) -> list[Any]:
    """The structs of a column, with nothing but their paths in them."""
    chunks = table[column].chunks
    return [{"path": path} for chunk in chunks for path in chunk.field("path").to_pylist()]


def features_in(schema: pa.Schema) -> Features:
    """What `datasets` has written of the columns into a file's schema; empty if it has not."""
    try:
        return dict(json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def class_names(feature: object) -> list[str]:
    """The names of the classes of a column; empty for any other column."""
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return []
    names = feature.get("names") or []
    return [str(name) for name in (names.values() if isinstance(names, dict) else names)]


def plain(value: Any, names: list[str]) -> Value:
    """A cell as a label: a class number by its name, a date as text, nothing for an unknown value."""
    if names and isinstance(value, int) and not isinstance(value, bool):
        return names[value] if 0 <= value < len(names) else None
    if isinstance(value, datetime.date | datetime.datetime | datetime.time):
        return value.isoformat()
    if isinstance(value, str):
        return " ".join(value.split()) or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float) else None


# ---- handles ----------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4)
def _parquet(stamp: FileState) -> pq.ParquetFile:
    # With a buffer, pages are read as they are wanted; without one, all that a group holds of a column at once.
    return pq.ParquetFile(stamp.path, buffer_size=_BUFFER, pre_buffer=False)


@functools.lru_cache(maxsize=64)
def _table(stamp: FileState) -> pa.Table:
    """An Arrow file, of either form, as a table that lies on the disk until it is looked at."""
    mapped = pa.memory_map(str(stamp.path))
    try:
        return pa.ipc.open_stream(mapped).read_all()
    except pa.ArrowInvalid:
        return pa.ipc.open_file(mapped).read_all()


class _Cursor:
    """One column of one row group, read forward a few rows at a time, for a group can hold gigabytes of pictures.

    Items come in order, in every worker process too. Going back begins anew.
    """

    def __init__(self, file: pq.ParquetFile, column: str, group: int) -> None:
        self._file, self._column, self._group = file, column, group
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._first, self._rows = 0, pa.array([])
        self._begin()

    def cell(self, row: int) -> Any:
        """The cell in that row of the group."""
        if row < self._first:
            self._begin()
        while row >= self._first + len(self._rows):
            self._first += len(self._rows)
            if (batch := next(self._batches, None)) is None:
                raise LookupError(f"a group that ends before row {row}")
            self._rows = batch[self._column]
        return self._rows[row - self._first].as_py()

    def _begin(self) -> None:
        self._batches = self._file.iter_batches(_ROWS, row_groups=[self._group], columns=[self._column])
        self._first, self._rows = 0, pa.array([])


@functools.lru_cache(maxsize=1)
def _cursor(stamp: FileState, column: str, group: int) -> _Cursor:
    return _Cursor(_parquet(stamp), column, group)


def _cell(stamp: FileState, column: str, row: int) -> Any:
    if not _is_parquet(stamp.path):
        return _table(stamp)[column][row].as_py()
    metadata = _parquet(stamp).metadata
    group = 0
    while row >= metadata.row_group(group).num_rows:
        row -= metadata.row_group(group).num_rows
        group += 1
    try:
        return _cursor(stamp, column, group).cell(row)
    except BaseException:
        _cursor.cache_clear()  # it may have stopped anywhere
        raise


def _schema(stamp: FileState) -> pa.Schema:
    return _parquet(stamp).schema_arrow if _is_parquet(stamp.path) else _table(stamp).schema


# ---- types ------------------------------------------------------------------------------------------------------


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in _PARQUET


def _format(path: Path) -> str:
    return "Parquet" if _is_parquet(path) else "Arrow"


def _is_image(feature: object) -> bool:
    return isinstance(feature, dict) and feature.get("_type") == "Image"


def _has_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind)) and kind.get_field_index("bytes") >= 0


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_label(kind: pa.DataType) -> bool:
    types = pa.types
    kind = kind.value_type if types.is_dictionary(kind) else kind
    return any(
        test(kind)
        for test in (
            types.is_string,
            types.is_large_string,
            types.is_string_view,
            types.is_integer,
            types.is_floating,
            types.is_boolean,
            types.is_temporal,
        )
    ) and not types.is_duration(kind)
