"""The wall-clock time of a run."""

import time

from ganvas.settings.budget import Amount, Progress


class Clock:
    """Counts the seconds of a run, and estimates the time until its budget is spent.

    Args:
        budget: of the run.
    """

    def __init__(self, budget: Amount) -> None:
        self._budget = budget
        self._zero = self._first_seconds = self._first_fraction = 0.0

    def start(self, progress: Progress) -> None:
        """Start counting from the seconds that the run has already taken."""
        self._zero = time.perf_counter() - progress.seconds
        self._first_seconds, self._first_fraction = progress.seconds, self._budget.fraction(progress)

    def read(self) -> float:
        """Seconds that the run has taken, summed over resumes."""
        return time.perf_counter() - self._zero

    def seconds_left(self, progress: Progress) -> float:
        """Seconds until the budget is spent, at the pace since `start`."""
        done = self._budget.fraction(progress)
        pace = (progress.seconds - self._first_seconds) / max(done - self._first_fraction, 1e-9)
        return max(0.0, (1 - done) * pace)
