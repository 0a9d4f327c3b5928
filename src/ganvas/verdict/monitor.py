"""Watching a run while it trains: the verdict of each evaluation, and alarms that call for the next one."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ganvas.verdict.decision import decide
from ganvas.verdict.evaluation import Evaluation, Verdict
from ganvas.verdict.history import SETTLED, History
from ganvas.verdict.kinds.collapsed import NARROW
from ganvas.verdict.kinds.diverged import GROWN
from ganvas.verdict.measurement import LogLine, Measurement
from ganvas.verdict.remedy import Remedy
from ganvas.verdict.trends import Trends

# A log line is alarming if the diversity of a batch fell below this share of its usual value.
SHRUNK: Final = 0.4


class Monitor:
    """Watches one run. It keeps the log lines and evaluations, except those that were rolled back.

    Args:
        augmentations: the augmentations that D is trained with.
        own_values: a remedy for this run alone: unusual options set back.
    """

    def __init__(self, augmentations: Sequence[str] = (), own_values: Remedy | None = None) -> None:
        self._augmentations, self._own_values = tuple(augmentations), own_values
        self._evaluations: list[Evaluation] = []
        self._stats: list[LogLine] = []
        self._usual: list[LogLine] = []
        self._alarm = False

    @property
    def alarming(self) -> bool:
        """Whether the log lines since the last evaluation call for another one now.

        Log lines are too noisy for a verdict. They can only cause an early evaluation.
        """
        return self._alarm

    def resume(self, evaluations: Sequence[Evaluation], stats: Sequence[LogLine]) -> None:
        """Load the logs of a run that is resumed."""
        self._evaluations, self._stats = [], list(stats)
        at = evaluations[-1].kimg if evaluations else 0.0
        self._usual = [line for line in stats if line.kimg <= at][-SETTLED:]
        for evaluation in evaluations:
            self._remember(evaluation)

    def logged(self, line: LogLine) -> None:
        """Record a line of `stats.jsonl`."""
        self._alarm = self._alarm or _is_alarming(line, self._usual)
        self._stats.append(line)

    def judge(self, measurement: Measurement) -> Verdict:
        """The verdict on the newest measurement."""
        history = History([*self._evaluations, measurement], self._stats, self._augmentations)
        decision = decide(history)
        last = self._evaluations[-1].verdict if self._evaluations else None
        is_same = last is not None and (last.name, last.classes) == (decision.kind.name, decision.evidence.classes)
        begun = decision.evidence.since
        since = min(last.since if last and is_same else measurement.kimg, measurement.kimg if begun is None else begun)
        return Verdict.of(decision, since, Trends.of(history), self._own_values)

    def evaluated(self, evaluation: Evaluation) -> None:
        """Record an evaluation, and drop those that it rolls back."""
        # Lines that raised an alarm are not usual. Without usual lines, the next evaluation is at its regular time.
        self._usual, self._alarm = [] if self._alarm else self._stats[-SETTLED:], False
        self._remember(evaluation)

    def _remember(self, evaluation: Evaluation) -> None:
        self._evaluations.append(evaluation)
        if evaluation.response == "roll back":
            best = max((place for place, each in enumerate(self._evaluations) if each.is_safe_return), default=-1)
            del self._evaluations[best + 1 :]


def _is_alarming(latest: LogLine, usual: Sequence[LogLine]) -> bool:
    """Whether a log line differs strongly from those before the last evaluation."""
    if len(usual) < SETTLED:
        return False

    def median(name: str) -> float:
        return float(np.median([abs(line.number(name)) for line in usual]))

    diversity = median("batch_diversity")
    narrowed = diversity > NARROW and latest.number("batch_diversity") < SHRUNK * diversity
    return narrowed or any(
        abs(latest.number(name)) > GROWN * median(name) for name in ("d_loss", "g_loss", "d_grad", "g_grad")
    )
