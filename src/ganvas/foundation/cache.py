"""Where what can be computed or fetched again is kept.

A cache is a convenience: where it cannot be written, everything works without it, and is made again in every process.
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

# A disk that is full may still have room for an empty file.
_PROBE_BYTES = 65_536


def cache_directory() -> Path:
    """`$GANVAS_CACHE`, or the user's cache directory."""
    chosen = os.environ.get("GANVAS_CACHE")
    return user_path(chosen) if chosen else platformdirs.user_cache_path("ganvas")


def cache_path(name: str, cache: Path | None = None) -> Path:
    """Where something is kept: in the cache if it is there or the cache can be written, or else in `scratch_directory`.

    Args:
        name: of the file or directory, with forward slashes.
        cache: another cache than `cache_directory()`.
    """
    directory = cache or cache_directory()
    try:
        if (directory / name).exists() or _can_be_written((directory / name).parent):
            return directory / name
    except OSError as error:
        note_unwritable(directory, error)
    return scratch_directory() / name


def note_unwritable(directory: Path, error: Exception) -> None:
    """Say, once, that nothing can be kept in the cache."""
    reason = getattr(error, "strerror", None) or error
    note_once(
        "cache",
        f"the cache {directory} cannot be written ({reason}): what is made for it is not kept; name another with "
        "GANVAS_CACHE",
    )


@functools.cache
def scratch_directory() -> Path:
    """A temporary directory that is removed when this process ends.

    Raises:
        WriteError: there is no room for one.
    """
    with unwritable(Path(tempfile.gettempdir()) if tempfile.tempdir else Path("a temporary directory")):
        directory = Path(tempfile.mkdtemp(prefix="ganvas-"))
    atexit.register(_remove, directory, os.getpid())
    return directory


def _remove(directory: Path, owner: int) -> None:
    if os.getpid() == owner:  # not a process that was forked from it
        shutil.rmtree(directory, ignore_errors=True)


def _can_be_written(directory: Path) -> bool:
    """True if a file can be made in a directory, which is made if need be.

    Raises:
        OSError: the file system refused.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(bytes(_PROBE_BYTES))
    return True
