"""The standard error stream of the command line: losing it must not end the work that it tells of.

A pipe whose reader has gone, a full disk, a closed terminal: the first write that fails is the last one tried.
Everything that writes progress in Python ends here: rich, typer, warnings, logging, tracebacks.
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

# What a pipe takes as a whole once it is ready.
_CHUNK = getattr(select, "PIPE_BUF", 512)
# How often a write that waits for its reader looks whether it should give up, in seconds.
_PATIENCE = 0.2


class ProgressStream(io.RawIOBase):
    """A descriptor to write to until it fails, and then no more.

    A reader that is only slow is waited for, unless the process has been asked to stop: saving comes first then.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._is_lost = descriptor, False

    def writable(self) -> bool:
        """Always, whatever becomes of it."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal that is still there."""
        return not self._is_lost and os.isatty(self._descriptor)

    def write(self, data: "Buffer", /) -> int:
        """Write all of it, or lose it; returns its length in bytes."""
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
def lasting_progress() -> Iterator[None]:
    """Within, nothing that is written to stderr can fail.

    A stderr that something else has replaced, as a test does, is left as it is.
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
        # It stays in place to the end of the process: Python itself still writes to it then.


def _fill_closed_descriptors() -> None:
    """Open nothing under 0, 1 and 2 where they are closed, so that no file of ours gets such a number.

    What libraries in C print, or a signal handler writes, would land in that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
