"""The learning rates of a run, which follow its schedules."""

from typing import NamedTuple

from ganvas.foundation.state import State
from ganvas.settings.budget import Amount, Progress
from ganvas.settings.options import Options


class Rates(NamedTuple):
    """The learning rates of both networks."""

    g_lr: float
    d_lr: float


class LearningRates:
    """Computes the learning rates of both networks from their schedules.

    Args:
        options: the initial rates, and the schedules.
        budget: of the run. If a resumed run has a larger budget, the schedules follow that one.
    """

    def __init__(self, options: Options, budget: Amount) -> None:
        self._options, self._budget = options, budget
        self._evaluations: list[bool] = []
        self._factor = 1.0

    def rates(self, progress: Progress) -> Rates:
        """The learning rates of the next updates."""
        options = self._options
        g, d = (
            schedule.factor(progress, self._budget, self._evaluations)
            for schedule in (options.g_schedule, options.d_schedule)
        )
        return Rates(options.g_lr * g * self._factor, options.d_lr * d * self._factor)

    def slow_down(self, factor: float) -> None:
        """Multiply both rates of all later updates by a factor."""
        self._factor *= factor

    def evaluated(self, is_best: bool) -> None:
        """Record whether the KID of an evaluation was the best so far."""
        self._evaluations.append(is_best)

    def state(self) -> State:
        """The state that a resumed run needs."""
        return {"evaluations": list(self._evaluations), "factor": self._factor}

    def load_state(self, state: State) -> None:
        """Restore what `state` returned."""
        self._evaluations, self._factor = list(state["evaluations"]), state["factor"]
