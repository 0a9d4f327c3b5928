"""The wall-clock time of a run."""

import time

from ganvas.settings.budget import Amount, Progress


class Clock:
    """Counts the seconds of a run, and estimates how many are left of its budget.

    Args:
        budget: of the run.
    """

    def __init__(self, budget: Amount) -> None:
        self._budget = budget
        self._zero = self._first_seconds = self._first_fraction = 0.0

    def start(self, progress: Progress) -> None:
        """Start at the seconds that the run took before."""
        self._zero = time.perf_counter() - progress.seconds
        self._first_seconds, self._first_fraction = progress.seconds, self._budget.fraction(progress)

    def read(self) -> float:
        """Seconds of the run so far, summed over resumes."""
        return time.perf_counter() - self._zero

    def seconds_left(self, progress: Progress) -> float:
        """Seconds until the budget is spent, at the pace since this process began."""
        done = self._budget.fraction(progress)
        pace = (progress.seconds - self._first_seconds) / max(done - self._first_fraction, 1e-9)
        return max(0.0, (1 - done) * pace)
