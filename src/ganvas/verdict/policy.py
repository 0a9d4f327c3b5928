"""What is done about a run in trouble: nothing but a word, an end, or another try from the best moment."""

from dataclasses import dataclass
from typing import Any, Literal

from ganvas.settings.config import Settings
from ganvas.verdict.monitor import Verdict
from ganvas.verdict.rules import CONVERGED, DIVERGED

Response = Literal["go on", "stop", "roll back"]

# What both learning rates are multiplied by at each rollback.
SLOWER = 0.5


@dataclass
class Policy:
    """The settings `on_trouble`, `patience` and `rollbacks` at work.

    A trouble is acted on when `patience` evaluations in a row have named one, and divergence at once. A run that has
    converged has nothing to gain from its budget and is ended alike, unless `on_trouble` is "warn".

    Attributes:
        settings: of the run.
        waited: evaluations in a row that called for something to be done.
        rolled_back: rollbacks so far.
    """

    settings: Settings
    waited: int = 0
    rolled_back: int = 0

    def response(self, verdict: Verdict, can_roll_back: bool) -> Response:
        """What to do after an evaluation.

        Args:
            verdict: what it found.
            can_roll_back: whether there is a best moment to go back to.
        """
        settings, converged = self.settings, verdict.name == CONVERGED
        self.waited = self.waited + 1 if converged or not verdict.healthy else 0
        if settings.on_trouble == "warn" or (self.waited < settings.patience and verdict.name != DIVERGED):
            return "go on"
        self.waited = 0
        if settings.on_trouble == "stop" or converged or not can_roll_back or self.rolled_back >= settings.rollbacks:
            return "stop"
        self.rolled_back += 1
        return "roll back"

    def state(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {"waited": self.waited, "rolled_back": self.rolled_back}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        self.waited, self.rolled_back = state["waited"], state["rolled_back"]
