"""How many pictures each evaluation of a run compares: as many as fit into a tenth of the time."""

import statistics
from collections import deque
from typing import Final

from ganvas.metrics.reference import MAX_REAL
from ganvas.settings.budget import Progress
from ganvas.settings.config import Settings

# By default, evaluations take at most this share of the time.
EVALUATION_SHARE: Final = 0.1
# The smallest number of generated pictures that the default interval compares.
SMALLEST: Final = 32
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

    Attributes:
        real_pictures: the number of training pictures that a whole evaluation compares with.
    """

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._budget, self._most = settings.budget, settings.eval_samples
        self._adapts = settings.eval_every is None
        self.real_pictures, self._known = min(progress.dataset_size, MAX_REAL), 0
        self._sizes = [min(SMALLEST, self._most)]
        while self._sizes[-1] < self._most:
            self._sizes.append(min(2 * self._sizes[-1], self._most))
        self._since, self._began = progress.seconds, settings.budget.fraction(progress)
        self._spent = 0.0
        self._rates: deque[float] = deque(maxlen=3)  # seconds per picture of the latest evaluations

    def size(self, progress: Progress) -> int | None:
        """How many pictures to generate for an evaluation now; None if there is no time for one."""
        if not self._adapts:
            return self._most
        if not self._rates:
            return self._sizes[0]
        time = self._spendable(progress)
        return max((size for size in self._sizes if self._seconds(size) <= time), default=None)

    def last_size(self, progress: Progress) -> int:
        """The same for the evaluation at the end of the run, which comes whatever it takes."""
        return self.size(progress) or self._sizes[0]

    def real(self, size: int) -> int | None:
        """The number of training pictures that an evaluation of this size compares with; None for all."""
        if size >= self._most or REAL_PER_GENERATED * size >= self.real_pictures:
            return None
        return REAL_PER_GENERATED * size

    def described(self, size: int) -> int:
        """The number of real pictures whose features an evaluation of this size would be the first to need."""
        return max(0, (self.real(size) or self.real_pictures) - self._known)

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
        last = self._seconds(self._sizes[0]) if share < 1 else 0.0
        left = whole - self._spent - last
        # One evaluation must not take what several others need.
        each = 2 * left / max(1.0, EVALUATIONS * (1 - share))
        return min(each, whole * min(1.0, share + AHEAD) - self._spent - last)
