"""Ending a run from outside: whoever trains several runs at once may give one up after an evaluation."""

from typing import Protocol

from ganvas.verdict.evaluation import Evaluation


class Referee(Protocol):
    """Sees every evaluation of a run, except one that stops or rolls back the run by itself."""

    def __call__(self, evaluation: Evaluation) -> str | None:
        """Why the run should end here, for the log and the checkpoint; None to train on.

        Raises:
            GanvasError: training cannot go on. The trainer writes a checkpoint and raises it again.
        """
