"""The pictures of an `images.npy`, which another program may cut short while it is in use.

Reading a memory map beyond the end of its file kills the process (SIGBUS). So pictures are read from the file on
demand, and missing ones raise an error. The map remains for code that needs an array.
"""

import errno
import itertools
import os
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.checksums import read_picture_checksums
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import DataError
from ganvas.foundation.notes import note_once

# What to do about a damaged dataset.
PREPARE = "prepare the dataset again"
# Errors of file systems without memory maps.
_WITHOUT_MAPS = frozenset({errno.ENODEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM})


class StoredPictures(np.memmap[tuple[int, ...], np.dtype[np.uint8]]):
    """Pictures uint8 [N, S, S, 3] as a read-only memory map, where `pictures[rows]` reads from the file.

    Integers, slices and one-dimensional arrays of rows are read from the file into memory. Any other index reads the
    map, after the length of the file has been checked.
    """

    _reader: "_Reader | None" = None

    @classmethod
    def open(cls, file: Path, advice: str = PREPARE) -> "StoredPictures":
        """Open a `.npy` file, and the checksums of its pictures if there are any.

        Args:
            file: the file.
            advice: what to do if a picture is damaged.

        Raises:
            DataError: the file of the checksums is cut short.
            OSError, ValueError, SyntaxError, tokenize.TokenError: the file is missing, cut short or malformed.
        """
        try:
            mapped: np.memmap[tuple[int, ...], np.dtype[np.uint8]] = np.lib.format.open_memmap(file, mode="r")
        except OSError as error:
            if error.errno not in _WITHOUT_MAPS:
                raise
            note_once("maps", f"the file system of {file.parent} cannot map files into memory, so {file} is read whole")
            whole: StoredPictures = np.load(file, allow_pickle=False).view(cls)
            return whole
        pictures = mapped.view(cls)
        # `Dataset.open` refuses arrays of another type or shape.
        if mapped.ndim == 4 and mapped.dtype == np.uint8 and mapped.flags.c_contiguous and hasattr(os, "pread"):
            pictures._reader = _Reader(file, mapped.offset, mapped.shape, advice)
        return pictures

    def __getitem__(self, index: Any) -> Any:
        if self._reader is None:
            return super().__getitem__(index)
        if isinstance(index, int | np.integer):
            if -len(self) <= index < len(self):
                return self._reader.read(np.array([index % len(self)]))[0]
        elif isinstance(index, slice):
            return self._reader.read(np.arange(len(self))[index])
        elif isinstance(index, list | np.ndarray) and (rows := _rows(index, len(self))) is not None:
            return self._reader.read(rows)
        self._reader.require_whole()
        return super().__getitem__(index)

    def __reduce__(self) -> str | tuple[object, ...]:
        # Another process gets the path of the file, not the pictures.
        return (
            super().__reduce__()
            if self._reader is None
            else (StoredPictures.open, (self._reader.file, self._reader.advice))
        )


def _rows(index: list[int] | NDArray[np.generic], count: int) -> Integers | None:
    """The rows that an array of integers or booleans selects; None for any other index."""
    array = np.asarray(index)
    if array.dtype == np.bool_ and array.shape == (count,):
        return np.flatnonzero(array)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (len(array) and not -count <= array.min()):
        return None
    if len(array) and array.max() >= count:
        return None
    return np.where(array < 0, array + count, array).astype(np.int64)


class _Reader:
    """Reads pictures of a file by their row numbers. It is safe to use in threads."""

    def __init__(self, file: Path, offset: int, shape: tuple[int, ...], advice: str) -> None:
        self.file, self.advice, self._offset, self._shape = file, advice, offset, shape
        self._checksums = read_picture_checksums(file, shape[0])
        self._picture_bytes = int(np.prod(shape[1:]))
        self._descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, rows: Integers) -> Images:
        """Read the pictures of these rows, uint8 [n, S, S, 3].

        Raises:
            DataError: the file cannot be read, was cut short, or a picture is damaged.
        """
        pictures = np.empty((len(rows), *self._shape[1:]), np.uint8)
        target, size = pictures.reshape(-1).data, self._picture_bytes
        # Consecutive rows are read at once.
        starts = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)] if len(rows) else []
        for first, last in itertools.pairwise(starts):
            self._fill(target[first * size : last * size], self._offset + int(rows[first]) * size)
        if self._checksums is not None:
            for place, (row, expected) in enumerate(zip(rows, self._checksums[rows], strict=True)):
                if zlib.crc32(target[place * size : (place + 1) * size]) != expected:
                    raise DataError(
                        f"picture {row} of {self.file} is damaged: its checksum is not that of its content; "
                        f"{self.advice}"
                    )
        return pictures

    def require_whole(self) -> None:
        """Raise DataError if the file was cut short."""
        if os.fstat(self._descriptor).st_size < self._offset + self._shape[0] * self._picture_bytes:
            raise self._cut_short()

    def _fill(self, target: memoryview, position: int) -> None:
        done = 0
        while done < len(target):
            try:
                part = os.pread(self._descriptor, len(target) - done, position + done)
            except OSError as error:
                raise DataError(f"{self.file} can no longer be read: {error.strerror or error}") from error
            if not part:
                raise self._cut_short()
            target[done : done + len(part)] = part
            done += len(part)

    def _cut_short(self) -> DataError:
        return DataError(f"{self.file} was cut short while it was in use; prepare the dataset again")
