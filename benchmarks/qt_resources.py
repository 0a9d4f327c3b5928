"""Read the files inside a compiled resource file of Qt (`.rcc`).

The format is that of Qt's `rcc` compiler, of versions 1 to 3: a header, a tree of nodes, their names, their data.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ganvas.foundation.errors import DataError

_ZLIB, _FOLDER, _ZSTD = 1, 2, 4  # flags of a node
_ROOT = PurePosixPath()


def read_resources(file: Path) -> dict[PurePosixPath, bytes]:
    """The content of every file in it, by its path.

    Raises:
        DataError: the file is missing, damaged, has another format, or is compressed by Zstandard.
    """
    try:
        return dict(_Resources(file.read_bytes()).files())
    except (OSError, struct.error, zlib.error, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"{file} cannot be read as a resource file of Qt: {error}") from error


class _Resources:
    """The parts of a resource file."""

    def __init__(self, data: bytes) -> None:
        magic, self.version, self.tree, self.contents, self.names = struct.unpack_from(">4s4I", data)
        if magic != b"qres" or not 1 <= self.version <= 3:
            raise ValueError("it does not begin as versions 1 to 3 do")
        self.data = data

    def files(self, node: int = 0, folder: PurePosixPath = _ROOT) -> Iterator[tuple[PurePosixPath, bytes]]:
        """The path and content of every file below a node of the tree. Node 0 is the root, which has no name."""
        place = self.tree + node * (14 if self.version == 1 else 22)
        name, flags, first, second = struct.unpack_from(">IHII", self.data, place)
        path = folder / self._name(name) if node else folder
        if flags & _FOLDER:
            count, child = first, second
            for number in range(child, child + count):
                if number <= node:
                    raise ValueError("its tree has a circle")
                yield from self.files(number, path)
        else:  # `first` is the country and language
            yield path, self._content(second, flags)

    def _name(self, offset: int) -> str:
        (length,) = struct.unpack_from(">H", self.data, self.names + offset)
        start = self.names + offset + 6  # after the length and a hash
        return self.data[start : start + 2 * length].decode("utf-16-be")

    def _content(self, offset: int, flags: int) -> bytes:
        (length,) = struct.unpack_from(">I", self.data, self.contents + offset)
        start = self.contents + offset + 4
        content = self.data[start : start + length]
        if len(content) < length:
            raise ValueError("it is cut short")
        if flags & _ZSTD:
            raise ValueError("it is compressed by Zstandard")
        return zlib.decompress(content[4:]) if flags & _ZLIB else content  # after the length when unpacked
