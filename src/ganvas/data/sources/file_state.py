"""Which file an open handle belongs to."""

from pathlib import Path
from typing import NamedTuple, Self


class FileState(NamedTuple):
    """Which file a handle belongs to: another file under the same path is not read through it."""

    path: Path
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Raise OSError if there is no such file."""
        status = path.stat()
        return cls(path.absolute(), status.st_size, status.st_mtime_ns)

    def __str__(self) -> str:
        return f"{self.size} {self.changed}"
