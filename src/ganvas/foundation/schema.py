"""Versions of the files that ganvas keeps, and what becomes of those that another version of ganvas wrote.

A file names its version, and a version stands for one layout. An earlier version is migrated when it is read, which
leaves the file as it is. One that cannot be migrated, and any later version, is refused in one line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganvas.foundation.errors import GanvasError

KEY = "schema_version"

Content = dict[str, Any]


@dataclass(frozen=True)
class Schema:
    """The versions of one kind of file.

    Attributes:
        version: that this ganvas writes.
        error: the kind of error for a file that cannot be read.
        advice: what to do about a file of an earlier version that cannot be migrated.
        migrations: by the version that they start from, functions that return the content in the next version. They
            change no argument.
    """

    version: int
    error: type[GanvasError]
    advice: str
    migrations: Mapping[int, Callable[[Content], Content]] = field(default_factory=dict)

    def require(self, found: object, file: Path) -> int:
        """The version of a file that can be read.

        Args:
            found: the version that the file names; None if it names none.
            file: the file, for the message.

        Raises:
            GanvasError: of the kind `error`: this ganvas reads no such version.
        """
        oldest = min(self.migrations, default=self.version)
        if type(found) is int and oldest <= found <= self.version:
            return found
        read = f"version {self.version}" if oldest == self.version else f"versions {oldest} to {self.version}"
        is_later = type(found) is int and found > self.version
        advice = "a later ganvas wrote it, so upgrade ganvas" if is_later else self.advice
        raise self.error(f"{file} has schema version {found!r}, but this ganvas reads {read}; {advice}")

    def current(self, content: object, file: Path) -> Content:
        """The content of a file in the present version.

        Args:
            content: of the file, of any type; its version is under `KEY`.
            file: the file, for the message.

        Raises:
            GanvasError: of the kind `error`: this ganvas reads no such version.
        """
        found = content.get(KEY) if isinstance(content, dict) else None
        version = self.require(found, file)
        assert isinstance(content, dict)
        return self.migrated(content, version) | {KEY: self.version}

    def migrated(self, content: Content, version: int) -> Content:
        """The content of a version that `require` accepts, in the present version."""
        for each in range(version, self.version):
            content = self.migrations[each](content)
        return content
