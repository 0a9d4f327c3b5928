"""How many pictures each evaluation of a run compares: as many as fit into a tenth of the time."""

import statistics
from collections import deque
from typing import Final

from ganvas.settings.budget import Progress
from ganvas.settings.config import Settings

# By default, evaluations take at most this share of the time.
EVALUATION_SHARE: Final = 0.1
# The smallest number of generated pictures that the default interval compares.
SMALLEST: Final = 64
# Real pictures for each generated one, until all real ones are compared.
REAL_PER_GENERATED: Final = 2
# The time for evaluations may be spent ahead by this share of the run, so that a short run has some early on.
AHEAD: Final = 0.3
# The part of the share that is planned with. The rest is for the last evaluation, which takes what it takes.
_PLANNED: Final = 0.9
# The default interval is the budget divided by this.
EVALUATIONS: Final = 10


class Pace:
    """Chooses the size of each evaluation from the time that earlier ones took.

    If the user set `eval_every`, every evaluation has `eval_samples` pictures.

    Args:
        settings: of the run.
        progress: of the run when it starts or resumes.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._budget, self._most = settings.budget, settings.eval_samples
        self._adapts = settings.eval_every is None
        self._real, self._known = progress.dataset_size, 0
        self._since, self._began = progress.seconds, settings.budget.fraction(progress)
        self._spent = 0.0
        self._rates: deque[float] = deque(maxlen=3)  # seconds per picture of the latest evaluations

    def size(self, progress: Progress) -> int | None:
        """The number of generated pictures that an evaluation now may compare; None if there is no time for one."""
        if not self._adapts:
            return self._most
        sizes = [SMALLEST * 2**power for power in range(20) if SMALLEST * 2**power < self._most]
        if not self._rates:
            return min(SMALLEST, self._most)
        time = self._spendable(progress)
        return next((size for size in (self._most, *reversed(sizes)) if self._seconds(size) <= time), None)

    def real(self, size: int) -> int | None:
        """The number of training pictures that an evaluation of this size compares with; None for all."""
        if size >= self._most or REAL_PER_GENERATED * size >= self._real:
            return None
        return REAL_PER_GENERATED * size

    def described(self, size: int) -> int:
        """The number of real pictures whose features an evaluation of this size would be the first to need."""
        return max(0, (self.real(size) or self._real) - self._known)

    def evaluated(self, seconds: float, size: int) -> None:
        """Record an evaluation."""
        # The median, because the first evaluation and those on a busy machine take longer.
        self._rates.append(seconds / (size + self.described(size)))
        self._known += self.described(size)
        self._spent += seconds

    def _seconds(self, size: int) -> float:
        """The time that an evaluation of this size will take."""
        return statistics.median_low(self._rates) * (size + self.described(size))

    def _spendable(self, progress: Progress) -> float:
        """The time that an evaluation may take now."""
        done = self._budget.fraction(progress)
        share = (done - self._began) / max(1 - self._began, 1e-9)
        whole = _PLANNED * EVALUATION_SHARE * (progress.seconds - self._since) / max(share, 1e-9)
        last = self._seconds(min(SMALLEST, self._most)) if share < 1 else 0.0
        left = whole - self._spent - last
        # One evaluation must not take what several others need.
        each = 2 * left / max(1.0, EVALUATIONS * (1 - share))
        return min(each, whole * min(1.0, share + AHEAD) - self._spent - last)
