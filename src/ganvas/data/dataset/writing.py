"""Write a dataset directory: the pictures one by one, the tables, and the fingerprint."""

import csv
import hashlib
import json
import os
import zlib
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from ganvas.data.dataset.checksums import write_checksums, write_index
from ganvas.data.dataset.layout import INDEX, INFO, REJECTED, TRAIN, Info
from ganvas.foundation.arrays import Images


class ImagesFile:
    """An `.npy` file of uint8 [N, S, S, 3] that grows by one picture at a time; N is written at the end.

    It is filled by ordinary writes. These raise an error if the disk is full, which would kill a process that writes to
    a memory map.

    Attributes:
        sha256: hash of the pictures' bytes so far.
        size: height and width of the pictures in pixels.
        count: number of pictures so far.
        checksums: CRC-32 of the bytes of each.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.sha256 = hashlib.sha256()
        self.checksums = array("I")
        self._file, self.size, self.count = file, size, 0
        self._write_header()

    def keep(self, count: int, crc: int) -> bool:
        """Continue after pictures that the file holds already.

        Args:
            count: the number of pictures.
            crc: the CRC-32 of their bytes.

        Returns:
            Whether these pictures are intact. If not, none of them is kept.
        """
        start, length = self._file.tell(), count * self.size**2 * 3
        data = self._file.read(length)
        if len(data) != length or zlib.crc32(data) != crc:
            self._file.seek(start)
            return False
        self.sha256.update(data)
        each = self.size**2 * 3
        self.checksums.extend(zlib.crc32(data[place : place + each]) for place in range(0, length, each))
        self.count += count
        return True

    def cut(self) -> None:
        """Cut the file off after the pictures that were kept."""
        self._file.seek(self._file.tell())  # needed between reading and writing
        self._file.truncate()

    def append(self, pixels: Images) -> None:
        """Write one picture, uint8 [S, S, 3]."""
        data = pixels.tobytes()
        self._file.write(data)
        self.sha256.update(data)
        self.checksums.append(zlib.crc32(data))
        self.count += 1

    def flush(self) -> None:
        """Pass all pictures to the operating system, which keeps them even if this process is killed."""
        self._file.flush()

    def finish(self) -> None:
        """Write the number of pictures; more can follow."""
        self._file.seek(0)
        self._write_header()
        self._file.seek(0, os.SEEK_END)
        self._file.flush()

    def _write_header(self) -> None:
        # NumPy pads the header, so that its length does not depend on the count.
        shape = (self.count, self.size, self.size, 3)
        np.lib.format.write_array_header_1_0(self._file, {"descr": "|u1", "fortran_order": False, "shape": shape})

    def write_checksums(self, file: Path) -> None:
        """Write the checksums of the pictures to a file; see `checksums.py`."""
        file.write_bytes(np.array(self.checksums, "<u4").tobytes())


def fingerprint(images: ImagesFile, label_column: str | None, index: pd.DataFrame) -> str:
    """A sha256 over the pixels, their size, the class names of all pictures, and the splits if there are any."""
    labels = index[label_column].tolist() if label_column else None
    splits = index["split"].tolist() if "split" in index else [TRAIN]
    digest = images.sha256.copy()
    digest.update(json.dumps([images.size, labels, *([splits] if set(splits) != {TRAIN} else [])]).encode())
    return digest.hexdigest()


def write_tables(
    directory: Path, info: Info, index: pd.DataFrame, rejected: Iterable[tuple[str, str, str]] = ()
) -> None:
    """Write all files of a dataset directory except the pictures.

    Args:
        directory: the directory.
        info: the content of `dataset.json`.
        index: one row per picture.
        rejected: path, reason and detail of each file left out.
    """
    write_index(directory / INDEX, index)
    with (directory / REJECTED).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("path", "reason", "detail"), *rejected])
    text = json.dumps(info.model_dump(), indent=2, ensure_ascii=False) + "\n"
    # The file that marks the directory as complete comes last.
    write_checksums(directory / INFO, text.encode(), directory / INDEX)
    (directory / INFO).write_text(text, encoding="utf-8", newline="\n")
