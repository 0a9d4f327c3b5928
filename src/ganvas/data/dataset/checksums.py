"""Checksums of a dataset directory, by which damage is noticed when something is read.

images.crc32     CRC-32 of the bytes of each picture in images.npy: uint32, little-endian
checksums.json   sha256 of dataset.json, and of the description at the end of index.parquet
index.parquet    has checksums of its pages; a column that is not read is not checked

Datasets of earlier versions lack them, and are not checked.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ganvas.foundation.arrays import Integers
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import readable

CHECKSUMS = "checksums.json"
# A mark in the description of an index. One that was written again by another program lacks it, and is not checked.
_MARK = b"ganvas.index"


def checksums_file(images: Path) -> Path:
    """The file of the checksums of an `images.npy`, or of another file of pictures."""
    return images.with_suffix(".crc32")


def read_picture_checksums(images: Path, count: int) -> Integers | None:
    """The CRC-32 of each picture of a file, int64 [count]; None if they were not written.

    Raises:
        DataError: their file cannot be read, or is cut short.
    """
    file = checksums_file(images)
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(content) != 4 * count:
        raise DataError(f"{file} does not have a checksum for each of {count} pictures; prepare the dataset again")
    return np.frombuffer(content, "<u4").astype(np.int64)


def write_index(file: Path, index: pd.DataFrame) -> None:
    """Write the table of a dataset's pictures."""
    table = pa.Table.from_pandas(index, preserve_index=False)
    marked = table.replace_schema_metadata({**(table.schema.metadata or {}), _MARK: b"1"})
    pq.write_table(marked, file, write_page_checksum=True)


def write_checksums(info: Path, content: bytes, index: Path) -> None:
    """Write `checksums.json`, after the index.

    Args:
        info: `dataset.json`, which need not exist yet.
        content: what it will hold.
        index: `index.parquet`.
    """
    sums = {info.name: _sha256(content), index.name: _sha256(_description(index))}
    info.with_name(CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")


def require_whole_info(file: Path) -> None:
    """Check a `dataset.json`.

    Raises:
        DataError: it is not the one that was written.
    """
    with readable(file):
        _require(file, file.read_bytes())


def require_whole_index(file: Path) -> None:
    """Check the description of an `index.parquet`: columns, their types, and where they are.

    Raises:
        DataError: it is not the one that was written.
    """
    description = _description(file)
    if _MARK in description:
        _require(file, description)


def _require(file: Path, content: bytes) -> None:
    sums = file.with_name(CHECKSUMS)
    try:
        expected = dict(json.loads(sums.read_text(encoding="utf-8")))[file.name]
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{sums} cannot be read ({error}); prepare the dataset again") from error
    if expected != _sha256(content):
        raise DataError(
            f"{file} is damaged, or was changed: its checksum is not that in {CHECKSUMS}; prepare the dataset again, "
            f"or remove {sums} if you have changed it yourself"
        )


def _description(file: Path) -> bytes:
    """The description of a Parquet file: its last bytes, before their length in four bytes and "PAR1"."""
    with file.open("rb") as opened:
        end = opened.seek(0, 2) - 8
        opened.seek(max(end, 0))
        length = int.from_bytes(opened.read(4), "little")
        opened.seek(max(end - length, 0))
        return opened.read(max(min(length, end), 0))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
