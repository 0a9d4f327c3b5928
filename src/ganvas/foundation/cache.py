"""The cache: a directory for files that can be computed or downloaded again.

If it is not writable, everything still works, but each process makes these files again.
"""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

from ganvas.foundation.files import unwritable
from ganvas.foundation.notes import note_once
from ganvas.foundation.paths import user_path

# A full disk may still accept an empty file, so the test writes some bytes.
_PROBE_BYTES = 65_536


def cache_directory() -> Path:
    """`$GANVAS_CACHE`, or the user's cache directory."""
    chosen = os.environ.get("GANVAS_CACHE")
    return user_path(chosen) if chosen else platformdirs.user_cache_path("ganvas")


def cache_path(name: str, cache: Path | None = None) -> Path:
    """The path of an entry of the cache, or of a new one in `scratch_directory` if the cache is not writable.

    Args:
        name: name of the file or directory, with forward slashes.
        cache: the cache; by default `cache_directory()`.
    """
    directory = cache or cache_directory()
    try:
        if (directory / name).exists() or _can_be_written((directory / name).parent):
            return directory / name
    except OSError as error:
        note_unwritable(directory, error)
    return scratch_directory() / name


def note_unwritable(directory: Path, error: Exception) -> None:
    """Warn, once per process, that the cache is not writable."""
    reason = getattr(error, "strerror", None) or error
    note_once(
        "cache",
        f"cannot write to the cache {directory} ({reason}): its files will be made again each time; choose another "
        "directory with GANVAS_CACHE",
    )


@functools.cache
def scratch_directory() -> Path:
    """A temporary directory that is removed when this process ends.

    Raises:
        WriteError: it cannot be created.
    """
    with unwritable(Path(tempfile.gettempdir()) if tempfile.tempdir else Path("a temporary directory")):
        directory = Path(tempfile.mkdtemp(prefix="ganvas-"))
    atexit.register(_remove, directory, os.getpid())
    return directory


def _remove(directory: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked process must leave it alone
        shutil.rmtree(directory, ignore_errors=True)


def _can_be_written(directory: Path) -> bool:
    """Create a directory if it is missing, and return True if a file can be written there.

    Raises:
        OSError: it cannot.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(bytes(_PROBE_BYTES))
    return True
