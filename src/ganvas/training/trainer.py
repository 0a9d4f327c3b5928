"""The training loop: train, log, sample, evaluate, save. It works with every recipe."""

import contextlib
import random
from collections.abc import Callable, Iterator

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.distributed.load import SharedLoad
from ganvas.distributed.part import WHOLE, Division
from ganvas.distributed.reduction import require_alike
from ganvas.foundation.errors import DivergedError, GanvasError, LostProcess, UnlikeProcesses
from ganvas.foundation.state import State
from ganvas.gans.recipe import Recipe
from ganvas.machine.device import Machine, follows_load
from ganvas.networks.phased import phases_of
from ganvas.runs.checkpoint import random_state, set_random_state, shared_state, tensors_of
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs, discard_after
from ganvas.runs.snapshot import Snapshot
from ganvas.settings.budget import Progress
from ganvas.settings.config import RunConfig
from ganvas.training.agenda import Agenda
from ganvas.training.clock import Clock
from ganvas.training.conclusion import Conclusion
from ganvas.training.contention import Contention
from ganvas.training.display import Display
from ganvas.training.evaluation import RunEvaluator
from ganvas.training.interruption import Interruption, interruptions
from ganvas.training.logbook import Logbook
from ganvas.training.referee import Referee
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

    Several processes may train one run. Each does the same as the others with its part of every batch. What differs
    between processes is decided by the first one: the time, signals, and what evaluations lead to. It alone writes
    files. The others help it to describe the generated pictures of an evaluation.

    Attributes:
        step: the networks.
        progress: how far the run has come.
        assessor: the conclusions from its evaluations so far.
        stopped: the verdict that ended the run before its budget was spent, if one did; or why a referee ended it.
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
        division: Division = WHOLE,
        referee: Referee | None = None,
    ) -> None:
        self._world, self._referee = division.world, referee
        self.run_directory, self.recipe, self.data, self.machine = run, recipe, data, machine
        self.settings = settings = config.settings
        _seed_everything(settings.seed)
        self._updater = Updater(recipe, data, machine, fabric, settings, division)
        self.step = self._updater.step
        self.progress = Progress(data.splits[TRAIN])
        self.stopped: str | None = None
        self._evaluator = RunEvaluator(data, recipe, machine, settings, self._world)
        remedy = own_values(recipe.options.model_dump(), recipe.defaults.model_dump())
        self.assessor = Assessor(recipe.options.augment, settings, remedy)
        self._saver = Saver(run, recipe, data, may_roll_back=settings.on_trouble == "rollback")
        self._logbook = Logbook(run, display, settings.tensorboard)
        self._agenda, self._clock = Agenda(settings, self.progress), Clock(settings.budget)
        # Several processes wait for the slowest of them, so one of them must not choose its threads by itself.
        self._contention = Contention(machine.threads, self._world.size == 1 and follows_load(settings, machine))
        self._load = SharedLoad(self._world)
        self._interruption = Interruption()
        self._evaluated_at = -1  # steps
        self._evaluation: Evaluation | None = None
        self._is_interrupted = self._is_alarming = False
        # Between a step and the end of what follows it: the progress before that step, what a repeated evaluation must
        # not remember, and the values of the log line.
        self._behind: State | None = None
        self._judged: State = {}
        self._statistics: dict[str, float] = {}

    def run(self) -> bool:
        """Train until the budget is spent, or a verdict ends the run.

        Returns:
            Whether the run has ended. False if SIGINT, SIGTERM or SIGHUP interrupted it; a checkpoint was written.

        Raises:
            DivergedError: a loss is not finite, and there is no evaluation to go back to. The last checkpoint is from
                before that loss.
            LostProcess: another process of the run does not answer. The last checkpoint is complete.
            UnlikeProcesses: the processes of the run no longer hold the same weights. The last checkpoint is older.
            GanvasError: the disk is full. The last checkpoint is complete.
        """
        directory = self.run_directory
        if self._world.is_first:
            discard_after(directory, self._followed_up.kimg)
            logs = RunLogs.of(directory)
            self.assessor.resume(logs.evaluations, logs.stats)
        self.step.broadcast()
        loader = self._updater.loader(self.progress)
        logbook = self._logbook.open(self._followed_up) if self._world.is_first else contextlib.nullcontext()
        try:
            with interruptions() as self._interruption, self._clock.listening(), loader, logbook:
                return self._loop(iter(loader))
        except OSError as error:  # from TensorBoard's writer; our own files raise a GanvasError
            raise GanvasError(f"could not write {error.filename or directory.path}: {error}") from error

    def _loop(self, pictures: Iterator[tuple[Tensor, Tensor | None]]) -> bool:
        self._clock.start(self.progress)
        if self.progress.steps == 0:
            self._sample()
        self._agree()
        while not (ended := self._ended) and not self._is_stopping:
            try:
                if self._behind is None:
                    self._update(pictures)
                self._follow_up()
            except (DivergedError, LostProcess, UnlikeProcesses):
                raise
            except (GanvasError, OSError):
                # The pictures may be gone, or a log cannot be written, but what was learned is kept if it can be. A
                # checkpoint of the last step would be the run's end, without what could not be written.
                with contextlib.suppress(GanvasError):
                    if not self._ended:
                        self._write()
                raise
        self._finish(ended)
        return ended

    def _update(self, pictures: Iterator[tuple[Tensor, Tensor | None]]) -> None:
        """Take one training step."""
        before = self.progress.state()
        try:
            self._updater.update(pictures, self.progress, self._clock)
        except DivergedError as error:
            self._diverged(error)
        else:
            self._behind = before

    @property
    def _followed_up(self) -> Progress:
        """How far the run had come at the last step after which everything was done that was due."""
        return self.progress if self._behind is None else Progress(self.progress.dataset_size, **self._behind)

    def _follow_up(self) -> None:
        """Do what is due after a step. If it fails, a run that goes on from this step does all of it again."""
        self._agree()
        if self._agenda.log.due(self.progress):
            self._log()
        if self._agenda.sample.due(self.progress):
            self._sample()
        is_alarming = self.assessor.alarming if self._world.size == 1 else self._is_alarming
        if size := self._agenda.evaluation_due(self.progress, is_alarming):
            self._evaluate(size)
        self._end_of_step()
        if self._agenda.checkpoint.due(self.progress) and not self._ended:
            self._save()

    def _end_of_step(self) -> None:
        """Nothing that was due after the step is left."""
        self._behind, self._judged, self._statistics = None, {}, {}

    def _judgement(self) -> State:
        """The part of the state that an evaluation changes."""
        return {
            "examination": self._evaluator.state(),
            "learning_rates": self._updater.learning_rates.state(),
            **self.assessor.state(),
        }

    def _agree(self) -> None:
        """Take over the time and the alarm of the first process, and a signal that any of them has received."""
        if self._world.size == 1:
            return
        own = [self.progress.seconds, self.assessor.alarming] if self._world.is_first else [0, 0]
        said = torch.tensor([*own, self._interruption.is_set()], dtype=torch.float64)
        self.progress.seconds, alarms, signals = self._world.sum_(said).tolist()
        self._is_alarming, self._is_interrupted = bool(alarms), bool(signals)

    @property
    def _is_stopping(self) -> bool:
        """Whether a signal has asked for the end. Several processes stop after the same step."""
        return self._interruption.is_set() if self._world.size == 1 else self._is_interrupted

    @property
    def _ended(self) -> bool:
        return self.stopped is not None or self.settings.budget.fraction(self.progress) >= 1

    def _log(self) -> None:
        """Log the means since the last line; nothing if no step was taken since."""
        self._statistics = self._updater.statistics(self.progress) or self._statistics
        if not (values := self._statistics):
            return
        others = self._load.highest()
        if self._world.is_first:
            line = self._logbook.stats(values, self.progress, self._clock.seconds_left(self.progress))
            self.assessor.logged(line)
            phase = phases_of(self.step.discriminator).phase
            for message in self._contention.observe(values["img_per_s"], self.progress.seconds, phase, others):
                self._logbook.say(message)

    def _sample(self) -> None:
        """Draw the sample grid."""
        if not self._world.is_first:
            return
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
            self._judged = self._judgement()
            if not self._world.is_first:
                self._evaluator.help(self.step, size)
            conclusion = self._concluded(lambda: self._measure(size))
            self._updater.learning_rates.evaluated(conclusion.is_best)
            self._saver.invalidate()  # the checkpoint of this step must hold the new score
            if conclusion.is_best and self._evaluation:
                self._saver.save_best(self._evaluation, self.step.average.module, self.state)
            self._evaluated_at = progress.steps
            self._respond(conclusion)
            self._end_of_step()
            if not self._ended:
                self._save()
            progress.seconds = self._world.number_of_first(self._clock.read())
            pace.evaluated(progress.seconds - began, size)

    def _measure(self, size: int) -> Evaluation:
        """Measure the run with `size` generated pictures, and draw the conclusions."""
        kimg, real = self.progress.kimg, self._agenda.pace.real(size)
        measurement, summary = self._evaluator.measure(self.step, kimg, size, real)
        evaluation = self._assess(measurement)
        self._logbook.say(f"{kimg:.1f} kimg: {summary}{', the best so far' if evaluation.best else ''}")
        return evaluation

    def _concluded(self, evaluate: Callable[[], Evaluation]) -> Conclusion:
        """What the evaluation of the first process decides for all of them."""

        def conclude() -> bytes:
            self._evaluation = evaluate()
            return Conclusion.of(self._evaluation).written()

        return Conclusion.read(self._world.from_first(conclude))

    def _assess(self, measurement: Measurement) -> Evaluation:
        """Draw the conclusions from a measurement, and log both."""
        evaluation = self.assessor.assess(measurement, self._saver.has_best)
        self._logbook.evaluation(evaluation, self.progress)
        return evaluation

    def _respond(self, conclusion: Conclusion) -> None:
        """Show the verdict, and act on it as the settings say."""
        self._say(f"verdict: {conclusion.verdict}")
        if conclusion.response == "stop":
            self.stopped = conclusion.name
            self._say(f"stopping at {self.progress.kimg:.1f} kimg: {self.stopped}; the best snapshot is kept")
        elif conclusion.response == "roll back":
            self._roll_back()
        elif reason := self._world.from_first(self._reason_to_end).decode():
            self.stopped = reason
            self._say(f"stopping at {self.progress.kimg:.1f} kimg: {reason}")

    def _reason_to_end(self) -> bytes:
        """Why the referee of the first process ends the run; nothing if it does not."""
        reason = self._referee(self._evaluation) if self._referee and self._evaluation else None
        return (reason or "").encode()

    def _roll_back(self) -> None:
        """Restore the networks and optimisers of the best healthy evaluation, and lower the learning rates.

        Everything else stays as it is: the count of pictures, their order and the latents. So the budget that was spent
        stays spent, and the batches that led to the trouble do not come again.
        """
        best = shared_state(self._world, self._saver.best)
        self.step.load_state(best)
        self._updater.learning_rates.slow_down(SLOWER)
        self._saver.invalidate()
        kimg = best["progress"]["images"] / 1000
        self._say(f"going back to {kimg:.1f} kimg, the best so far, with learning rates times {SLOWER}")

    def _diverged(self, error: DivergedError) -> None:
        """Log the verdict on a run whose loss is not finite, and roll back if the settings ask for it.

        Raises:
            DivergedError: they do not, or there is no evaluation to go back to.
        """
        self._updater.discard_statistics()  # the steps that led here measure nothing
        conclusion = self._concluded(lambda: self._assess(Measurement(self.progress.kimg, {"kid": None})))
        if conclusion.response != "roll back":
            raise error
        self._respond(conclusion)
        self._save()

    def _say(self, line: str) -> None:
        if self._world.is_first:
            self._logbook.say(line)

    def _save(self) -> None:
        """Write a checkpoint and the last snapshot, after a check that all processes hold the same state."""
        if self._world.size > 1:
            require_alike(tensors_of(self._updater.state() | {"random": torch.get_rng_state()}), self._world)
        self._write()

    def _write(self) -> None:
        if self._world.is_first:
            with self._interruption.deferred():
                self._saver.save(self.progress, self.step.average.module, self.state)

    def _finish(self, ended: bool) -> None:
        """Write what is still missing.

        The checkpoint of a run that has ended comes last: whatever kills the process before, the run goes on from the
        checkpoint before, and so gets its last log line, grid and evaluation. Otherwise it comes first, because a
        second signal may follow soon.
        """
        with self._interruption.deferred():
            if not ended:
                self._save()
                if self._world.number_of_first(self._interruption.is_urgent):
                    return
            self._log()
            self._sample()
        if ended:
            if self._evaluated_at != self.progress.steps:
                self._evaluate(self._agenda.pace.last_size(self.progress))
            self._save()

    def state(self) -> State:
        """Everything that a resumed run needs to go on exactly."""
        undone = {"undone": {"progress": self._behind, "statistics": self._statistics}} if self._behind else {}
        return {
            "progress": self.progress.state(),
            "stopped": self.stopped,
            "random": random_state(),
            **self._updater.state(),
            **self._judgement(),
            **self._judged,
            **undone,
        }

    def restore(self, state: State) -> None:
        """Load the state of a checkpoint."""
        self.progress = Progress(self.data.splits[TRAIN], **state["progress"])
        if undone := state.get("undone"):
            self._behind, self._statistics = undone["progress"], undone["statistics"]
        self._agenda = Agenda(self.settings, self._followed_up)
        self.assessor.load_state(state)
        self._evaluator.load_state(state["examination"])
        self._updater.load_state(state)
        set_random_state(state["random"])


def _seed_everything(seed: int) -> None:
    """Seed every global random generator that a recipe might draw from."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
