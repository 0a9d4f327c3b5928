"""Stopping on a signal: the first one asks for a checkpoint, a second one stops at once but tears no file."""

import contextlib
import math
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

# Ctrl-C, a polite `kill`, and a terminal that was closed. Windows has no SIGHUP.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_NOTICE = b"\nstopping after this step with a checkpoint; once more stops at once, without one\n"
_STDERR = 2
# One wish to stop may arrive two or three times: from a closing terminal, or through a wrapper such as `uv run` that
# passes on what the terminal has sent already. Signals that are no further apart than this, in seconds, count as one.
_ECHO = 0.5

Handler = Callable[[int, FrameType | None], object] | int | None


class Stopped(SystemExit):
    """SIGTERM or SIGHUP ended a command that keeps no checkpoints.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(exit_code(number))
        self.number = number


class Interruption:
    """Whether a signal has asked the work to stop.

    Attributes:
        number: of the first signal that did, or None.
        is_urgent: whether a second one came while a file was being written.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.is_urgent = False
        self._is_writing = False
        self._before: dict[int, Handler] = {}

    def is_set(self) -> bool:
        """Whether the work should stop with a checkpoint."""
        return self.number is not None

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Within, while files are written, further signals are only noted."""
        before, self._is_writing = self._is_writing, True
        try:
            yield
        finally:
            self._is_writing = before

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Within, signals come here; afterwards to whoever had them before."""
        for number in SIGNALS:
            handler = signal.getsignal(number)
            # `nohup` and the like ignore SIGHUP on purpose.
            if number in (signal.SIGINT, signal.SIGTERM) or handler is not signal.SIG_IGN:
                self._before[number] = handler
                signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number = number
            _remember(number)
            _say(_NOTICE)
        elif _is_echo():
            return
        elif self._is_writing:
            self.is_urgent = True
        else:
            signal.signal(number, self._before[number])
            signal.raise_signal(number)


class _Process:
    """What this process has been asked, and who listens."""

    last: int | None = None
    asked_at: float = -math.inf
    current: Interruption | None = None


@contextlib.contextmanager
def interruptions() -> Iterator[Interruption]:
    """Within, the first SIGINT, SIGTERM or SIGHUP is noted; a second one acts as it would have without this.

    Only the main thread receives signals; in another one nothing is ever noted. Inside another `interruptions()` this
    is the same one.
    """
    if _Process.current is not None:
        yield _Process.current
        return
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    with interruption.listening():
        _Process.current = interruption
        try:
            yield interruption
        finally:
            _Process.current = None


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise `Stopped`, so that what was half done is cleaned up as after Ctrl-C.

    The echo of a signal does not interrupt the cleaning up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if _is_echo():
            return
        _remember(number)
        raise KeyboardInterrupt if number == signal.SIGINT else Stopped(number)

    _Process.last, _Process.asked_at = None, -math.inf
    defaults = (signal.SIG_DFL, signal.default_int_handler)
    changed = {number: handler for number in SIGNALS if (handler := signal.getsignal(number)) in defaults}
    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in changed.items():
            signal.signal(number, handler)


def is_requested() -> bool:
    """Whether this process has received a signal to stop."""
    return _Process.last is not None


def exit_code(number: int | None = None) -> int:
    """128 plus the number of the signal, as shells count; by default of the last one received, else of Ctrl-C."""
    return 128 + (number or _Process.last or signal.SIGINT)


def is_writable(descriptor: int, seconds: float = 0.0) -> bool:
    """Whether `select.PIPE_BUF` bytes can be written without waiting longer than this."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(1000 * seconds))


def _remember(number: int) -> None:
    _Process.last, _Process.asked_at = number, time.monotonic()


def _is_echo() -> bool:
    """Whether a signal that arrives now is one with the last."""
    return time.monotonic() - _Process.asked_at < _ECHO


def _say(line: bytes) -> None:
    """Write to stderr from a signal handler, where nothing but a plain write is safe; never wait, never fail."""
    with contextlib.suppress(OSError):
        if is_writable(_STDERR):
            os.write(_STDERR, line)
