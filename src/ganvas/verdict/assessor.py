"""From a measurement to an evaluation: the verdict, whether it is the best so far, and what to do."""

from collections.abc import Sequence

from ganvas.foundation.state import State
from ganvas.settings.config import Settings
from ganvas.verdict.evaluation import Evaluation, Verdict, may_be_best
from ganvas.verdict.measurement import LogLine, Measurement
from ganvas.verdict.monitor import Monitor
from ganvas.verdict.policy import Policy


class Assessor:
    """Draws every conclusion from the measurements of one run.

    Args:
        augmentations: the augmentations of D's pictures.
        settings: of the run.

    Attributes:
        best_kid: the lowest KID of all evaluations that were eligible as the best; None before the first.
        verdict: the latest; None before the first evaluation of this process.
    """

    def __init__(self, augmentations: Sequence[str], settings: Settings) -> None:
        self._monitor, self._policy = Monitor(augmentations), Policy(settings)
        self.best_kid: float | None = None
        self.verdict: Verdict | None = None

    @property
    def alarming(self) -> bool:
        """Whether the log since the last evaluation calls for the next one at once."""
        return self._monitor.alarming

    def resume(self, evaluations: Sequence[Evaluation], stats: Sequence[LogLine]) -> None:
        """Take over the logs of a run that is resumed."""
        self._monitor.resume(evaluations, stats)

    def logged(self, line: LogLine) -> None:
        """Take note of a line of `stats.jsonl`."""
        self._monitor.logged(line)

    def assess(self, measurement: Measurement, can_roll_back: bool) -> Evaluation:
        """The evaluation that a measurement comes to.

        Args:
            measurement: the newest of the run.
            can_roll_back: whether there is an evaluation to go back to.
        """
        verdict, kid = self._monitor.judge(measurement), measurement.kid
        best = may_be_best(kid, verdict) and (self.best_kid is None or measurement.number("kid") < self.best_kid)
        response = self._policy.response(verdict, can_roll_back)
        evaluation = Evaluation.concluded(measurement, verdict, best, response)
        self._monitor.evaluated(evaluation)
        self.verdict, self.best_kid = verdict, kid if best else self.best_kid
        return evaluation

    def state(self) -> State:
        """What a resumed run needs, beyond its logs."""
        return {"best_kid": self.best_kid, "policy": self._policy.state()}

    def load_state(self, state: State) -> None:
        """Take over what `state` returned."""
        self.best_kid = state["best_kid"]
        self._policy.load_state(state["policy"])
