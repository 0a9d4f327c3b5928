"""A standard error stream whose failure does not end the work.

A write can fail because the reader of a pipe is gone, the disk is full or the terminal is closed. After that, nothing
more is written. Everything that Python prints to stderr goes through here: rich, typer, warnings, logging, tracebacks.
"""

import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ganvas.training import interruption

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Bytes that a pipe accepts at once when it is ready.
_CHUNK = getattr(select, "PIPE_BUF", 512)
# Seconds between checks whether a write that waits for its reader should give up.
_PATIENCE = 0.2


class ProgressStream(io.RawIOBase):
    """Writes to a descriptor until a write fails, and then discards everything.

    It waits for a slow reader, unless the process has been asked to stop: then saving must not be delayed.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._is_lost = descriptor, False

    def writable(self) -> bool:
        """True, also after a write has failed."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal that is still open."""
        return not self._is_lost and os.isatty(self._descriptor)

    def write(self, data: "Buffer", /) -> int:
        """Write all data or discard it; returns its length in bytes either way."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left and not self._is_lost and self._is_ready():
                # Another process may have made a shared terminal or pipe non-blocking.
                with contextlib.suppress(BlockingIOError):
                    left = left[os.write(self._descriptor, left[:_CHUNK]) :]
        except OSError:
            self._is_lost = True
        return size

    def _is_ready(self) -> bool:
        while not interruption.is_writable(self._descriptor, _PATIENCE):
            if interruption.is_requested():
                return False
        return True


@contextlib.contextmanager
def unfailing_stderr() -> Iterator[None]:
    """A context in which writing to stderr never fails.

    If something else, such as a test, has replaced stderr, it stays as it is.
    """
    _fill_closed_descriptors()
    before = sys.stderr
    if before is not sys.__stderr__:
        yield
        return
    encoding = "utf-8" if before is None else before.encoding
    sys.stderr = io.TextIOWrapper(ProgressStream(2), encoding, "backslashreplace", line_buffering=True)
    try:
        yield
    finally:
        sys.stderr.flush()
        # It stays in place, because Python still writes to stderr when the process ends.


def _fill_closed_descriptors() -> None:
    """Open the null device as descriptor 0, 1 or 2 where it is closed, so that no other file gets that number.

    Output of C libraries and signal handlers would be written into such a file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
