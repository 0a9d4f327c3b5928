"""Paths as users write them: home directories, questions to the file system, and quotes for a shell."""

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path

from ganvas.foundation.errors import GanvasError


def user_path(path: str | Path) -> Path:
    """The path with `~` or `~name` at its start replaced by that home directory, as a shell does it."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no such user; a shell leaves the name as it is
        return Path(path)


def new_path(path: str | Path) -> Path:
    """The path of something to be made: as `user_path`, but with a name of its own even for `.` and `..`.

    Raises:
        GanvasError: nothing can be made there, because symbolic links form a circle.
    """
    path = user_path(path)
    try:
        whole = path.resolve()
    except RuntimeError as error:
        raise GanvasError(f"{path} cannot be used: its symbolic links form a circle") from error
    return whole if path.name in ("", "..") else path


def exists(path: Path) -> bool:
    """Whether there is anything at `path`.

    Raises:
        GanvasError: the file system does not say: a folder on the way is closed, or the name is too long.
    """
    with readable(path):
        return path.exists()


def is_file(path: Path) -> bool:
    """Whether there is a file at `path`; raises as `exists` does."""
    with readable(path):
        return path.is_file()


def is_directory(path: Path) -> bool:
    """Whether there is a directory at `path`; raises as `exists` does."""
    with readable(path):
        return path.is_dir()


def files_in(directory: Path, pattern: str) -> list[Path]:
    """The files of a directory whose names match a pattern, sorted; none if the directory does not exist.

    `Path.glob` finds nothing in a directory that may not be read; this says so.

    Raises:
        GanvasError: the directory cannot be read.
    """
    with readable(directory):
        try:
            return sorted(path for path in directory.iterdir() if path.match(pattern))
        except FileNotFoundError:
            return []


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn a refusal of the file system to look at `path` into one clear line.

    Raises:
        GanvasError: it refused (no permission, a name that is too long or that no file can have).
    """
    try:
        yield
    except OSError as error:
        raise GanvasError(f"{path} cannot be used: {error.strerror or error}") from error
    except ValueError as error:  # a null character
        raise GanvasError(f"{str(path)!r} cannot be used: {error}") from error


def quoted(path: str | Path) -> str:
    """A path as one word of a command line that can be pasted into a shell."""
    word = str(path)
    return shlex.quote(f"./{word}" if word.startswith("-") else word)
