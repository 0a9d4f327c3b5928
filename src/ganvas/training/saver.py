"""Saving a run while it trains: snapshots to use and share, and checkpoints to resume from."""

from collections.abc import Callable, Mapping
from typing import Literal

from torch import nn

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.files import flush
from ganvas.foundation.state import State
from ganvas.foundation.version import VERSION
from ganvas.gans.recipe import Recipe
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory
from ganvas.runs.snapshot import Card, save
from ganvas.settings.budget import Progress
from ganvas.verdict.evaluation import Evaluation


class Saver:
    """Writes the snapshots and checkpoints of one run.

    Args:
        run: the run directory.
        recipe: what is trained.
        data: what it learns from.
        may_roll_back: whether to keep the state of the best healthy evaluation too.
    """

    def __init__(self, run: RunDirectory, recipe: Recipe, data: Dataset, may_roll_back: bool) -> None:
        self._run, self._recipe, self._data, self._may_roll_back = run, recipe, data, may_roll_back
        self._checkpoints = CheckpointDirectory(run.checkpoints)
        self._saved_at = -1  # steps

    def save(self, progress: Progress, generator: nn.Module, state: Callable[[], State]) -> None:
        """Write the last snapshot and a checkpoint, unless those of this step have been written.

        Args:
            progress: of the run.
            generator: the averaged one.
            state: returns what a resumed run needs.

        Raises:
            WriteError: the file system refused.
        """
        if self._saved_at == progress.steps:
            return
        # After a power failure, the run goes on from the checkpoint and never writes earlier log lines again.
        flush(*(file for file in (self._run.stats, self._run.evals) if file.exists()), self._run.path)
        # The checkpoint last: a run that goes on from it does not write the snapshot again.
        self._write_snapshot("last", generator, progress.kimg, {})
        self._checkpoints.save(progress.kimg, state())
        self._saved_at = progress.steps

    def invalidate(self) -> None:
        """Make the next `save` write again, because the state has changed since this step was saved."""
        self._saved_at = -1

    def save_best(self, evaluation: Evaluation, generator: nn.Module, state: Callable[[], State]) -> None:
        """Write the best snapshot, and if the run may roll back, the state for that.

        Args:
            evaluation: the best so far.
            generator: the averaged one, which was evaluated.
            state: returns what a resumed run needs.
        """
        self._write_snapshot("best", generator, evaluation.kimg, evaluation.record())
        # The average may be at its best when G itself has just collapsed. Such a state must not be restored.
        if self._may_roll_back and evaluation.is_safe_return:
            self._checkpoints.save_best(state())

    @property
    def has_best(self) -> bool:
        """Whether there is a state to roll back to."""
        return self._checkpoints.has_best

    def best(self) -> State:
        """The state that a rollback restores.

        Raises:
            RunError: it does not exist, or cannot be read.
        """
        return self._checkpoints.best()

    def _write_snapshot(
        self, name: Literal["best", "last"], generator: nn.Module, kimg: float, scores: Mapping[str, object]
    ) -> None:
        save(self._run.snapshot(name), generator, self.card(kimg, scores))

    def card(self, kimg: float, scores: Mapping[str, object] | None = None) -> Card:
        """What a snapshot says about the averaged generator.

        Args:
            kimg: thousands of real pictures that D has seen.
            scores: the evaluation of the weights; None if they were not evaluated.
        """
        data = self._data
        is_conditional = self._recipe.effective_class_use.conditions_generator and bool(data.class_names)
        return Card(
            recipe=self._run.record.recipe,
            options=self._recipe.card_options,
            size=data.size,
            class_names=data.class_names if is_conditional else [],
            label_column=data.info.label_column if is_conditional else None,
            class_shares=data.class_shares if is_conditional else [],
            kimg=kimg,
            data=str(data.path.resolve()),
            fingerprint=data.fingerprint,
            ganvas=VERSION,
            scores=dict(scores or {}),
        )
