"""The response to trouble: warn, stop, or roll back to the best evaluation."""

from dataclasses import dataclass

from ganvas.foundation.state import State
from ganvas.settings.config import Settings
from ganvas.verdict.evaluation import Response, Verdict
from ganvas.verdict.kinds import converged, diverged

# Factor of both learning rates at each rollback.
SLOWER = 0.5


@dataclass
class Policy:
    """Chooses the response to each verdict, by the settings `on_trouble`, `patience` and `rollbacks`.

    It responds when `patience` evaluations in a row find trouble, and to divergence at once. A converged run gains
    nothing from the rest of its budget, so it is stopped too, unless `on_trouble` is "warn".

    Attributes:
        settings: of the run.
        waited: number of evaluations in a row that called for a response.
        rolled_back: number of rollbacks so far.
    """

    settings: Settings
    waited: int = 0
    rolled_back: int = 0

    def response(self, verdict: Verdict, can_roll_back: bool) -> Response:
        """The response to an evaluation.

        Args:
            verdict: of the evaluation.
            can_roll_back: whether there is a state to roll back to.
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
        """The counters that a resumed run needs."""
        return {"waited": self.waited, "rolled_back": self.rolled_back}

    def load_state(self, state: State) -> None:
        """Restore what `state` returned."""
        self.waited, self.rolled_back = state["waited"], state["rolled_back"]
