"""Stopping on signals: the first requests a checkpoint, a second stops at once without damaging a file."""

import contextlib
import math
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

# Sent by Ctrl-C, by `kill`, and when a terminal closes. Windows has no SIGHUP.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_NOTICE = b"\nstopping after this step with a checkpoint; another signal stops at once, without one\n"
_STDERR = 2
# One wish to stop may arrive two or three times: from a closing terminal, or through a wrapper such as `uv run` that
# passes on what the terminal has sent already. Signals that are no further apart than this, in seconds, count as one.
_ECHO = 0.5

Handler = Callable[[int, FrameType | None], object] | int | None


class Stopped(SystemExit):
    """Raised when SIGTERM or SIGHUP ends a command without checkpoints.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(exit_code(number))
        self.number = number


class Interruption:
    """Records whether a signal has requested a stop.

    Attributes:
        number: the number of the first signal; None before it.
        is_urgent: whether a second signal came while a file was written.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.is_urgent = False
        self._is_writing = False
        self._earlier_handlers: dict[int, Handler] = {}

    def is_set(self) -> bool:
        """Whether the work should stop with a checkpoint."""
        return self.number is not None

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """A context in which further signals are only recorded, because files are written."""
        was_writing, self._is_writing = self._is_writing, True
        try:
            yield
        finally:
            self._is_writing = was_writing

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """A context in which this object handles signals. The earlier handlers are restored on exit."""
        for number in SIGNALS:
            handler = signal.getsignal(number)
            # `nohup` and the like ignore SIGHUP on purpose.
            if number in (signal.SIGINT, signal.SIGTERM) or handler is not signal.SIG_IGN:
                self._earlier_handlers[number] = handler
                signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number, handler in self._earlier_handlers.items():
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
            signal.signal(number, self._earlier_handlers[number])
            signal.raise_signal(number)


class _Process:
    """The last signal of this process, and the object that handles signals."""

    last: int | None = None
    asked_at: float = -math.inf
    current: Interruption | None = None


@contextlib.contextmanager
def interruptions() -> Iterator[Interruption]:
    """A context in which the first SIGINT, SIGTERM or SIGHUP is recorded. A second one has its usual effect.

    Only the main thread receives signals, so nothing is recorded in other threads. Nested contexts share one
    `Interruption`.
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
    """A context in which SIGTERM and SIGHUP raise `Stopped`, so that unfinished files are removed as after Ctrl-C.

    A repeated signal does not interrupt that.
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
    """Whether this process has received a signal."""
    return _Process.last is not None


def exit_code(number: int | None = None) -> int:
    """The exit code of shells: 128 plus the number of the signal, by default of the last one received, else SIGINT."""
    return 128 + (number or _Process.last or signal.SIGINT)


def is_writable(descriptor: int, seconds: float = 0.0) -> bool:
    """Whether `select.PIPE_BUF` bytes can be written within this time."""
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
    """Write to stderr from a signal handler, without blocking or raising. Only a plain write is safe there."""
    with contextlib.suppress(OSError):
        if is_writable(_STDERR):
            os.write(_STDERR, line)
