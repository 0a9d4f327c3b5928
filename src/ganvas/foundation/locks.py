"""Locks between processes. A lock ends with the process that holds it.

A lock is a file with a record of its owner. If the file system supports file locks, the operating system decides who
holds it. Otherwise the record decides. It has the id and the start time of the process, so a dead owner is recognised
even if another process has its id now.
"""

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import unwritable
from ganvas.foundation.notes import note_once
from ganvas.foundation.processes import Process

# Seconds to wait for the record in an empty file. The owner writes it right after it creates the file.
_PATIENCE = 1.0
# Seconds between attempts to take a lock that another process holds.
_PAUSE = 0.02
# Attempts to take a lock while other processes create and remove the file.
_ATTEMPTS = 20
# Error codes of a lock that is held. Any other error means that the file system does not support locks.
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    def _flock(descriptor: int) -> None:
        # Locks a byte far behind the record, so that others can still read the record.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _flock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class InUse(GanvasError):
    """Another process holds the lock.

    Attributes:
        by: the process and the time, as in "process 7 on studio since 2026-01-31 12:00:00".
    """

    def __init__(self, message: str, by: str) -> None:
        super().__init__(message)
        self.by = by


@dataclass(frozen=True)
class _Record:
    """The owner of a lock.

    Attributes:
        owner: the process.
        what: what it does to the path, as in "trained".
        since: when it took the lock, in local time.
        inode: of the lock's file, which tells it from a copy; None in records from before this was kept.
    """

    owner: Process
    what: str
    since: str
    inode: int | None = None

    @classmethod
    def read(cls, file: Path) -> "_Record | None":
        """The record in a lock file; None if it is missing, empty or incomplete."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            return cls(Process(**content["owner"]), str(content["what"]), str(content["since"]), content.get("inode"))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, descriptor: int) -> None:
        """Write it to an open lock file."""
        data = json.dumps(asdict(self) | {"inode": os.fstat(descriptor).st_ino}).encode()
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, data)

    def __str__(self) -> str:
        return f"process {self.owner.pid} on {self.owner.host} since {self.since}"


@dataclass(frozen=True)
class _Held:
    """An open lock file.

    Attributes:
        file: its path.
        descriptor: of the open file.
        is_writable: False for a file that another user left, which can be locked but not written.
    """

    file: Path
    descriptor: int
    is_writable: bool = True

    @classmethod
    def open(cls, file: Path) -> "_Held":
        """Open the file of a lock, or make it.

        Raises:
            OSError: it can be neither written nor read.
        """
        try:
            return cls(file, os.open(file, os.O_RDWR | os.O_CREAT, 0o644))
        except PermissionError:
            if not file.exists():  # the directory is closed
                raise
            return cls(file, os.open(file, os.O_RDONLY), is_writable=False)

    def is_owned(self) -> bool:
        """Whether its record names a living process that took this very file, and not one that it is a copy of."""
        record = _Record.read(self.file)
        if record is None or record.inode not in (None, os.fstat(self.descriptor).st_ino):
            return False
        return record.owner.is_alive is True

    def is_current(self) -> bool:
        """Whether the path still leads to this file."""
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.file.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Close the file, which releases a lock of the operating system."""
        os.close(self.descriptor)

    def release(self) -> None:
        """Release the lock and remove its file. If it cannot be removed, it is left empty, which means no owner."""
        with contextlib.suppress(OSError):
            os.ftruncate(self.descriptor, 0)
        if os.name == "nt":  # Windows cannot remove an open file
            self.close()
        with contextlib.suppress(OSError):
            self.file.unlink()
        if os.name != "nt":
            self.close()


@contextlib.contextmanager
def exclusive(path: Path, what: str, file: Path | None = None, wait: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on `path`. No other process or thread can hold it at the same time.

    Args:
        path: the file or directory to lock; it need not exist.
        what: what is done to it, as in "trained".
        file: the lock file; by default a hidden file next to `path`.
        wait: seconds to wait for another process that holds the lock.

    Raises:
        InUse: another process holds the lock. The message names it.
        GanvasError: the lock file cannot be written.
    """
    with unwritable(file or path):
        held = _acquire_within(wait, path, what, file or _file_for(path))
    try:
        yield
    finally:
        held.release()


def _file_for(path: Path) -> Path:
    """The lock file of `path`: next to it, or inside it if the parent is not writable."""
    whole = path.resolve()
    if whole.is_dir() and (whole.is_mount() or not os.access(whole.parent, os.W_OK)):
        return whole / ".lock"
    return whole.with_name(f".{whole.name}.lock")


def _acquire_within(wait: float, path: Path, what: str, file: Path) -> _Held:
    """Take a lock, trying again for `wait` seconds. Raises as `_acquire` does."""
    end = time.monotonic() + wait
    while True:
        try:
            return _acquire(path, what, file)
        except InUse:
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE)


def _acquire(path: Path, what: str, file: Path) -> _Held:
    """Take a lock.

    Raises:
        InUse: another process holds it.
        OSError: the lock file cannot be created.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    mine = _Record(Process.current(), what, datetime.now().isoformat(" ", "seconds"))
    for _ in range(_ATTEMPTS):
        held = _Held.open(file)
        try:
            _flock(held.descriptor)
        except OSError as error:
            held.close()
            if error.errno in _HELD:
                raise _in_use(path, file) from None
            note_once(
                "locks",
                f"the file system of {file.parent} cannot lock files ({error.strerror}); do not use {path} from two "
                "machines at once",
            )
            file.unlink(missing_ok=True)
            return _acquire_by_record(path, file.with_name(f"{file.name}.owner"), mine)
        # The previous owner may have removed the file after it was opened here.
        if held.is_current():
            # Some network file systems grant every lock, so check the record too.
            if held.is_owned():
                held.close()
                raise _in_use(path, file)
            if held.is_writable:
                mine.write(held.descriptor)
                return held
            try:
                file.unlink()
            except OSError:  # it must stay, and so must its record
                return held
        held.close()
    raise _in_use(path, file)


def _acquire_by_record(path: Path, file: Path, mine: _Record) -> _Held:
    """Take a lock without support from the file system. The process in the record holds it.

    Raises:
        InUse: a running process holds the lock, or a process of another machine.
        OSError: the lock file cannot be created.
    """
    for _ in range(_ATTEMPTS):
        try:
            held = _Held(file, os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644))
        except FileExistsError:
            record = _await_record(file)
            if record is not None and record.owner.is_alive is not False:
                raise _in_use(path, file) from None
            file.unlink(missing_ok=True)
            continue
        mine.write(held.descriptor)
        return held
    raise _in_use(path, file)


def _await_record(file: Path) -> _Record | None:
    """The record in a lock file. Waits for it if another process may just have created the file."""
    end = time.monotonic() + _PATIENCE
    while (record := _Record.read(file)) is None and file.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return record


def _in_use(path: Path, file: Path) -> InUse:
    """The error that names the owner of a lock."""
    record = _Record.read(file)
    if record is None:
        return InUse(f"{path} is being used by another process", "another process")
    cure = "" if record.owner.is_here else f"; if that process has ended, remove {file}"
    return InUse(f"{path} is being {record.what} by {record}{cure}", str(record))
