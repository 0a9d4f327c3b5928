"""What is done about a run in trouble: it is warned of, ended, or rolled back to its best evaluation."""

from dataclasses import dataclass

from ganvas.foundation.state import State
from ganvas.settings.config import Settings
from ganvas.verdict.evaluation import Response, Verdict
from ganvas.verdict.kinds import converged, diverged

# What both learning rates are multiplied by at each rollback.
SLOWER = 0.5


@dataclass
class Policy:
    """The settings `on_trouble`, `patience` and `rollbacks` at work.

    It acts when `patience` evaluations in a row have named a trouble, and at once on divergence. A run that has
    converged gains nothing from the rest of its budget, so it is ended too, unless `on_trouble` is "warn".

    Attributes:
        settings: of the run.
        waited: evaluations in a row that called for action.
        rolled_back: rollbacks so far.
    """

    settings: Settings
    waited: int = 0
    rolled_back: int = 0

    def response(self, verdict: Verdict, can_roll_back: bool) -> Response:
        """What to do after an evaluation.

        Args:
            verdict: what it found.
            can_roll_back: whether there is an evaluation to go back to.
        """
        settings, is_done = self.settings, verdict.name == converged.KIND.name
        self.waited = self.waited + 1 if is_done or not verdict.healthy else 0
        if settings.on_trouble == "warn" or (self.waited < settings.patience and verdict.name != diverged.KIND.name):
            return "go on"
        self.waited = 0
        if settings.on_trouble == "stop" or is_done or not can_roll_back or self.rolled_back >= settings.rollbacks:
            return "stop"
        self.rolled_back += 1
        return "roll back"

    def state(self) -> State:
        """What a resumed run needs."""
        return {"waited": self.waited, "rolled_back": self.rolled_back}

    def load_state(self, state: State) -> None:
        """Take over what `state` returned."""
        self.waited, self.rolled_back = state["waited"], state["rolled_back"]
