"""Paths from users: home directories, checks with clear errors, and quoting for a shell."""

import contextlib
import errno
import shlex
from collections.abc import Iterator
from pathlib import Path

from ganvas.foundation.errors import GanvasError


def user_path(path: str | Path) -> Path:
    """Replace `~` or `~name` at the start of a path by the home directory, as a shell does."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such user; a shell leaves the name as it is
        return Path(path)


def new_path(path: str | Path) -> Path:
    """The path of something to be made: as `user_path`, but with a name of its own even for `.` and `..`.

    Raises:
        GanvasError: nothing can be made there, because symbolic links form a circle.
    """
    path = user_path(path)
    if is_circular(path):
        raise GanvasError(f"{path} cannot be used: its symbolic links form a circle")
    return path.resolve() if path.name in ("", "..") else path


def is_circular(path: Path) -> bool:
    """Whether the symbolic links of a path form a circle. `Path.resolve` tells it before Python 3.13 only."""
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    except ValueError:  # a null character
        pass
    return False


def exists(path: Path) -> bool:
    """Whether `path` exists.

    Raises:
        GanvasError: this cannot be determined: a directory above is not readable, or the name is too long.
    """
    with readable(path):
        return path.exists()


def is_file(path: Path) -> bool:
    """Whether `path` is a file; raises as `exists` does."""
    with readable(path):
        return path.is_file()


def is_directory(path: Path) -> bool:
    """Whether `path` is a directory; raises as `exists` does."""
    with readable(path):
        return path.is_dir()


def files_in(directory: Path, pattern: str) -> list[Path]:
    """The entries of a directory whose names match a pattern, sorted. Empty if the directory does not exist.

    Unlike `Path.glob`, it raises an error if the directory is not readable.

    Raises:
        GanvasError: the directory is not readable.
    """
    with readable(directory):
        try:
            return sorted(path for path in directory.iterdir() if path.match(pattern))
        except FileNotFoundError:
            return []


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn errors of the file system into a `GanvasError` that names `path`.

    Raises:
        GanvasError: permission is missing, or the name is too long or not valid.
    """
    try:
        yield
    except OSError as error:
        raise GanvasError(f"{path} cannot be used: {error.strerror or error}") from error
    except ValueError as error:  # a null character
        raise GanvasError(f"{str(path)!r} cannot be used: {error}") from error


def quoted(path: str | Path) -> str:
    """A path quoted for a shell."""
    word = str(path)
    return shlex.quote(f"./{word}" if word.startswith("-") else word)
