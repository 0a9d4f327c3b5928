"""Atomic writing of files and directories.

Each file is written under a temporary name in the same directory, flushed to the disk, and renamed. After a crash,
Ctrl-C, `kill -9` or on a full disk, the old content is still there. A `*.partial-*` file may be left, which the next
writer of the same path removes.

Some file systems cannot flush, and some directories cannot be replaced, such as mount points. Writing works there too,
with a warning.
"""

import contextlib
import errno
import glob
import itertools
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from ganvas.foundation.errors import GanvasError, WriteError
from ganvas.foundation.notes import note_once
from ganvas.foundation.paths import readable
from ganvas.foundation.processes import Process

# Error codes of a flush that lost data. Any other error means that the file system does not support flushing.
_LOST = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ESTALE})
# Error codes of renaming onto a mount point, a directory of a lower container layer, or a name that is protected.
_FIXED = frozenset({errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES, errno.EEXIST, errno.ENOTEMPTY})
# Entries of a directory that still counts as empty: a new file system has the first, `locks.py` makes the second.
_PASSED_OVER = frozenset({"lost+found", ".lock"})

_numbers = itertools.count()


def _partial_prefix(path: Path) -> str:
    # Machines may share a cache, and process ids are only unique on one machine.
    return f".{path.name}.partial-{Process.current().host}-"


def _partial(path: Path, home: Path) -> Path:
    """A temporary name that no other writer of `path` uses."""
    process = Process.current()
    return home / f"{_partial_prefix(path)}{process.pid}-{process.started}-{next(_numbers)}"


def _remove_stale_partials(path: Path, home: Path) -> None:
    """Delete the temporary files that dead processes of this machine left next to `path`."""
    prefix = _partial_prefix(path)
    for stale in home.glob(glob.escape(prefix) + "*"):
        pid, _, rest = stale.name.removeprefix(prefix).partition("-")
        started = rest.rpartition("-")[0]
        # Names from earlier versions end with the process id.
        if pid.isdigit() and not (
            Process(Process.current().host, int(pid), started).is_alive if started else psutil.pid_exists(int(pid))
        ):
            remove(stale)


def remove(path: Path) -> None:
    """Delete a file or directory if it exists. Errors are ignored."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()


def _flush(path: Path) -> None:
    """Flush a file, or the names in a directory, to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot flush directories
    try:
        descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _LOST:
            raise
        note_once(
            "flushing",
            f"the file system of {path.parent} cannot flush ({_reason(error)}); a power failure may lose what was just "
            "written",
        )


def flush(*paths: Path) -> None:
    """Flush files, or the names in directories, to the disk, such as logs, which are appended to without that.

    Raises:
        WriteError: data was lost.
    """
    for path in paths:
        with unwritable(path, was_changed=True):
            _flush(path)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to. If the block ends without an error, that file replaces `path` atomically.

    Raises:
        WriteError: the file system refused (full disk, no permission), or a device, pipe or socket has that name.
    """
    # Renaming onto a device such as /dev/null would replace it for everybody.
    with readable(path):
        if path.exists() and not path.is_file() and not path.is_dir():
            raise WriteError(f"could not write {path}: it is not a regular file; name a file to make")
    with _whole(path, path, path.parent) as partial:
        yield partial
        _flush(partial)
        _replace(partial, path)


@contextlib.contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield a temporary directory to fill. If the block ends without an error, it is renamed to `path`.

    Raises:
        GanvasError: `path` exists and is not an empty directory.
        WriteError: the file system refused to write. Nothing is left behind.
    """
    refuse_taken(path)
    with _whole(path, path.resolve(), workplace(path)) as partial:
        partial.mkdir()
        yield partial
        for file in [*partial.rglob("*"), partial]:
            _flush(file)
        _put_in_place(partial, path.resolve())


def workplace(path: Path) -> Path:
    """The directory in which a directory `path` is made under a temporary name.

    This is the parent of `path`. If `path` is an empty directory that cannot be replaced, such as a mount point or the
    current directory, it is `path` itself. See `is_free` for what counts as empty.

    Raises:
        WriteError: the file system refused access.
    """
    with unwritable(path):
        whole = path.resolve()
        return whole if whole.is_dir() and not _is_replaceable(whole) else whole.parent


def refuse_taken(path: Path) -> None:
    """Raise an error unless a directory can be made at `path`.

    Raises:
        GanvasError: `path` exists and is not an empty directory, or no file can have that name.
    """
    if not is_free(path):
        raise GanvasError(f"{path} exists already; choose another name or remove it first")


def is_free(path: Path) -> bool:
    """Whether a directory can be made at `path`: it does not exist, or it is an empty directory.

    A directory also counts as empty with `lost+found`, a lock, or temporary files of `path` in it.

    Raises:
        GanvasError: no file can have that name, or it is in a directory that cannot be read.
    """
    try:
        if not path.exists():
            return True
        own = tuple(f".{path.resolve().name}.{kind}-" for kind in ("partial", "unfinished"))
        return path.is_dir() and all(each.name in _PASSED_OVER or each.name.startswith(own) for each in path.iterdir())
    except OSError as error:  # the name is too long, or a directory above is not readable
        raise GanvasError(f"{path} cannot be used: {_reason(error)}") from error


@contextlib.contextmanager
def _whole(path: Path, place: Path, home: Path) -> Iterator[Path]:
    """Yield a temporary name in `home` for the final path `place`. The caller moves it there. Messages name `path`."""
    partial = _partial(place, home)
    try:
        with unwritable(path):
            _make_with_parents(home)
            _remove_stale_partials(place, home)
            yield partial
        with unwritable(path, was_changed=True):
            _flush(home)
    finally:
        remove(partial)


def _make_with_parents(directory: Path) -> None:
    """Create a directory and those above it, so that a power failure leaves them there."""
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _flush(each.parent)


@contextlib.contextmanager
def unwritable(path: Path, *, was_changed: bool = False) -> Iterator[None]:
    """Turn errors of the file system into a `WriteError` that names `path`.

    Args:
        path: the file or directory that is being written.
        was_changed: whether it may have been changed already.

    Raises:
        WriteError: the file system refused to write.
    """
    try:
        yield
    except OSError as error:
        untouched = "" if was_changed else "; nothing was changed there"
        raise WriteError(f"could not write {path}: {_reason(error)}{untouched}") from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _is_replaceable(directory: Path) -> bool:
    """Whether another directory can be renamed onto this empty one. Tries it with a new empty directory."""
    if _is_current(directory):
        return False
    if os.name == "nt":
        return not directory.is_mount()
    probe = _partial(directory, directory.parent)
    try:
        probe.mkdir(mode=directory.stat().st_mode & 0o7777)
        probe.rename(directory)
    except OSError:
        remove(probe)
        return False
    return True


def _is_current(directory: Path) -> bool:
    """Whether it is the current directory of this process."""
    with contextlib.suppress(OSError):  # the current directory may have been deleted
        return directory.samefile(Path.cwd())
    return False


def _replace(partial: Path, path: Path) -> None:
    """Rename a file to `path`. If `path` cannot be replaced, such as a mounted file, overwrite its content."""
    try:
        partial.replace(path)
    except OSError as error:
        if error.errno not in _FIXED or not path.is_file():
            raise
        with unwritable(path, was_changed=True):
            shutil.copyfile(partial, path)
        _note_fixed(path, error)


def _put_in_place(partial: Path, path: Path) -> None:
    """Rename a directory to `path`. If `path` cannot be replaced, move the entries into it one by one."""
    if partial.parent != path:
        try:
            if os.name == "nt" and path.exists():
                path.rmdir()
            partial.rename(path)
            return
        except OSError as error:
            if error.errno not in _FIXED or not path.is_dir() or not is_free(path):
                raise
            _note_fixed(path, error)
    moved: list[Path] = []
    try:
        # In the order of writing, so that the file that marks the directory as complete comes last.
        for part in sorted(partial.iterdir(), key=lambda part: part.stat().st_mtime_ns):
            moved.append(path / part.name)
            shutil.move(part, path / part.name)
    except OSError:
        for part in moved:
            remove(part)
        raise


def _note_fixed(path: Path, error: OSError) -> None:
    note_once("replacing", f"{path} cannot be replaced ({_reason(error)}), so it was not written atomically")


def append_record(path: Path, record: Mapping[str, object]) -> None:
    """Append a JSON object as a line to a `.jsonl` file. NaN and infinities become null."""
    line = json.dumps(_finite(record), allow_nan=False).encode() + b"\n"
    try:
        with path.open("ab+") as file:
            # A line that a crash cut short must not spoil this one.
            file.write(b"\n" + line if _is_cut_short(file) else line)
    except OSError as error:
        raise GanvasError(f"could not write {path}: {_reason(error)}") from error


def read_records(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a `.jsonl` file, oldest first. Lines that are cut short or damaged are skipped.

    Raises:
        GanvasError: the file cannot be read.
    """
    with readable(path):
        if not path.exists():
            return []
        text = path.read_text(encoding="utf-8", errors="replace")
    records = []
    for line in text.splitlines():
        with contextlib.suppress(json.JSONDecodeError, RecursionError):
            record = json.loads(line)
            if isinstance(record, dict):
                records.append(record)
    return records


def _is_cut_short(file: BinaryIO) -> bool:
    """Whether the last line of a file does not end."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _finite(value: object) -> object:
    """The value with all numbers that are not finite replaced by None, at any depth."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
