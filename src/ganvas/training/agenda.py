"""When log lines, sample grids, evaluations and checkpoints are due. The trainer and forecasts follow these rules."""

import statistics
from collections import deque

from ganvas.settings.budget import Interval, Progress
from ganvas.settings.config import Settings

# By default, evaluations take at most this share of the time.
EVALUATION_SHARE = 0.1


class Agenda:
    """Tells when the next log line, sample grid, evaluation and checkpoint are due.

    Args:
        settings: the budget and the intervals.
        progress: of the run when it starts or resumes.

    Attributes:
        log: interval of lines in stats.jsonl.
        sample: interval of sample grids.
        checkpoint: interval of checkpoints.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        budget = settings.budget
        self.log = Interval(settings.log_every, progress)
        self.sample = Interval(settings.sample_every or budget / 20, progress)
        self.checkpoint = Interval(settings.checkpoint_every, progress)
        self._evaluation = Interval(settings.eval_every or budget / 10, progress)
        self._waits = settings.eval_every is None
        self._durations: deque[float] = deque(maxlen=3)  # of the latest evaluations, in seconds
        self._waits_until = 0.0  # seconds

    def evaluation_due(self, progress: Progress, alarming: bool = False) -> bool:
        """Whether to evaluate now: the interval has passed, or the log is alarming."""
        if progress.seconds < self._waits_until:
            return False
        return self._evaluation.due(progress) or alarming

    def evaluated(self, began: float, ended: float) -> None:
        """Record an evaluation, by the seconds of the run at its start and at its end."""
        self._durations.append(ended - began)
        if self._waits:
            # The median, because the first evaluation and those on a busy machine take longer.
            self._waits_until = ended + statistics.median_low(self._durations) / EVALUATION_SHARE
