"""The training loop: train, log, sample, evaluate, save. It works with every recipe."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import DivergedError, GanvasError
from ganvas.foundation.state import State
from ganvas.gans.recipe import Recipe
from ganvas.machine.device import Machine, follows_load
from ganvas.networks.phased import phases_of
from ganvas.runs.checkpoint import random_state, set_random_state
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs, discard_after
from ganvas.runs.snapshot import Snapshot
from ganvas.settings.budget import Progress
from ganvas.settings.config import RunConfig
from ganvas.training.agenda import Agenda
from ganvas.training.clock import Clock
from ganvas.training.contention import Contention
from ganvas.training.display import Display
from ganvas.training.evaluation import RunEvaluator
from ganvas.training.interruption import Interruption, interruptions
from ganvas.training.logbook import Logbook
from ganvas.training.sample_grid import grid_origin, sample_grid
from ganvas.training.saver import Saver
from ganvas.training.updater import Updater
from ganvas.verdict.assessor import Assessor
from ganvas.verdict.evaluation import Evaluation
from ganvas.verdict.measurement import Measurement
from ganvas.verdict.policy import SLOWER
from ganvas.verdict.remedy import own_values


class Trainer:
    """Trains one recipe on one dataset until the budget is spent or the run is interrupted.

    Construction seeds the process and builds the networks. `restore` loads a checkpoint. `run` trains.

    Attributes:
        step: the networks.
        progress: how far the run has come.
        assessor: the conclusions from its evaluations so far.
        stopped: the verdict that ended the run before its budget was spent, if one did.
    """

    def __init__(
        self,
        run: RunDirectory,
        config: RunConfig,
        recipe: Recipe,
        data: Dataset,
        machine: Machine,
        fabric: Fabric,
        display: Display,
    ) -> None:
        self.run_directory, self.recipe, self.data, self.machine = run, recipe, data, machine
        self.settings = settings = config.settings
        _seed_everything(settings.seed)
        self._updater = Updater(recipe, data, machine, fabric, settings)
        self.step = self._updater.step
        self.progress = Progress(data.splits[TRAIN])
        self.stopped: str | None = None
        self._evaluator = RunEvaluator(data, recipe, machine, settings)
        remedy = own_values(recipe.options.model_dump(), recipe.defaults.model_dump())
        self.assessor = Assessor(recipe.options.augment, settings, remedy)
        self._saver = Saver(run, recipe, data, may_roll_back=settings.on_trouble == "rollback")
        self._logbook = Logbook(run, display, settings.tensorboard)
        self._agenda, self._clock = Agenda(settings, self.progress), Clock(settings.budget)
        self._contention = Contention(machine.threads, follows_load(settings, machine))
        self._interruption = Interruption()
        self._evaluated_at = -1  # steps

    def run(self) -> bool:
        """Train until the budget is spent, or a verdict ends the run.

        Returns:
            Whether the run has ended. False if SIGINT, SIGTERM or SIGHUP interrupted it; a checkpoint was written.

        Raises:
            DivergedError: a loss is not finite, and there is no evaluation to go back to. The last checkpoint is from
                before that loss.
            GanvasError: the disk is full. The last checkpoint is complete.
        """
        directory = self.run_directory
        discard_after(directory, self.progress.kimg)
        logs = RunLogs.of(directory)
        self.assessor.resume(logs.evaluations, logs.stats)
        loader = self._updater.loader(self.progress)
        try:
            with interruptions() as self._interruption, loader, self._logbook.open(self.progress):
                return self._loop(iter(loader))
        except OSError as error:  # from TensorBoard's writer; our own files raise a GanvasError
            raise GanvasError(f"could not write {error.filename or directory.path}: {error}") from error

    def _loop(self, pictures: Iterator[tuple[Tensor, Tensor | None]]) -> bool:
        self._clock.start(self.progress)
        if self.progress.steps == 0:
            self._sample()
        while not (ended := self._ended) and not self._interruption.is_set():
            try:
                self._round(pictures)
            except DivergedError:
                raise
            except (GanvasError, OSError):
                # The pictures may be gone, or a log cannot be written, but what was learned is kept if it can be.
                with contextlib.suppress(GanvasError):
                    self._save()
                raise
        self._finish(ended)
        return ended

    def _round(self, pictures: Iterator[tuple[Tensor, Tensor | None]]) -> None:
        """Train once, and do what is due then."""
        try:
            self._updater.update(pictures, self.progress, self._clock)
        except DivergedError as error:
            self._diverged(error)
        if self._agenda.log.due(self.progress):
            self._log()
        if self._agenda.sample.due(self.progress):
            self._sample()
        if size := self._agenda.evaluation_due(self.progress, self.assessor.alarming):
            self._evaluate(size)
        if self._agenda.checkpoint.due(self.progress):
            self._save()

    @property
    def _ended(self) -> bool:
        return self.stopped is not None or self.settings.budget.fraction(self.progress) >= 1

    def _log(self) -> None:
        """Log the means since the last line; nothing if no step was taken since."""
        if values := self._updater.statistics(self.progress):
            line = self._logbook.stats(values, self.progress, self._clock.seconds_left(self.progress))
            self.assessor.logged(line)
            phase = phases_of(self.step.discriminator).phase
            for message in self._contention.observe(values["img_per_s"], self.progress.seconds, phase):
                self._logbook.say(message)

    def _sample(self) -> None:
        """Draw the sample grid."""
        grid = sample_grid(self.recipe, self.step.average.module, self.data, self.settings, self.machine.device)
        snapshot = Snapshot(self._saver.card(self.progress.kimg), self.recipe, self.step.average.module)
        self._logbook.samples(grid, grid_origin(snapshot, self.settings), self.progress)

    def _evaluate(self, size: int) -> None:
        """Measure the run, keep the averaged generator if it is the best so far, and act on the verdict.

        Args:
            size: the number of pictures to generate.
        """
        progress, began, pace = self.progress, self.progress.seconds, self._agenda.pace
        if self.settings.eval_samples:
            measurement, summary = self._evaluator.measure(self.step, progress.kimg, size, pace.real(size))
            evaluation = self._assess(measurement)
            self._updater.learning_rates.evaluated(evaluation.best)
            self._saver.invalidate()  # the checkpoint of this step must hold the new score
            if evaluation.best:
                self._saver.save_best(evaluation, self.step.average.module, self.state)
            self._evaluated_at = progress.steps
            self._logbook.say(f"{progress.kimg:.1f} kimg: {summary}{', the best so far' if evaluation.best else ''}")
            self._respond(evaluation)
            self._save()
            progress.seconds = self._clock.read()
            pace.evaluated(progress.seconds - began, size)

    def _assess(self, measurement: Measurement) -> Evaluation:
        """Draw the conclusions from a measurement, and log both."""
        evaluation = self.assessor.assess(measurement, self._saver.has_best)
        self._logbook.evaluation(evaluation, self.progress)
        return evaluation

    def _respond(self, evaluation: Evaluation) -> None:
        """Show the verdict, and act on it as the settings say."""
        assert evaluation.verdict is not None
        self._logbook.say(f"verdict: {evaluation.verdict}")
        if evaluation.response == "stop":
            self.stopped = evaluation.verdict.name
            self._logbook.say(f"stopping at {evaluation.kimg:.1f} kimg: {self.stopped}; the best snapshot is kept")
        elif evaluation.response == "roll back":
            self._roll_back()

    def _roll_back(self) -> None:
        """Restore the networks and optimisers of the best healthy evaluation, and lower the learning rates.

        Everything else stays as it is: the count of pictures, their order and the latents. So the budget that was spent
        stays spent, and the batches that led to the trouble do not come again.
        """
        best = self._saver.best()
        self.step.load_state(best)
        self._updater.learning_rates.slow_down(SLOWER)
        self._saver.invalidate()
        kimg = best["progress"]["images"] / 1000
        self._logbook.say(f"going back to {kimg:.1f} kimg, the best so far, with learning rates times {SLOWER}")

    def _diverged(self, error: DivergedError) -> None:
        """Log the verdict on a run whose loss is not finite, and roll back if the settings ask for it.

        Raises:
            DivergedError: they do not, or there is no evaluation to go back to.
        """
        self._updater.discard_statistics()  # the steps that led here measure nothing
        evaluation = self._assess(Measurement(self.progress.kimg, {"kid": None}))
        if evaluation.response != "roll back":
            raise error
        self._respond(evaluation)
        self._save()

    def _save(self) -> None:
        """Write a checkpoint and the last snapshot."""
        with self._interruption.deferred():
            self._saver.save(self.progress, self.step.average.module, self.state)

    def _finish(self, ended: bool) -> None:
        with self._interruption.deferred():
            self._save()  # first, because a second signal may follow soon
            if self._interruption.is_urgent:
                return
            self._log()
            self._sample()
        if ended and self._evaluated_at != self.progress.steps:
            self._evaluate(self._agenda.pace.last_size(self.progress))

    def state(self) -> State:
        """Everything that a resumed run needs to go on exactly."""
        return {
            "progress": self.progress.state(),
            "stopped": self.stopped,
            "random": random_state(),
            "examination": self._evaluator.state(),
            **self.assessor.state(),
            **self._updater.state(),
        }

    def restore(self, state: State) -> None:
        """Load the state of a checkpoint."""
        self.progress = Progress(self.data.splits[TRAIN], **state["progress"])
        self._agenda = Agenda(self.settings, self.progress)
        self.assessor.load_state(state)
        self._evaluator.load_state(state["examination"])
        self._updater.load_state(state)
        set_random_state(state["random"])


def _seed_everything(seed: int) -> None:
    """Seed every global random generator that a recipe might draw from."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
