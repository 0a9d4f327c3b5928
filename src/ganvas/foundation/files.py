"""Files and directories that are whole or not there.

Everything ganvas keeps is first written under a temporary name next to its final one, flushed to the disk, and
renamed. A crash, Ctrl-C, `kill -9` or a full disk leaves what was there before, and at worst a `*.partial-*`
name that the next writer of the same path removes.

Some file systems cannot flush, and some directories cannot be replaced, such as mount points. Writing works there too,
with a note about what cannot be promised.
"""

import contextlib
import errno
import glob
import itertools
import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from ganvas.foundation.errors import GanvasError, WriteError
from ganvas.foundation.notes import note_once
from ganvas.foundation.paths import readable
from ganvas.foundation.processes import Process

# What a file system says when data was not stored. Whatever else it says about flushing is that it cannot flush.
_LOST = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ESTALE})
# What it says of a mount point, a directory in a lower layer of a container, and a name that it will not replace.
_FIXED = frozenset({errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES, errno.EEXIST, errno.ENOTEMPTY})
# What may lie in a directory that counts as empty: a new disk has the one, `locks.py` keeps the other there.
_PASSED_OVER = frozenset({"lost+found", ".lock"})

_numbers = itertools.count()


def _partial_prefix(path: Path) -> str:
    # Process ids mean something on one machine only, and caches may be shared by several.
    return f".{path.name}.partial-{Process.current().host}-"


def _partial(path: Path, home: Path) -> Path:
    """A temporary name that no other writer of `path` uses; the process in it is told from later ones by its start."""
    process = Process.current()
    return home / f"{_partial_prefix(path)}{process.pid}-{process.started}-{next(_numbers)}"


def _remove_stale_partials(path: Path, home: Path) -> None:
    """Delete what writers of `path` on this machine that died left behind."""
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
    """Delete a file or directory if it is there; what cannot be deleted is no reason to fail."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()


def share(path: Path) -> None:
    """Let everybody read a file, where the file system has permissions."""
    try:
        path.chmod(0o644)
    except OSError as error:
        note_once("permissions", f"the file system of {path.parent} keeps its own permissions ({_reason(error)})")


def _flush(path: Path) -> None:
    """Make the disk hold what was written to a file, or a directory's list of names."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such thing for directories
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
            f"the file system of {path.parent} cannot flush ({_reason(error)}); a power cut may cost what was just "
            "written",
        )


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary name to write; on leaving without an error it replaces `path` atomically.

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
    """Yield a temporary directory to fill; on leaving without an error it is renamed to `path`.

    Raises:
        GanvasError: `path` is taken by more than an empty directory.
        WriteError: the file system refused; nothing is left behind.
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

    That is its parent. An empty directory that cannot be replaced (a mount point, the current directory) is itself the
    workplace; what counts as empty is told by `is_free`.

    Raises:
        WriteError: the file system refused.
    """
    with unwritable(path):
        whole = path.resolve()
        return whole if whole.is_dir() and not _is_replaceable(whole) else whole.parent


def refuse_taken(path: Path) -> None:
    """Raise unless a directory may be made at `path`.

    Raises:
        GanvasError: something is there, or nothing can ever be under that name.
    """
    if not is_free(path):
        raise GanvasError(f"{path} exists already; choose another name or remove it first")


def is_free(path: Path) -> bool:
    """Whether a directory may be made at `path`: there is nothing, or an empty directory.

    A directory counts as empty if it holds no more than a new disk does, and what an interrupted writer of `path` left.

    Raises:
        GanvasError: nothing can ever be under that name.
    """
    try:
        if not path.exists():
            return True
        own = tuple(f".{path.resolve().name}.{kind}-" for kind in ("partial", "unfinished"))
        return path.is_dir() and all(each.name in _PASSED_OVER or each.name.startswith(own) for each in path.iterdir())
    except OSError as error:  # a name too long, a closed folder on the way
        raise GanvasError(f"{path} cannot be used: {_reason(error)}") from error


@contextlib.contextmanager
def _whole(path: Path, place: Path, home: Path) -> Iterator[Path]:
    """A temporary name in `home` for what is to be at `place`, called `path` in messages; the caller puts it there."""
    partial = _partial(place, home)
    try:
        with unwritable(path):
            home.mkdir(parents=True, exist_ok=True)
            _remove_stale_partials(place, home)
            yield partial
        with unwritable(path, was_changed=True):
            _flush(home)
    finally:
        remove(partial)


@contextlib.contextmanager
def unwritable(path: Path, *, was_changed: bool = False) -> Iterator[None]:
    """Turn a refusal of the file system, while `path` is being made, into one clear line.

    Args:
        path: what is being made.
        was_changed: whether it may already differ from what it was.

    Raises:
        WriteError: it refused (full disk, no permission).
    """
    try:
        yield
    except OSError as error:
        untouched = "" if was_changed else "; nothing was changed there"
        raise WriteError(f"could not write {path}: {_reason(error)}{untouched}") from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _is_replaceable(directory: Path) -> bool:
    """Whether another directory can take the place of an empty one, which is tried with an empty one."""
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
    """Whether it is the current directory of this process, which may be gone."""
    with contextlib.suppress(OSError):
        return directory.samefile(Path.cwd())
    return False


def _replace(partial: Path, path: Path) -> None:
    """Put a file in its place; one that cannot be replaced, as it is mounted by itself, is written over."""
    try:
        partial.replace(path)
    except OSError as error:
        if error.errno not in _FIXED or not path.is_file():
            raise
        with unwritable(path, was_changed=True):
            shutil.copyfile(partial, path)
        _note_fixed(path, error)


def _put_in_place(partial: Path, path: Path) -> None:
    """Let a directory appear under its name: at once, or part by part in a directory that cannot be replaced."""
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
        # In the order in which they were written: what says that all is there comes last.
        for part in sorted(partial.iterdir(), key=lambda part: part.stat().st_mtime_ns):
            moved.append(path / part.name)
            shutil.move(part, path / part.name)
    except OSError:
        for part in moved:
            remove(part)
        raise


def _note_fixed(path: Path, error: OSError) -> None:
    note_once("replacing", f"{path} cannot be replaced ({_reason(error)}), so it was not written at one stroke")


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
