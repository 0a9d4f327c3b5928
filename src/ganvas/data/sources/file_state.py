"""The state of a file, by which a changed file is told from the same one."""

from pathlib import Path
from typing import NamedTuple, Self


class FileState(NamedTuple):
    """Path, size and modification time. Handles are cached by it, so a replaced file is never read through an old one.

    Attributes:
        path: absolute.
        size: in bytes.
        modified: time of the last change, in nanoseconds.
    """

    path: Path
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The present state of a file. Raises OSError if there is no such file."""
        status = path.stat()
        return cls(path.absolute(), status.st_size, status.st_mtime_ns)

    def __str__(self) -> str:
        return f"{self.size} {self.modified}"
