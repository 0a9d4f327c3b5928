"""Files and directories that are whole or not there.

Everything ganvas keeps is first written under a temporary name beside its final one, flushed to the disk, and
renamed. A crash, Ctrl-C, `kill -9` or a full disk leaves what was there before, and at worst a `*.partial-*`
name that the next writer of the same path removes.
"""

import contextlib
import glob
import json
import math
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from ganvas.foundation.errors import GanvasError


def _partial_prefix(path: Path) -> str:
    # Process ids mean something on one machine only, and caches may be shared by several.
    return f".{path.name}.partial-{platform.node()}-"


def _remove_stale_partials(path: Path) -> None:
    """Delete what writers of `path` on this machine that died left behind; a writer's name holds its process id."""
    for stale in path.parent.glob(glob.escape(_partial_prefix(path)) + "*"):
        pid = stale.name.rpartition("-")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove(stale)


def remove(path: Path) -> None:
    """Delete a file or directory if it is there; what cannot be deleted is no reason to fail."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()


def _flush(path: Path) -> None:
    """Make the disk hold what was written to a file, or a directory's list of names."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such thing for directories
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary name to write; on leaving without an error it replaces `path` atomically.

    Raises:
        GanvasError: the file system refused (full disk, no permission); `path` is as it was.
    """
    with _whole(path) as partial:
        yield partial
        _flush(partial)
        partial.replace(path)


@contextlib.contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield a temporary directory to fill; on leaving without an error it is renamed to `path`.

    Raises:
        GanvasError: `path` is taken by more than an empty directory, or the file system refused; nothing is left
            behind.
    """
    refuse_taken(path)
    with _whole(path) as partial:
        partial.mkdir()
        yield partial
        for file in [*partial.rglob("*"), partial]:
            _flush(file)
        if path.exists():
            path.rmdir()
        partial.rename(path)


def refuse_taken(path: Path) -> None:
    """Raise unless a directory may be made at `path`: there is nothing, or an empty directory.

    Raises:
        GanvasError: something is there, or nothing can ever be under that name.
    """
    try:
        is_taken = path.exists() and (not path.is_dir() or any(path.iterdir()))
    except OSError as error:  # a name too long, a closed folder on the way
        raise GanvasError(f"{path} cannot be used: {error.strerror or error}") from error
    if is_taken:
        raise GanvasError(f"{path} exists already; choose another name or remove it first")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    partial = path.with_name(f"{_partial_prefix(path)}{os.getpid()}")
    try:
        with unwritable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_stale_partials(path)
            yield partial
            _flush(path.parent)
    finally:
        remove(partial)


@contextlib.contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Turn a refusal of the file system, while `path` is being made, into one clear line.

    Raises:
        GanvasError: it refused (full disk, no permission).
    """
    try:
        yield
    except OSError as error:
        raise GanvasError(f"could not write {path}: {error.strerror or error}; nothing was changed there") from error


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Append one JSON object as a line. Values that JSON lacks (NaN, infinities) become null."""
    line = json.dumps(_finite(record), allow_nan=False)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise GanvasError(f"could not write {path}: {error.strerror or error}") from error


def read_records(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a `.jsonl` file, oldest first; a last line cut short by a crash is left out."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            records.append(json.loads(line))
    return records


def _finite(value: Any) -> Any:
    """A value with null in the place of every number that JSON lacks, however deep."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
