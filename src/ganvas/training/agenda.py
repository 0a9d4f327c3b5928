"""When log lines, sample grids, evaluations and checkpoints are due. The trainer and forecasts follow these rules."""

from typing import Final

from ganvas.settings.budget import Interval, Progress
from ganvas.settings.config import Settings
from ganvas.training.pace import EVALUATIONS, Pace

# By default, there is an evaluation after this many kimg at the latest, so that a failure from the start is found.
EARLY: Final = 4.0
# Unless a regular one comes within this share of the interval.
NEAR: Final = 0.25


class Agenda:
    """Tells when the next log line, sample grid, evaluation and checkpoint are due.

    Args:
        settings: the budget and the intervals.
        progress: of the run when it starts or resumes.

    Attributes:
        log: interval of lines in stats.jsonl.
        sample: interval of sample grids.
        checkpoint: interval of checkpoints.
        pace: the sizes of evaluations.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        budget = settings.budget
        self.log = Interval(settings.log_every, progress)
        self.sample = Interval(settings.sample_every or budget / 20, progress)
        self.checkpoint = Interval(settings.checkpoint_every, progress)
        self.pace = Pace(settings, progress)
        self._evaluation = Interval(settings.eval_every or budget / EVALUATIONS, progress)
        self._is_early = settings.eval_every is None and progress.kimg < EARLY
        self._is_owed = False

    def evaluation_due(self, progress: Progress, alarming: bool = False) -> int | None:
        """The number of pictures to evaluate now; None if no evaluation is due.

        One is due if the interval has passed, or if the log is alarming. It waits until there is time for it.
        """
        if self._is_early and progress.kimg >= EARLY:
            self._is_early, self._is_owed = False, not self._evaluation.is_near(progress, NEAR)
        self._is_owed = self._evaluation.due(progress) or alarming or self._is_owed
        size = self.pace.size(progress) if self._is_owed else None
        self._is_owed = self._is_owed and size is None
        return size
