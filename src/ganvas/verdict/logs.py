"""A run's logs as the rules of the verdict read them: figures now, their course, and whether anything gets better."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Evaluations that trends are read over. With fewer there is no trend, only a run that is warming up.
SPAN: Final = 4
# How many standard errors make a difference.
SURE: Final = 3.0
# Gains of variety in `SPAN` evaluations that are no progress, and the variety beyond which there is none to gain.
TRIFLE, FULL = 0.03, 1.1
# Lines of the log that say what is usual around an evaluation.
SETTLED: Final = 3
# The standard error of a share or ratio whose own is 0 by luck.
_LEAST_ERROR: Final = 0.01


class Past:
    """A run's logs as the rules read them.

    Args:
        evals: the evaluations so far, oldest first; at least one. One that diverged has no scores.
        stats: the log lines so far, oldest first.
        augmentations: what D's pictures are augmented with.
    """

    def __init__(
        self, evals: Sequence[dict[str, Any]], stats: Sequence[dict[str, Any]], augmentations: Sequence[str] = ()
    ) -> None:
        self.evals, self.stats, self.augmentations = evals, stats, augmentations

    def now(self, key: str) -> float:
        """A figure of the last evaluation; NaN if it has none."""
        return number(self.evals[-1].get(key))

    def course(self, key: str, last: int | None = None) -> Numbers:
        """A figure at the evaluations, or the last few of them, oldest first; NaN where there is none."""
        return np.array([number(record.get(key)) for record in self.evals[-last if last else None :]])

    def change(self, key: str) -> float:
        """How far a figure has come since `SPAN` evaluations ago, in standard errors of the difference."""
        then, now = self.evals[-SPAN - 1], self.evals[-1]
        difference = number(now.get(key)) - number(then.get(key))
        errors = [number(record.get(f"{key}_se")) for record in (then, now)]
        spread = math.hypot(*(each if each > 0 else _LEAST_ERROR for each in errors))
        return difference / spread

    def size(self, key: str, first: bool = False) -> float:
        """The magnitude of a figure at the last evaluation or the first; of one that is logged, around it."""
        record = self.evals[0 if first else -1]
        if key in record:
            return abs(number(record[key]))
        logged = [line for line in self.stats if line["kimg"] <= record["kimg"]][-SETTLED:]
        return float(np.median([abs(number(line.get(key))) for line in logged])) if logged else math.nan

    @property
    def has_trend(self) -> bool:
        """Whether there are enough evaluations to tell where things go."""
        return len(self.evals) > SPAN

    @property
    def getting_better(self) -> bool:
        """Whether anything that a healthy run improves has become better since `SPAN` evaluations ago."""
        if not self.has_trend:
            return True
        if self.change("kid") < -SURE:
            return True
        return any(self._widens(key) for key in ("diversity", "pixel_diversity")) or any(
            self.change(key) > SURE for key in ("recall", "coverage")
        )

    def _widens(self, key: str) -> bool:
        """Whether variety grows by more than its noise and a trifle; more than the real pictures' is no gain."""
        gain = self.now(key) - self.course(key)[-SPAN - 1]
        return bool(gain > TRIFLE and self.change(key) > SURE and self.now(key) < FULL)

    @property
    def best_kid(self) -> float:
        """The lowest KID before the last evaluation; NaN if there was none."""
        before = self.course("kid")[:-1]
        return float(np.nanmin(before)) if np.isfinite(before).any() else math.nan


def number(value: Any) -> float:
    """A value of a record as a number; NaN if it is none."""
    return float(value) if isinstance(value, int | float) else math.nan
