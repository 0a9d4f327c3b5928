"""The time of a run, without that in which it was stopped."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from ganvas.settings.budget import Amount, Progress

# Windows has no such signal, and stops no process by one.
_CONTINUED = getattr(signal, "SIGCONT", None)


class Clock:
    """Counts the seconds of a run, and estimates the time until its budget is spent.

    Args:
        budget: of the run.
    """

    def __init__(self, budget: Amount) -> None:
        self._budget = budget
        self._zero = self._first_seconds = self._first_fraction = 0.0
        self._was_stopped = False
        self._read_at = self._worked = 0.0

    def start(self, progress: Progress) -> None:
        """Start counting from the seconds that the run has already taken."""
        self._zero = time.perf_counter() - progress.seconds
        self._read_at, self._worked = time.perf_counter(), time.process_time()
        self._first_seconds, self._first_fraction = progress.seconds, self._budget.fraction(progress)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """A context in which it notices that the process was stopped (Ctrl-Z, SIGSTOP) and continued.

        Only the main thread receives signals, so that time counts in other threads.
        """
        if _CONTINUED is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        earlier = signal.signal(_CONTINUED, self._continued)
        try:
            yield
        finally:
            signal.signal(_CONTINUED, earlier)

    def _continued(self, number: int, frame: FrameType | None) -> None:
        self._was_stopped = True

    def read(self) -> float:
        """Seconds that the run has taken, summed over resumes."""
        now, worked = time.perf_counter(), time.process_time()
        if self._was_stopped:
            # Nothing tells when it was stopped. Since the last look, only the processor's time counts.
            self._zero += max(0.0, (now - self._read_at) - (worked - self._worked))
            self._was_stopped = False
        self._read_at, self._worked = now, worked
        return now - self._zero

    def seconds_left(self, progress: Progress) -> float:
        """Seconds until the budget is spent, at the pace since `start`."""
        done = self._budget.fraction(progress)
        pace = (progress.seconds - self._first_seconds) / max(done - self._first_fraction, 1e-9)
        return max(0.0, (1 - done) * pace)
