"""Judging a run while it goes on: the verdict at each evaluation, since when, and when not to wait for the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ganvas.verdict.logs import SETTLED, Past, number
from ganvas.verdict.rules import ADVICE, GROWN, HEALTHY, NARROW, find

# A log line calls for an evaluation if the variety within batches is this share of what it was on the lines before
# the last one.
SHRUNK: Final = 0.4


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a run at one evaluation.

    Attributes:
        name: one of `VERDICTS`.
        since: kimg of the evaluation at which it was first said, and ever since.
        evidence: the numbers it rests on, by name.
        classes: names of the classes it is about; empty if it is about all.
    """

    name: str
    since: float
    evidence: dict[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return self.name in HEALTHY

    @property
    def advice(self) -> str | None:
        """What to try; None where nothing is wrong."""
        return ADVICE.get(self.name)

    def record(self) -> dict[str, Any]:
        """What `evals.jsonl` keeps of it."""
        about = {"verdict_classes": list(self.classes)} if self.classes else {}
        advice = {"advice": self.advice} if self.advice else {}
        return {"verdict": self.name, "verdict_since": self.since} | about | {"evidence": self.evidence} | advice

    def __str__(self) -> str:
        which = f" ({', '.join(self.classes)})" if self.classes else ""
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in self.evidence.items())
        advice = f"; try: {self.advice}" if self.advice else ""
        return f"{self.name}{which} since {self.since:.1f} kimg: {numbers}{advice}"


class Monitor:
    """Judges one run, evaluation by evaluation.

    Args:
        augmentations: what D's pictures are augmented with.
    """

    def __init__(self, augmentations: Sequence[str] = ()) -> None:
        self._augmentations = tuple(augmentations)
        self._evals: list[dict[str, Any]] = []
        self._stats: list[dict[str, Any]] = []
        self._before: list[dict[str, Any]] = []
        self._alarm = False

    @property
    def alarming(self) -> bool:
        """Whether the log since the last evaluation is such that the next should not wait.

        The log is cheap and proves nothing, so all it can do is have an evaluation called early.
        """
        return self._alarm

    def remember(self, evals: Sequence[dict[str, Any]], stats: Sequence[dict[str, Any]]) -> None:
        """Take over what was logged of a run that goes on."""
        self._evals, self._stats = [], list(stats)
        at = evals[-1]["kimg"] if evals else 0.0
        self._before = [record for record in stats if record["kimg"] <= at][-SETTLED:]
        for record in evals:
            self._evals.append(record)
            if record.get("response") == "roll back":
                self.rolled_back()

    def logged(self, record: dict[str, Any]) -> None:
        """Take note of a line of `stats.jsonl`."""
        self._alarm = self._alarm or _is_alarming(record, self._before)
        self._stats.append(record)

    def judge(self, record: dict[str, Any]) -> Verdict:
        """The verdict at an evaluation, whose record will hold it from then on."""
        self._evals.append(record)
        # What called for this evaluation is no measure of what is usual: the next is a regular one.
        self._before, self._alarm = [] if self._alarm else self._stats[-SETTLED:], False
        found = find(Past(self._evals, self._stats, self._augmentations))
        before = self._evals[-2] if len(self._evals) > 1 else {}
        same = (before.get("verdict"), before.get("verdict_classes", [])) == (found.verdict, list(found.classes))
        since = before["verdict_since"] if same else record["kimg"]
        verdict = Verdict(found.verdict, since, found.evidence, found.classes)
        record |= verdict.record()
        return verdict

    def rolled_back(self) -> None:
        """Forget what came after the evaluation that the run has gone back to."""
        best = max((place for place, record in enumerate(self._evals) if is_return(record)), default=-1)
        del self._evals[best + 1 :]


def is_return(record: dict[str, Any]) -> bool:
    """Whether an evaluation is one to go back to: the best so far, of a run in health."""
    return bool(record["best"]) and record["verdict"] in HEALTHY


def _is_alarming(latest: dict[str, Any], before: Sequence[dict[str, Any]]) -> bool:
    """Whether a log line is so unlike those that led to the last evaluation that the next should not wait."""
    if len(before) < SETTLED:
        return False

    def usual(key: str) -> float:
        return float(np.median([abs(number(record.get(key))) for record in before]))

    narrowed = usual("batch_diversity") > NARROW and number(latest.get("batch_diversity")) < SHRUNK * usual(
        "batch_diversity"
    )
    return narrowed or any(
        abs(number(latest.get(key))) > GROWN * usual(key) for key in ("d_loss", "g_loss", "d_grad", "g_grad")
    )
