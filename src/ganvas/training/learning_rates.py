"""The learning rates of a run, from moment to moment."""

from typing import NamedTuple

from ganvas.foundation.state import State
from ganvas.settings.budget import Amount, Progress
from ganvas.settings.options import Options


class Rates(NamedTuple):
    """The learning rates of both networks."""

    g_lr: float
    d_lr: float


class LearningRates:
    """What the schedules of the options make of the learning rates, each network by its own.

    Args:
        options: the rates at the start, and their schedules.
        budget: of the run; a resumed run that was given more follows the longer course from then on.
    """

    def __init__(self, options: Options, budget: Amount) -> None:
        self._options, self._budget = options, budget
        self._evaluations: list[bool] = []
        self._factor = 1.0

    def rates(self, progress: Progress) -> Rates:
        """The rates of the next updates."""
        options = self._options
        g, d = (
            schedule.factor(progress, self._budget, self._evaluations)
            for schedule in (options.g_schedule, options.d_schedule)
        )
        return Rates(options.g_lr * g * self._factor, options.d_lr * d * self._factor)

    def slow_down(self, factor: float) -> None:
        """Multiply both rates from now on."""
        self._factor *= factor

    def evaluated(self, is_best: bool) -> None:
        """Take note of an evaluation: whether its KID was the best so far."""
        self._evaluations.append(is_best)

    def state(self) -> State:
        """What a resumed run needs."""
        return {"evaluations": list(self._evaluations), "factor": self._factor}

    def load_state(self, state: State) -> None:
        """Take over what `state` returned."""
        self._evaluations, self._factor = list(state["evaluations"]), state["factor"]
