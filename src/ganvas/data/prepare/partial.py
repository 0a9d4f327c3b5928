"""A dataset while it is being prepared, which an interrupted run leaves behind for the next one.

It is a hidden directory `.DATA.unfinished-KEY` next to `DATA`, where KEY is a hash of the source and of everything that
decides how a picture looks. If `DATA` is an empty directory that cannot be replaced, such as a mount point, it lies in
`DATA`. It holds the pictures in the order in which they were made, and a journal with a line for each item. A line is
written after its pictures, so every picture in the journal exists, whatever ends the process. The next run with the
same key prepares only what is missing, what was left out, and what has changed since.
"""

import contextlib
import glob
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ganvas.data.dataset.layout import map_images
from ganvas.data.dataset.writing import ImagesFile
from ganvas.data.prepare.picture import Prepared
from ganvas.data.sources import Item
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import remove, unwritable, workplace
from ganvas.foundation.locks import InUse, exclusive

_IMAGES, _JOURNAL, _LOCK = "images.npy", "journal.jsonl", "lock"

_KEPT = (
    "the pictures prepared so far are kept in {}; the same command, or one with another choice of classes or pictures, "
    "continues from there"
)


@dataclass(frozen=True)
class Entry:
    """An item whose pictures are prepared: a line of the journal.

    Attributes:
        name: the item's name.
        stamp: the item's stamp when it was read; another stamp means that it has changed.
        first: the position of its first picture.
        phashes: the perceptual hash of each of its pictures.
        sha256: of its file.
        content: hash of its decoded pixels.
        width: of the upright original.
        height: of the upright original.
        crc: CRC-32 of the bytes of its pictures.
    """

    name: str
    stamp: str
    first: int
    phashes: list[str]
    sha256: str
    content: str
    width: int
    height: int
    crc: int


class PartialDataset:
    """The pictures prepared so far, and their journal.

    Attributes:
        size: height and width of the pictures in pixels.
    """

    def __init__(self, directory: Path, size: int, images: BinaryIO, journal: BinaryIO) -> None:
        self.size = size
        self._path, self._journal = directory / _IMAGES, journal
        self._images = ImagesFile(images, size)
        self._end = 0
        # Entries stay in the file: those of a hundred million pictures take more memory than most machines have.
        self._earlier = dict(self._read())

    def _read(self) -> Iterator[tuple[str, int]]:
        """Name and place of the entries before the first that is damaged or lacks pictures; both files are cut there.

        If a process was killed, only the last line can be damaged; after a power cut, any line can.
        """
        while (entry := _entry(self._journal.readline())) is not None:
            if entry.first != self._images.count or not self._images.keep(len(entry.phashes), entry.crc):
                break
            yield entry.name, self._end
            self._end = self._journal.tell()
        self._images.cut()
        self._journal.seek(self._end)
        self._journal.truncate()

    def place_of(self, item: Item) -> int | None:
        """The place of the entry of an item; None if there is none or the item has changed."""
        place = self._earlier.get(item.name)
        return place if place is not None and self.entry(place).stamp == item.stamp else None

    def entry(self, place: int) -> Entry:
        """The entry at a place that `place_of` or `add` has returned."""
        self._journal.seek(place)
        entry = _entry(self._journal.readline())
        if entry is None:
            raise GanvasError(f"{self._journal.name} was changed by another program; try again")
        return entry

    def add(self, name: str, item: Prepared) -> int:
        """Store the pictures of a prepared item. Returns the place of its entry."""
        first = self._images.count
        for square in item.views:
            self._images.append(square)
        self._images.flush()
        crc = zlib.crc32(np.ascontiguousarray(item.views).data)
        entry = Entry(name, item.stamp, first, item.phashes, item.sha256, item.content, item.width, item.height, crc)
        # Written after its pictures, so that whoever reads the line finds them.
        place, line = self._end, json.dumps(vars(entry)).encode() + b"\n"
        self._journal.seek(place)
        self._journal.write(line)
        self._journal.flush()
        self._end += len(line)
        return place

    def pictures(self) -> Images:
        """All pictures so far, uint8 [N, S, S, 3], as a read-only memory map."""
        self._images.finish()
        return map_images(self._path)

    def write(self, positions: Integers, target: Path) -> ImagesFile:
        """Write the file of a dataset's pictures. No picture can be added here afterwards.

        Args:
            positions: int64 [N], the position here of each picture of the dataset, in its order.
            target: the file to make, on the same disk.

        Returns:
            The file, finished.
        """
        pictures = self.pictures()
        if np.array_equal(positions, np.arange(len(pictures))):
            with contextlib.suppress(OSError):  # not every file system has hard links
                target.hardlink_to(self._path)
                return self._images
        with target.open("wb") as file:
            images = ImagesFile(file, self.size)
            for position in positions:
                images.append(pictures[position])
            images.finish()
        return images


@contextlib.contextmanager
def partial_dataset(target: Path, key: Mapping[str, object], size: int) -> Iterator[PartialDataset]:
    """Open the partial dataset of an interrupted run, or start one. It is removed once the work has succeeded.

    Args:
        target: the dataset directory to make.
        key: the source, and everything that decides how its pictures look.
        size: height and width of the pictures in pixels.

    Raises:
        GanvasError: another process is making the same dataset, or the file system refused. To the message of every
            `GanvasError` raised inside, the place of the prepared pictures is added, if there are any.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    directory = workplace(target) / f"{_prefix(target)}{digest[:16]}"
    try:
        with _locked(directory, target):
            yield from _opened(directory, target, size)
    finally:
        # The lock's file is gone now. Where open files cannot be removed, an empty directory may have stayed.
        with contextlib.suppress(OSError):
            directory.rmdir()
    _remove_others(target, directory.parent)


@contextlib.contextmanager
def _locked(directory: Path, target: Path) -> Iterator[None]:
    """Keep other processes from making the same dataset."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(target, "prepared", directory / _LOCK))
        except InUse as error:
            by = "" if error.by == "another process" else f": {error.by}"
            raise GanvasError(f"another process is preparing {target}{by}") from None
        yield


def _opened(directory: Path, target: Path, size: int) -> Iterator[PartialDataset]:
    """Open the directory. It is removed afterwards, unless the work has failed and left pictures in it."""
    has_failed = True
    try:
        with unwritable(target):
            for name in (_IMAGES, _JOURNAL):
                (directory / name).touch()
            with (directory / _IMAGES).open("rb+") as images, (directory / _JOURNAL).open("rb+") as journal:
                yield PartialDataset(directory, size, images, journal)
        has_failed = False
    except GanvasError as error:
        if _holds_work(directory):
            error.args = (f"{error}; {_KEPT.format(directory)}",)
        raise
    finally:
        if not (has_failed and _holds_work(directory)):
            remove(directory)


def _entry(line: bytes) -> Entry | None:
    """A line of the journal, or None if it is damaged."""
    try:
        return Entry(**json.loads(line)) if line.endswith(b"\n") else None
    except (ValueError, TypeError):
        return None


def _holds_work(directory: Path) -> bool:
    with contextlib.suppress(OSError):
        return (directory / _JOURNAL).stat().st_size > 0
    return False


def _prefix(target: Path) -> str:
    return f".{target.resolve().name}.unfinished-"


def _remove_others(target: Path, home: Path) -> None:
    """Delete what runs with other options left behind, now that the dataset exists, but nothing that is in use."""
    for directory in home.glob(glob.escape(_prefix(target)) + "*"):
        with contextlib.suppress(GanvasError), exclusive(directory, "removed", directory / _LOCK):
            remove(directory)
