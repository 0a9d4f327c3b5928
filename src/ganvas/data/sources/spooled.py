"""Pictures that came over the network, in one temporary file."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.decode import Picture, Rejected, decode
from ganvas.data.fit import Frame
from ganvas.data.sources.source import Value


@dataclass(frozen=True)
class Spooled:
    """A picture in a temporary file: its first byte there, and how many they are."""

    file: Path
    start: int
    length: int
    name: str
    labels: Mapping[str, Value]

    def read(self, frame: Frame) -> Picture:
        """Decode the bytes."""
        if self.length == 0:
            raise Rejected("no picture in the table")
        with self.file.open("rb") as file:
            file.seek(self.start)
            data = file.read(self.length)
        return decode(io.BytesIO(data), background=frame.background, enough=2 * frame.size)
