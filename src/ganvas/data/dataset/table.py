"""The table of a dataset's pictures, of which only the columns that are asked for are read.

Names and hashes of a hundred million pictures take more memory than most machines have. Training needs classes and
splits alone.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganvas.data.dataset.checksums import require_whole_index
from ganvas.foundation.errors import DataError


class Table:
    """A Parquet file, or a table in memory.

    Args:
        path: the file; None for a table in memory.
        columns: the names of its columns.
        count: the number of its rows.

    Attributes:
        columns: the names of its columns.
    """

    def __init__(self, path: Path | None, columns: Sequence[str], count: int) -> None:
        self._path, self.columns, self._count = path, columns, count

    def __len__(self) -> int:
        return self._count

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a Parquet file, of which only the description is read.

        Raises:
            DataError: it does not exist, or is no whole Parquet file.
        """
        try:
            require_whole_index(path)
            with pq.ParquetFile(path) as file:
                # Where rows have names instead of numbers, those are a column of the file too.
                names = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
                return cls(path, names, file.metadata.num_rows)
        except _UNREADABLE as error:
            raise _unreadable(path, error) from error

    @classmethod
    def of(cls, table: pd.DataFrame) -> Self:
        """A table that is in memory already."""
        made = cls(None, list(table.columns), len(table))
        made.__dict__["whole"] = table
        return made

    @functools.cached_property
    def whole(self) -> pd.DataFrame:
        """All columns.

        Raises:
            DataError: they cannot be read.
        """
        return self._read(None)

    def column(self, name: str) -> "pd.Series[str]":
        """One column, which must exist.

        Raises:
            DataError: it cannot be read.
        """
        return (self.whole if "whole" in self.__dict__ else self._read([name]))[name]

    def _read(self, columns: list[str] | None) -> pd.DataFrame:
        assert self._path is not None  # a table in memory is whole
        try:
            table = pd.read_parquet(self._path, columns=columns, page_checksum_verification=True)
        except _UNREADABLE as error:
            raise _unreadable(self._path, error) from error
        if len(table) != self._count or not set(columns or ()) <= set(table.columns):
            raise _unreadable(self._path, ValueError("it has changed while it was in use"))
        return table


_UNREADABLE = (OSError, ValueError, LookupError, TypeError, pa.ArrowException)


def _unreadable(path: Path, error: Exception) -> DataError:
    line = str(error).partition("\n")[0]
    return DataError(f"{path} cannot be read ({line}); prepare the dataset again")
