"""Pictures that were streamed over the network into a temporary file."""

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.pictures.decode import Picture, decode
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources.source import Value


@dataclass(frozen=True)
class StreamedPicture:
    """A picture in a temporary file, from byte `start` on."""

    file: Path
    start: int
    length: int
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """A checksum of the bytes."""
        return str(zlib.crc32(self._bytes()))

    def read(self, frame: Frame) -> Picture:
        """Decode the bytes."""
        if self.length == 0:
            raise Rejected("no picture in the table")
        return decode(io.BytesIO(self._bytes()), frame)

    def _bytes(self) -> bytes:
        with self.file.open("rb") as file:
            file.seek(self.start)
            return file.read(self.length)
