"""Pictures that are prepared already, kept until the dataset is whole.

Next to `DATA` there is meanwhile a hidden directory `.DATA.unfinished-KEY`, where KEY stands for the source and for all
that decides how a picture looks. It lies in `DATA` if that is an empty directory that cannot be replaced, such as a
mount point. It holds the pictures in the order in which they were made, and a journal with a line for
each item. Whatever ends the process, what the journal tells of is there: the next run with the same key makes only
what is missing, what was left out, and what has changed since.
"""

import contextlib
import dataclasses
import glob
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.layout import map_images
from ganvas.data.dataset.writing import ImagesFile
from ganvas.data.prepare.picture import Prepared
from ganvas.data.sources import Item
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import remove, unwritable, workplace
from ganvas.foundation.locks import InUse, exclusive

_IMAGES, _JOURNAL, _LOCK = "images.npy", "journal.jsonl", "lock"

_KEPT = (
    "what is prepared is kept in {}, and the same command, or one with another choice of classes or pictures, goes on "
    "from it"
)


@dataclass(frozen=True)
class Entry:
    """An item whose pictures are kept.

    Attributes:
        name: the item's.
        stamp: the item's, from when it was read; another stamp means that it has changed.
        first: the position of its first picture.
        phashes: the perceptual hash of each of its pictures.
        sha256: of its file.
        content: of its decoded pixels.
        width: of the upright original.
        height: of the upright original.
        crc: of the bytes of its pictures.
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


class Unfinished:
    """The pictures made so far, and the journal about them.

    Attributes:
        size: height and width of the pictures in pixels.
    """

    def __init__(self, directory: Path, size: int, images: BinaryIO, journal: BinaryIO) -> None:
        self.size = size
        self._path, self._journal = directory / _IMAGES, journal
        self._images = ImagesFile(images, size)
        self._known = {entry.name: entry for entry in self._read()}

    def _read(self) -> Iterator[Entry]:
        """The entries up to the first that is torn or whose pictures are not whole; what follows is cut off.

        After a process was killed only the last line can be torn; after a power cut, anything.
        """
        end = 0
        while (entry := _entry(self._journal.readline())) is not None:
            if entry.first != self._images.count or not self._images.keep(len(entry.phashes), entry.crc):
                break
            end = self._journal.tell()
            yield entry
        self._images.cut()
        self._journal.seek(end)
        self._journal.truncate()

    def known(self, item: Item) -> Entry | None:
        """What is kept of an item, unless it has changed."""
        entry = self._known.get(item.name)
        return entry if entry is not None and entry.stamp == item.stamp else None

    def add(self, name: str, made: Prepared) -> Entry:
        """Keep the pictures of an item."""
        first = self._images.count
        for square in made.views:
            self._images.append(square)
        self._images.flush()
        crc = zlib.crc32(np.ascontiguousarray(made.views).data)
        entry = Entry(name, made.stamp, first, made.phashes, made.sha256, made.content, made.width, made.height, crc)
        # The line comes after the pictures it tells of, so whoever reads it finds them.
        self._journal.write(json.dumps(dataclasses.asdict(entry)).encode() + b"\n")
        self._journal.flush()
        return entry

    def pictures(self) -> NDArray[np.uint8]:
        """All that are kept, uint8 [N, S, S, 3], as a read-only memory map; positions count in it."""
        self._images.finish()
        return map_images(self._path)

    def write(self, positions: NDArray[np.int64], target: Path) -> ImagesFile:
        """Write the file of a dataset's pictures, after which none can be added here.

        Args:
            positions: int64 [N], of each picture in the order of the dataset.
            target: the file to make, on the same disk.

        Returns:
            The file, finished.
        """
        kept = self.pictures()
        if np.array_equal(positions, np.arange(len(kept))):
            with contextlib.suppress(OSError):  # not every file system has links
                target.hardlink_to(self._path)
                return self._images
        with target.open("wb") as file:
            images = ImagesFile(file, self.size)
            for position in positions:
                images.append(kept[position])
            images.finish()
        return images


@contextlib.contextmanager
def unfinished(target: Path, key: dict[str, Any], size: int) -> Iterator[Unfinished]:
    """What is kept of earlier attempts at a dataset; it is removed when this one has succeeded.

    Args:
        target: the dataset directory that is being made.
        key: the source, and all that decides how its pictures look.
        size: height and width of the pictures in pixels.

    Raises:
        GanvasError: another process is making the same dataset, or the file system refused. Whatever is raised inside
            says where the work is kept, if there is any.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    directory = workplace(target) / f"{_prefix(target)}{digest[:16]}"
    try:
        with _locked(directory, target):
            yield from _kept(directory, target, size)
    finally:
        # Locks are files, and an empty directory may stay where open files cannot be removed.
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
            raise GanvasError(f"another process is making {target} at this moment{by}") from None
        yield


def _kept(directory: Path, target: Path, size: int) -> Iterator[Unfinished]:
    """What the directory holds; it is removed afterwards, unless there is work in it that is still wanted."""
    is_enabled = True
    try:
        with unwritable(target):
            for name in (_IMAGES, _JOURNAL):
                (directory / name).touch()
            with (directory / _IMAGES).open("rb+") as images, (directory / _JOURNAL).open("rb+") as journal:
                yield Unfinished(directory, size, images, journal)
        is_enabled = False
    except GanvasError as error:
        if _holds_work(directory):
            error.args = (f"{error}; {_KEPT.format(directory)}",)
        raise
    finally:
        if not (is_enabled and _holds_work(directory)):
            remove(directory)


def _entry(line: bytes) -> Entry | None:
    """A line of the journal, or None if it is torn."""
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
    """Delete what attempts with other options left behind, now that the dataset is there; not what is in use."""
    for directory in home.glob(glob.escape(_prefix(target)) + "*"):
        with contextlib.suppress(GanvasError), exclusive(directory, "removed", directory / _LOCK):
            remove(directory)
