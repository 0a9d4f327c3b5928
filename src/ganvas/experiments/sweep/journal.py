"""The storage of a sweep on one machine: Optuna's journal, which goes on when its last line was cut.

A worker that is killed while it writes leaves half a line. Optuna would append the next line to it, and then nobody
could read the journal any more. Here every writer first removes what has no end, while it holds the lock.
"""

import contextlib
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from ganvas.foundation.files import unwritable
from ganvas.foundation.locks import exclusive

# Seconds to wait for other workers, each of which writes for milliseconds.
PATIENCE = 120.0
# Bytes at the end of the file that are searched for the end of a line at once.
_BLOCK = 1 << 16


class Journal(JournalFileBackend):
    """A journal in a file, which is made if it does not exist.

    Raises:
        GanvasError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with unwritable(path):
            super().__init__(str(path), _Lock(path))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records after the last whole line.

        Raises:
            GanvasError: the file cannot be written. Part of a line may be left, which the next writer removes.
        """
        with unwritable(self._path, was_changed=True):
            super().append_logs(logs)


class _Lock(JournalFileOpenLock):
    """A lock that ends with the process that holds it. Optuna's own outlives a killed process by 30 seconds."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal, self._held = journal, contextlib.ExitStack()

    def acquire(self) -> bool:
        """Wait for the lock, and remove a line that was cut.

        Raises:
            InUse: others have held it all the time.
        """
        self._held.enter_context(exclusive(self._journal, "written", wait=PATIENCE))
        try:
            remove_cut_line(self._journal)
        except BaseException:
            self._held.close()
            raise
        return True

    def release(self) -> None:
        """Release the lock."""
        self._held.close()


def remove_cut_line(path: Path) -> None:
    """Remove what follows the last end of a line in a file."""
    with path.open("rb+") as file:
        end = whole = file.seek(0, 2)
        while whole:
            start = max(0, whole - _BLOCK)
            file.seek(start)
            found = file.read(whole - start).rfind(b"\n")
            whole = start + found + 1
            if found >= 0:
                break
        if whole < end:
            file.truncate(whole)
