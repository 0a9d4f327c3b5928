"""What of a run is due when: the rules that the trainer follows, and that a forecast plays through."""

import statistics
from collections import deque

from ganvas.settings.budget import Interval, Progress
from ganvas.settings.config import Settings

# By default the next evaluation waits until this share of the time since the last one is what an evaluation takes.
EVALUATION_SHARE = 0.1


class Agenda:
    """Tells when the next log line, sample grid, evaluation and checkpoint are due.

    Args:
        settings: the budget and the intervals.
        progress: where the run begins or goes on.

    Attributes:
        log: of lines in stats.jsonl.
        sample: of sample grids.
        checkpoint: of checkpoints.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        budget = settings.budget
        self.log = Interval(settings.log_every, progress)
        self.sample = Interval(settings.sample_every or budget / 20, progress)
        self.checkpoint = Interval(settings.checkpoint_every, progress)
        self._evaluation = Interval(settings.eval_every or budget / 10, progress)
        self._waits = settings.eval_every is None
        self._took: deque[float] = deque(maxlen=3)  # seconds, by the latest evaluations
        self._waits_until = 0.0  # seconds

    def evaluation_due(self, progress: Progress, alarming: bool = False) -> bool:
        """Whether to evaluate now, by the interval or because the log is alarming."""
        if progress.seconds < self._waits_until:
            return False
        return self._evaluation.due(progress) or alarming

    def evaluated(self, began: float, ended: float) -> None:
        """Take note of an evaluation: the run's seconds when it began and when it ended."""
        self._took.append(ended - began)
        if self._waits:
            # One that met a busy machine, or was the first to look at the real pictures, says nothing about the next.
            self._waits_until = ended + statistics.median_low(self._took) / EVALUATION_SHARE
