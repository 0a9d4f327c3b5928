"""Parquet and Arrow files: their label columns, and embedded pictures as Hugging Face's `datasets` writes them."""

import datetime
import functools
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ganvas.data.pictures.decode import Picture, decode
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.sources.file_state import FileState
from ganvas.data.sources.folder import PictureFile
from ganvas.data.sources.source import Value
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import is_circular

# What `datasets` says of the columns of a file, by column: a feature is a JSON object with a `_type`.
Features = Mapping[str, object]

OUTSIDE = "a row that names a file outside the folder of its table"

_PARQUET = (".parquet", ".pq")
# Rows of pictures to read at a time, and the size of the read buffer in bytes.
_ROWS, _BUFFER = 16, 2**20
# What pyarrow raises for damaged files, and for encodings that it was built without (NotImplementedError).
_FAILURES = (OSError, ValueError, LookupError, TypeError, NotImplementedError, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture in a row of a table.

    Attributes:
        table: the file.
        column: the column that holds the bytes, directly or in a struct with a path.
        row: the row.
        linked: the file that the row names, or None. It is read if the row holds no bytes.
        folders: the folders that `linked` must lie in. Its path comes from the table, which cannot be trusted.
        name: the name of the picture.
        labels: the labels in the row.
    """

    table: FileState
    column: str
    row: int
    linked: Path | None
    folders: tuple[Path, ...]
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """The state of the table, the column, the row, and the stamp of the linked file."""
        linked = "" if self.linked is None else PictureFile(str(self.linked), self.name, self.labels).stamp
        return f"{self.table} {self.column} {self.row} {linked}"

    def read(self, frame: Frame) -> Picture:
        """Decode the bytes."""
        try:
            cell = _cell(self.table, self.column, self.row)
        except FileNotFoundError as error:
            raise Rejected(Reason.MISSING) from error
        except _FAILURES as error:
            raise Rejected(Reason.DAMAGED) from error
        data = cell.get("bytes") if isinstance(cell, dict) else cell
        if data and isinstance(data, bytes):
            return decode(io.BytesIO(data), frame)
        if data is None and self.linked is not None:
            return PictureFile(str(_inside(self.linked, self.folders)), self.name, self.labels).read(frame)
        raise Rejected(Reason.EMPTY if data == b"" else "no picture in the table")


def _inside(file: Path, folders: tuple[Path, ...]) -> Path:
    """Resolve all links of a path.

    Raises:
        Rejected: the file does not exist, or lies outside the folders.
    """
    if is_circular(file):
        raise Rejected(Reason.MISSING)
    try:
        real = file.resolve()
        is_inside = any(real.is_relative_to(folder.resolve()) for folder in folders)
    except (OSError, ValueError) as error:  # a name that no file can have
        raise Rejected(Reason.MISSING) from error
    if not is_inside:
        raise Rejected(OUTSIDE)
    return real


@dataclass(frozen=True)
class ArrowFile:
    """A Parquet or Arrow file, opened without reading its rows.

    Attributes:
        path: the file.
        state: the state of the file when it was opened.
        schema: its columns and their types.
        features: what `datasets` says of the columns.
    """

    path: Path
    state: FileState
    schema: pa.Schema
    features: Features

    @classmethod
    def open(cls, path: Path, features: Features | None = None) -> "ArrowFile":
        """Open a file.

        Args:
            path: the file.
            features: the features of the columns, if the file itself does not state them.

        Raises:
            DataError: the file is damaged or has another format.
        """
        try:
            state = FileState.of(path)
            schema = _schema(state)
            return cls(path, state, schema, features_in(schema) or features or {})
        except _FAILURES as error:
            raise DataError(f"{path} cannot be read as a {_format(path)} file: {error}") from error

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.schema.names]

    @property
    def embedded(self) -> list[str]:
        """The columns that hold pictures, those with an `Image` feature first."""
        images = [name for name in self.columns if is_image(self.features.get(name))]
        structs = [name for name in self.columns if _has_bytes(self.schema.field(name).type)]
        blobs = [name for name in self.columns if _is_binary(self.schema.field(name).type)]
        return [name for name in dict.fromkeys([*images, *structs, *blobs]) if name in structs or name in blobs]

    @property
    def picture_column(self) -> str | None:
        """The first column that holds pictures, or None."""
        return next(iter(self.embedded), None)

    @property
    def class_columns(self) -> list[str]:
        """The columns of class numbers whose class names are known."""
        return [name for name in self.columns if class_names(self.features.get(name))]

    @property
    def label_columns(self) -> list[str]:
        """The columns of text, numbers, booleans and dates."""
        return [name for name in self.columns if _is_label(self.schema.field(name).type)]

    def rows(self) -> list[dict[str, Value]]:
        """The labels in each row.

        Raises:
            DataError: the file is damaged.
        """
        table = self._read(self.label_columns)
        columns = {
            name: [label_of(value, class_names(self.features.get(name))) for value in table[name].to_pylist()]
            for name in self.label_columns
        }
        return [{name: values[row] for name, values in columns.items()} for row in range(table.num_rows)]

    def paths(self, column: str) -> list[str | None]:
        """The path in the struct of each picture of a column, or None."""
        kind = self.schema.field(column).type
        if not (pa.types.is_struct(kind) and kind.get_field_index("path") >= 0):
            return [None] * self._read([]).num_rows
        table = self._read([f"{column}.path"] if _is_parquet(self.path) else [column])
        return [path for chunk in table[column].chunks for path in chunk.field("path").to_pylist()]

    def _read(self, columns: list[str]) -> pa.Table:
        try:
            if _is_parquet(self.path):
                return pq.ParquetFile(self.path).read(columns=columns)
            return _table(self.state).select(columns)
        except _FAILURES as error:
            raise DataError(f"{self.path} cannot be read as a {_format(self.path)} file: {error}") from error


def features_in(schema: pa.Schema) -> Features:
    """The features that `datasets` has written into a file's schema; empty without any."""
    try:
        return dict(json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def class_names(feature: object) -> list[str]:
    """The class names of a `ClassLabel` feature; empty for any other feature."""
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return []
    names = feature.get("names") or []
    return [str(name) for name in (names.values() if isinstance(names, dict) else names)]


def label_of(value: object, names: list[str]) -> Value:
    """A cell as a label: the name of a class number, the text of a date, None for an unknown value."""
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
def _parquet(state: FileState) -> pq.ParquetFile:
    # With a buffer, pages are read one at a time; without one, a group's whole column is read at once.
    return pq.ParquetFile(state.path, buffer_size=_BUFFER, pre_buffer=False)


@functools.lru_cache(maxsize=64)
def _table(state: FileState) -> pa.Table:
    """An Arrow file, in the stream or the file format, as a memory-mapped table."""
    mapped = pa.memory_map(str(state.path))
    try:
        return pa.ipc.open_stream(mapped).read_all()
    except pa.ArrowInvalid:
        return pa.ipc.open_file(mapped).read_all()


class _Cursor:
    """One column of one row group, read forwards a few rows at a time. A group can hold gigabytes of pictures.

    Every process reads its items in ascending order. Going back starts the group again.
    """

    def __init__(self, file: pq.ParquetFile, column: str, group: int) -> None:
        self._file, self._column, self._group = file, column, group
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._first, self._rows = 0, pa.array([])
        self._begin()

    def cell(self, row: int) -> object:
        """The cell in a row of the group."""
        if row < self._first:
            self._begin()
        while row >= self._first + len(self._rows):
            self._first += len(self._rows)
            if (batch := next(self._batches, None)) is None:
                raise LookupError(f"the row group ends before row {row}")
            self._rows = batch[self._column]
        cell: object = self._rows[row - self._first].as_py()
        return cell

    def _begin(self) -> None:
        self._batches = self._file.iter_batches(_ROWS, row_groups=[self._group], columns=[self._column])
        self._first, self._rows = 0, pa.array([])


@functools.lru_cache(maxsize=1)
def _cursor(state: FileState, column: str, group: int) -> _Cursor:
    return _Cursor(_parquet(state), column, group)


def _cell(state: FileState, column: str, row: int) -> object:
    if not _is_parquet(state.path):
        cell: object = _table(state)[column][row].as_py()
        return cell
    metadata = _parquet(state).metadata
    group = 0
    while row >= metadata.row_group(group).num_rows:
        row -= metadata.row_group(group).num_rows
        group += 1
    try:
        return _cursor(state, column, group).cell(row)
    except BaseException:
        _cursor.cache_clear()  # the position of a cursor that failed is unknown
        raise


def _schema(state: FileState) -> pa.Schema:
    return _parquet(state).schema_arrow if _is_parquet(state.path) else _table(state).schema


# ---- types ------------------------------------------------------------------------------------------------------


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in _PARQUET


def _format(path: Path) -> str:
    return "Parquet" if _is_parquet(path) else "Arrow"


def is_image(feature: object) -> bool:
    """Whether a feature is that of a column of pictures."""
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
