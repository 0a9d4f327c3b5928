"""Pictures in a zip or tar archive. They are read from the archive; nothing is ever extracted to the disk.

So the name of a member can never lead to a file outside of the archive. Each process opens an archive once and keeps it
open between members.
"""

import bz2
import functools
import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import IO, NamedTuple, cast

from ganvas.data.pictures.decode import Picture, decode
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.sources.file_state import FileState
from ganvas.data.sources.layouts import open_tree
from ganvas.data.sources.skipped import skipped_folders
from ganvas.data.sources.source import Request, Source, Value, unique
from ganvas.data.sources.tree import as_text
from ganvas.foundation.errors import DataError

# A larger picture file is an attack or a mistake; an archive can hold a terabyte in a kilobyte.
MOST_BYTES = 2**30
# Members of a zip archive that are longer than this, and packed more tightly than that, are made to fill the memory.
_LONG, _TIGHT = 2**26, 100

ENCRYPTED = "encrypted"
LINK = "a link or a device in an archive"
OUTSIDE = "a name that leads out of its archive"
PACKING = "compressed in a way that this Python cannot read"
TOO_LONG = "more than a gibibyte"
BOMB = "packed more than a hundred times over, as no picture of that size is"

# zipfile raises NotImplementedError for a version of the format, or a compression, that it does not know.
_DAMAGE = (
    OSError, EOFError, ValueError, NotImplementedError,
    zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip

# The first bytes of a compressed tar archive, and the module that reads it.
_PACKERS: dict[bytes, ModuleType] = {b"\x1f\x8b": gzip, b"BZh": bz2, b"\xfd7zXZ\0": lzma, b"\x5d\0\0": lzma}
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_ZIP = b"PK\3\4"
# In a zip archive, the flag of names in UTF-8, and the number of the field that holds such a name.
_IS_UTF8, _UNICODE_PATH = 0x800, 0x7075

_DRIVE = re.compile("[A-Za-z]:/")


class Place(NamedTuple):
    """Where a member lies: its number in a zip archive, or its offset in a decompressed tar archive; and its length."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Member:
    """A picture in an archive."""

    archive: FileState
    place: Place
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """The state of the archive and the place of the member."""
        return f"{self.archive} {self.place.start}"

    def read(self, frame: Frame) -> Picture:
        """Extract the member in memory and decode it."""
        return decode(io.BytesIO(read_member(self.archive, self.place)), frame)


def read_member(archive: FileState, place: Place) -> bytes:
    """The bytes of a member.

    Raises:
        Rejected: the member is damaged, or compressed in a way that cannot be read.
    """
    try:
        handle = _handle(archive)
        if isinstance(handle, zipfile.ZipFile):
            with handle.open(handle.infolist()[place.start]) as file:
                return _whole(file, place.length)
        handle.seek(place.start)
        return _whole(handle, place.length)
    except FileNotFoundError as error:
        raise Rejected(Reason.MISSING) from error
    except NotImplementedError as error:  # zipfile does not know the compression
        raise Rejected(PACKING) from error
    except _DAMAGE as error:
        _handle.cache_clear()  # the position of a failed stream is unknown
        raise Rejected(Reason.DAMAGED) from error


def _whole(file: IO[bytes], length: int) -> bytes:
    """Read exactly `length` bytes. A member that is longer than it claims could be endless."""
    data = file.read(length)
    if len(data) != length:
        raise EOFError
    return data


@functools.lru_cache(maxsize=4)
def _handle(archive: FileState) -> zipfile.ZipFile | IO[bytes]:
    return zipfile.ZipFile(archive.path) if _is_zip(archive.path) else _unpacked(archive.path)


def _unpacked(path: Path) -> IO[bytes]:
    """A tar archive as a seekable file, decompressed as it is read."""
    with path.open("rb") as file:
        start = file.read(8)
    packer = next((module for magic, module in _PACKERS.items() if start.startswith(magic)), None)
    return cast(IO[bytes], path.open("rb") if packer is None else packer.open(path))


class Archive:
    """The files of an archive.

    Those of a zip archive are sorted by path. Those of a tar archive keep its order, because a compressed one can only
    be read from its beginning to its end.

    Attributes:
        title: the archive's path.
        names: the members' paths, as stored in the archive.
        unreadable: members that cannot be read as pictures, and why.
        wrapper: the single top folder that holds everything, with a slash at its end, or "".
    """

    def __init__(self, path: Path) -> None:
        self.title = str(path)
        try:
            self._stamp = FileState.of(path)
            members = _zip_members(path) if _is_zip(path) else _tar_members(path)
        except _DAMAGE as error:
            raise DataError(f"{path} cannot be read as a zip or tar archive: {error}") from error
        self._places: dict[str, Place] = {}
        self.unreadable: dict[str, str] = {}
        members = _without_skipped(members)
        names = unique(as_text(name) for name, _, _ in members)
        for name, (_, place, why) in zip(names, members, strict=True):
            self._places[name] = place
            if why := why or (OUTSIDE if _leads_out(name) else TOO_LONG if place.length > MOST_BYTES else ""):
                self.unreadable[name] = why
        self.names = list(self._places)
        tops = {name.partition("/")[0] for name in self.names if name not in self.unreadable}
        is_wrapped = len(tops) == 1 and all("/" in name for name in self.names if name not in self.unreadable)
        self.wrapper = f"{tops.pop()}/" if is_wrapped else ""

    def picture(self, name: str, labels: Mapping[str, Value]) -> Member:
        """The member with that path, as an item."""
        return Member(self._stamp, self._places[name], name, labels)

    def content(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            DataError: the member cannot be read.
        """
        try:
            if name in self.unreadable:
                raise Rejected(self.unreadable[name])
            return read_member(self._stamp, self._places[name])
        except Rejected as error:
            raise DataError(f"{name} in {self.title} cannot be read: {error}") from error


Members = list[tuple[str, Place, str]]


def _zip_members(path: Path) -> Members:
    """The name and place of each member, and why it cannot be read, or ""."""
    with zipfile.ZipFile(path) as archive:
        members = [
            (_name(info).replace("\\", "/"), Place(number, info.file_size), _why_not(info))
            for number, info in enumerate(archive.infolist())
            if info.filename and not info.is_dir() and not _is_hidden(info.filename)
        ]
    return sorted(members)


def _why_not(info: zipfile.ZipInfo) -> str:
    """Why a member of a zip archive is not read, or ""."""
    if info.flag_bits & 1:
        return ENCRYPTED
    return BOMB if info.file_size > max(_LONG, _TIGHT * info.compress_size) else ""


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member.

    The format has two encodings: UTF-8, marked by a flag, and the DOS code page 437. Many programs write UTF-8 without
    the flag, or put a UTF-8 name into an extra field.
    """
    if info.flag_bits & _IS_UTF8:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
        return _extra_name(info.extra, raw) or raw.decode("utf-8")
    except UnicodeError:
        return info.filename


def _extra_name(extra: bytes, raw: bytes) -> str | None:
    """The name in the "Unicode path" field, if the field's checksum is that of the raw name."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and field[1:5] == struct.pack("<L", zlib.crc32(raw)):
            return field[5:].decode("utf-8")
    return None


def _without_skipped(members: Members) -> Members:
    """The members; all those in a skipped folder are replaced by the folder itself."""
    skipped = skipped_folders(name for name, _, _ in members)
    if not skipped:
        return members
    kept = [each for each in members if not any(each[0].startswith(f"{folder}/") for folder in skipped)]
    return [*kept, *((folder, Place(0, 0), why) for folder, why in skipped.items())]


def _tar_members(path: Path) -> Members:
    """The same for a tar archive; if it is cut short, a last entry stands for what is missing."""
    members: Members = []
    with _unpacked(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        try:
            while (info := archive.next()) is not None:
                if not info.isdir() and not _is_hidden(info.name):
                    is_plain = info.isreg() and not info.issparse()
                    members.append((info.name, Place(info.offset_data, info.size), "" if is_plain else LINK))
            if members and not _ends_well(file, members[-1][1]):
                raise EOFError
        except _DAMAGE:
            members.append((f"(the rest of {path.name})", Place(0, 0), Reason.DAMAGED))
    return [(name.removeprefix("./"), place, why) for name, place, why in members]


def _ends_well(file: IO[bytes], last: Place) -> bool:
    """Whether the last member is complete."""
    if last.length == 0:
        return True
    file.seek(last.start + last.length - 1)
    return len(file.read(1)) == 1


def _is_hidden(name: str) -> bool:
    """Whether a file manager would hide the file, or it is metadata that macOS adds to archives."""
    return any(part == "__MACOSX" or (part.startswith(".") and part.strip(".")) for part in name.split("/"))


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or _DRIVE.match(name) is not None


def _is_tar(path: Path) -> bool:
    try:
        with _unpacked(path) as file, tarfile.open(fileobj=file, mode="r:"):
            return True
    except _DAMAGE:
        return False


def _is_zip(path: Path) -> bool:
    """Whether a file is a zip archive. The signature is at the end, where a tar archive can hold a zip file, too."""
    return zipfile.is_zipfile(path) and not _is_tar(path)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, or a tar archive in any compression.

    Raises:
        DataError: the file is a zip archive without its end, or its compression cannot be read.
    """
    try:
        if zipfile.is_zipfile(path) or _is_tar(path):
            return True
        with path.open("rb") as file:
            start = file.read(4)
    except _DAMAGE:
        return False
    if start == _ZSTANDARD:
        raise DataError(
            f"{path} is compressed with Zstandard, which ganvas does not read; pack it again as .tar.gz or .zip"
        )
    if start == _ZIP:
        raise DataError(f"{path} is damaged or cut short: a zip archive without its end; copy or download it again")
    return False


def open_archive(path: Path, request: Request) -> Source:
    """Open the pictures of an archive like those of a folder.

    A single top folder does not count: an archive with `art/sea` and `art/land` has the classes sea and land.

    Raises:
        DataError: the archive cannot be read or holds no files.
    """
    return open_tree(Archive(path), request)
