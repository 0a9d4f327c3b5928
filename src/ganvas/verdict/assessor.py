"""Assessing a measurement: its verdict, whether it is the best so far, and the response."""

import math
from collections.abc import Sequence

from ganvas.foundation.state import State
from ganvas.settings.config import Settings
from ganvas.verdict.evaluation import Evaluation, Verdict, may_be_best
from ganvas.verdict.measurement import LogLine, Measurement
from ganvas.verdict.monitor import Monitor
from ganvas.verdict.policy import Policy
from ganvas.verdict.remedy import Remedy


class Assessor:
    """Assesses the measurements of one run.

    Args:
        augmentations: the augmentations that D is trained with.
        settings: of the run.
        own_values: a remedy for this run alone: unusual options set back.

    Attributes:
        best_kid: the KID of the best evaluation; None before there is one.
        best_bound: the same plus its standard error. Evaluations of few pictures have large errors, and a low KID by
            chance must not keep a better evaluation of more pictures from being the best.
        verdict: the latest; None before the first evaluation of this process.
    """

    def __init__(self, augmentations: Sequence[str], settings: Settings, own_values: Remedy | None = None) -> None:
        self._monitor, self._policy = Monitor(augmentations, own_values), Policy(settings)
        self.best_kid: float | None = None
        self.best_bound: float = math.inf
        self.verdict: Verdict | None = None

    @property
    def alarming(self) -> bool:
        """Whether the log lines since the last evaluation call for another one now."""
        return self._monitor.alarming

    def resume(self, evaluations: Sequence[Evaluation], stats: Sequence[LogLine]) -> None:
        """Load the logs of a run that is resumed."""
        self._monitor.resume(evaluations, stats)

    def logged(self, line: LogLine) -> None:
        """Record a line of `stats.jsonl`."""
        self._monitor.logged(line)

    def assess(self, measurement: Measurement, can_roll_back: bool) -> Evaluation:
        """Complete a measurement to an evaluation.

        Args:
            measurement: the newest measurement of the run.
            can_roll_back: whether there is a state to roll back to.
        """
        verdict, kid = self._monitor.judge(measurement), measurement.kid
        bound = measurement.number("kid") + (measurement.get("kid_se") or 0.0)
        best = may_be_best(kid, verdict) and bound < self.best_bound
        response = self._policy.response(verdict, can_roll_back)
        evaluation = Evaluation.concluded(measurement, verdict, best, response)
        self._monitor.evaluated(evaluation)
        self.verdict = verdict
        if best:
            self.best_kid, self.best_bound = kid, bound
        return evaluation

    def state(self) -> State:
        """What a resumed run needs in addition to its logs."""
        return {"best_kid": self.best_kid, "best_bound": self.best_bound, "policy": self._policy.state()}

    def load_state(self, state: State) -> None:
        """Restore what `state` returned."""
        self.best_kid, self.best_bound = state["best_kid"], state["best_bound"]
        self._policy.load_state(state["policy"])
