"""The one training loop: step, log, sample, evaluate, save. It knows no GAN by name."""

import contextlib
import math
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from ganvas.artist.grids import write_png
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import DataError, DivergedError, GanvasError
from ganvas.foundation.files import append_record, read_records
from ganvas.foundation.pixels import to_float
from ganvas.foundation.version import VERSION
from ganvas.gans.recipe import Batch, Recipe, Spec
from ganvas.machine.device import Machine
from ganvas.runs.checkpoint import CheckpointDirectory, random_state, set_random_state
from ganvas.runs.directory import RunDirectory
from ganvas.runs.snapshot import Card
from ganvas.runs.snapshot import save as save_snapshot
from ganvas.settings.budget import Progress
from ganvas.settings.config import RunConfig
from ganvas.training.agenda import Agenda
from ganvas.training.display import Display
from ganvas.training.evaluation import Examination
from ganvas.training.learning_rates import LearningRates
from ganvas.training.loader import Loader
from ganvas.training.meter import Meter
from ganvas.training.sample_grid import sheet
from ganvas.training.step import AdversarialStep
from ganvas.verdict.monitor import Monitor, Verdict, is_return
from ganvas.verdict.policy import SLOWER, Policy, Response
from ganvas.verdict.rules import MEMORISING

# Added to the run's seed for the latents of grids, which must not follow the training latents.
GRID_SEED = 1


class Trainer:
    """Trains one recipe on one dataset until the budget is spent or someone interrupts.

    Construction seeds the process and builds the networks; `restore` then takes over a checkpoint; `run` trains.

    Attributes:
        progress: how far the run has come.
        best_kid: the lowest KID of all evaluations so far, if there was one.
        verdict: the latest, if there was one.
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
        self.run_directory, self.config, self.recipe, self.data = run, config, recipe, data
        self.machine, self.display = machine, display
        settings = config.settings
        _seed_everything(settings.seed)
        self.step = AdversarialStep(recipe, Spec.of(data), machine, fabric)
        self.progress = Progress(data.splits[TRAIN])
        self.best_kid: float | None = None
        self.verdict: Verdict | None = None
        self.stopped: str | None = None
        self._learning_rates = LearningRates(recipe.options, settings.budget)
        self._latents = torch.Generator().manual_seed(settings.seed)
        self._examination = Examination(data, recipe, machine, settings)
        self._monitor, self._policy = Monitor(recipe.options.augment), Policy(settings)
        self._checkpoints = CheckpointDirectory(run.checkpoints)
        self._meter = Meter()
        self._evaluated_at = self._saved_at = -1  # steps

    def run(self) -> bool:
        """Train until the budget is spent, or a verdict ends the run.

        Returns:
            True if it was; False if SIGINT or SIGTERM came first, in which case a checkpoint was written.

        Raises:
            DivergedError: a loss was not finite and there was no way back; the last checkpoint is from before it.
            GanvasError: the disk is full; the last checkpoint is whole.
        """
        directory = self.run_directory
        directory.forget_after(self.progress.kimg)
        self._monitor.remember(read_records(directory.evals), read_records(directory.stats))
        settings, position, pin = self.config.settings, self.progress.images, self.machine.device == "cuda"
        batch_size, balanced = self.recipe.options.batch_size, settings.balanced_classes
        loader = Loader(self.data, batch_size, settings.seed, position, pin, balanced)
        try:
            with loader, _interruptions() as interrupted, self._tensorboard() as self._board:
                return self._loop(iter(loader), interrupted)
        except OSError as error:  # ours are GanvasErrors already; TensorBoard's writer has its own files
            raise GanvasError(f"could not write {error.filename or self.run_directory.path}: {error}") from error

    def _loop(self, pictures: Iterator[tuple[Tensor, Tensor | None]], interrupted: threading.Event) -> bool:
        self._start_clock()
        while not (ended := self._ended) and not interrupted.is_set():
            try:
                self._train(pictures)
            except DivergedError as error:
                self._diverged(error)
            except DataError:
                self._save()  # the pictures are gone, but what was learnt from them is not
                raise
            self._log_if_due()
            self._sample_if_due()
            self._evaluate_if_due()
            self._save_if_due()
        self._finish(ended)
        return ended

    @property
    def _ended(self) -> bool:
        return self.stopped is not None or self.config.settings.budget.fraction(self.progress) >= 1

    def _start_clock(self) -> None:
        settings, budget, progress = self.config.settings, self.config.settings.budget, self.progress
        self._clock = time.perf_counter() - progress.seconds
        self._began = progress.seconds, budget.fraction(progress)
        self._agenda = Agenda(settings, progress)
        if progress.steps == 0:
            self._write_samples()

    def _train(self, pictures: Iterator[tuple[Tensor, Tensor | None]]) -> None:
        """One round of updates."""
        options, started = self.recipe.options, self._meter.start()
        # Every discriminator update sees new pictures; the generator shares the last and draws latents for the rest.
        batches = [self._batch(*next(pictures)) for _ in range(options.d_steps)]
        last = batches[-1]
        batches += [self.recipe.batch(last.images, self._draw(), last.labels) for _ in range(options.g_steps - 1)]
        seen = options.d_steps * options.batch_size
        self.step.learn_at(*self._learning_rates.rates(self.progress))
        values = self.step(batches, self.progress.images + seen)
        self.progress.steps += 1
        self.progress.images += seen
        self._read_clock()
        self._meter.add(started, seen, values)

    def _read_clock(self) -> None:
        self.progress.seconds = time.perf_counter() - self._clock

    def _batch(self, pictures: Tensor, labels: Tensor | None) -> Batch:
        """Bytes from the loader as the networks see them, on their device."""
        device = self.machine.device
        images = to_float(pictures.to(device, non_blocking=True)).contiguous(memory_format=self.machine.memory_format)
        if labels is not None:
            labels = labels.to(device, non_blocking=True)
        return self.recipe.batch(images, self._draw(), labels)

    def _draw(self) -> Tensor:
        return self.recipe.latents(self.recipe.options.batch_size, self._latents).to(self.machine.device)

    def _log_if_due(self) -> None:
        if self._agenda.log.due(self.progress):
            self._write_stats()

    def _write_stats(self) -> None:
        if not (values := self._meter.flush()):
            return
        progress = self.progress
        values |= self._learning_rates.rates(progress)._asdict()
        record = {
            "kimg": progress.kimg,
            "seconds": round(progress.seconds, 3),
            "step": progress.steps,
        } | values
        append_record(self.run_directory.stats, record)
        self._monitor.logged(record)
        for name, value in values.items():
            self._to_board(name, value)
        self.display.stats(record, progress, self._seconds_left())

    def _seconds_left(self) -> float:
        """Wall-clock time until the budget is spent, at the pace since this process began."""
        seconds, fraction = self._began
        done = self.config.settings.budget.fraction(self.progress)
        pace = (self.progress.seconds - seconds) / max(done - fraction, 1e-9)
        return max(0.0, (1 - done) * pace)

    def _sample_if_due(self) -> None:
        if self._agenda.sample.due(self.progress):
            self._write_samples()

    def _write_samples(self) -> None:
        settings, generator, device = self.config.settings, self.step.average.module, self.machine.device
        samples = sheet(self.recipe, generator, self._told, settings.grid_size, settings.seed + GRID_SEED, device)
        write_png(self.run_directory.sample(self.progress.kimg), samples)
        if self._board:
            self._board.add_image("samples", samples, self.progress.images, dataformats="HWC")

    def _evaluate_if_due(self) -> None:
        progress, began = self.progress, self.progress.seconds
        if self._agenda.evaluation_due(progress, self._monitor.alarming):
            self._evaluate()
            self._agenda.evaluated(began, progress.seconds)

    def _evaluate(self) -> None:
        """Score the averaged generator, and keep it if it is the best so far."""
        if not self.config.settings.eval_samples:
            return
        scores, answers = self._examination(self.step)
        record = {"kimg": self.progress.kimg} | scores.record() | answers.record()
        response = self._judge(record)
        best = record["best"]
        self.best_kid = scores.kid if best else self.best_kid
        self._learning_rates.evaluated(best)
        for name in ("kid", "fid", "precision", "recall"):
            self._to_board(f"scores/{name}", record[name])
        self._saved_at = -1  # the state has changed by the score, which a resumed run must know
        if best:
            save_snapshot(self.run_directory.snapshot("best"), self.step.average.module, self._card(record))
            # The average may still be at its best when G itself has just collapsed: that is nothing to go back to.
            if self.config.settings.on_trouble == "rollback" and is_return(record):
                self._checkpoints.save_best(self.state())
        self._evaluated_at = self.progress.steps
        self.display.say(f"{self.progress.kimg:.1f} kimg: {scores.line()}{', the best so far' if best else ''}")
        self._respond(response)
        self._save()
        self._read_clock()

    def _judge(self, record: dict[str, Any]) -> Response:
        """Add the verdict, whether it is the best and the response to an evaluation's record, and write it."""
        self.verdict, kid = self._monitor.judge(record), record["kid"]
        # Copies of the training pictures have the lowest KID of all, and are not what anyone wants to keep.
        candidate = kid is not None and math.isfinite(kid) and self.verdict.name != MEMORISING
        record["best"] = candidate and (self.best_kid is None or kid < self.best_kid)
        response = self._policy.response(self.verdict, self._checkpoints.has_best)
        record["response"] = response
        append_record(self.run_directory.evals, record)
        return response

    def _respond(self, response: Response) -> None:
        """Say the verdict, and do about it what the settings ask for."""
        assert self.verdict is not None
        self.display.say(f"verdict: {self.verdict}")
        if response == "stop":
            self.stopped = self.verdict.name
            self.display.say(f"stopping at {self.progress.kimg:.1f} kimg: {self.stopped}; the best snapshot is kept")
        elif response == "roll back":
            self._roll_back()

    def _roll_back(self) -> None:
        """Go on from the networks and optimisers of the best healthy evaluation with lower learning rates.

        Everything else goes on as it was, the count of pictures, their order and the latents: what was spent is spent,
        and what led here is not repeated.
        """
        best = self._checkpoints.best()
        self.step.load_state(best)
        self._learning_rates.slow_down(SLOWER)
        self._monitor.rolled_back()
        self._saved_at = -1
        kimg = best["progress"]["images"] / 1000
        self.display.say(f"going back to {kimg:.1f} kimg, the best so far, with learning rates times {SLOWER}")

    def _diverged(self, error: DivergedError) -> None:
        """Write the verdict of a run whose loss is no number, and go back if that is asked for and possible.

        Raises:
            DivergedError: it is not.
        """
        self._meter.flush()  # what led here is no measure of anything
        response = self._judge({"kimg": self.progress.kimg, "kid": None})
        if response != "roll back":
            raise error
        self._respond(response)
        self._save()

    def _save_if_due(self) -> None:
        if self._agenda.checkpoint.due(self.progress):
            self._save()

    def _save(self) -> None:
        """Write a checkpoint to go on from and the last snapshot to look at, unless this step's are there already."""
        if self._saved_at == self.progress.steps:
            return
        save_snapshot(self.run_directory.snapshot("last"), self.step.average.module, self._card({}))
        self._checkpoints.save(self.progress.kimg, self.state())
        self._saved_at = self.progress.steps

    def _finish(self, ended: bool) -> None:
        self._save()  # first: whoever interrupts may not be patient
        self._write_stats()
        self._write_samples()
        if ended and self._evaluated_at != self.progress.steps:
            self._evaluate()

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs to be the same run."""
        progress = self.progress
        return {
            "progress": {"steps": progress.steps, "images": progress.images, "seconds": progress.seconds},
            "best_kid": self.best_kid,
            "stopped": self.stopped,
            "policy": self._policy.state(),
            "learning_rates": self._learning_rates.state(),
            "latents": self._latents.get_state(),
            "random": random_state(),
            "examination": self._examination.state(),
            **self.step.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a checkpoint's state."""
        self.progress = Progress(self.data.splits[TRAIN], **state["progress"])
        self.best_kid = state["best_kid"]
        self._policy.load_state(state["policy"])
        self._learning_rates.load_state(state["learning_rates"])
        self._latents.set_state(state["latents"])
        self._examination.load_state(state["examination"])
        self.step.load_state(state)
        set_random_state(state["random"])

    @property
    def _told(self) -> list[str]:
        """The classes that the generator is told of; empty if it paints without."""
        names = self.data.class_names
        return names if self.recipe.is_told_classes(len(names)) else []

    def _card(self, scores: dict[str, Any]) -> Card:
        return Card(
            recipe=self.config.recipe,
            options=self.recipe.options.model_dump(),
            size=self.data.size,
            class_names=self._told,
            label_column=self.data.info.label_column if self._told else None,
            class_shares=self.data.class_shares if self._told else [],
            kimg=self.progress.kimg,
            data=str(self.data.path.resolve()),
            fingerprint=self.data.fingerprint,
            ganvas=VERSION,
            scores=scores,
        )

    @contextlib.contextmanager
    def _tensorboard(self) -> Iterator[SummaryWriter | None]:
        if not self.config.settings.tensorboard:
            yield None
            return
        # A full disk fails in the writer's own thread, which prints a traceback; the error is raised again here.
        before, threading.excepthook = threading.excepthook, lambda _: None
        try:
            with SummaryWriter(self.run_directory.tensorboard, purge_step=self.progress.images + 1) as board:
                yield board
        finally:
            threading.excepthook = before

    def _to_board(self, name: str, value: float) -> None:
        if self._board:
            self._board.add_scalar(name, value, self.progress.images)


def _seed_everything(seed: int) -> None:
    """Seed every global random generator that a recipe might draw from."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


@contextlib.contextmanager
def _interruptions() -> Iterator[threading.Event]:
    """Within, the first SIGINT or SIGTERM sets an event that the loop looks at; a second one acts at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # only the main thread may handle signals; another one is stopped by its owner
        return

    def remember(number: int, frame: FrameType | None) -> None:
        event.set()
        signal.signal(number, before[number])
        # Nothing but a plain write is safe in a signal handler.
        os.write(2, b"\nstopping after this step with a checkpoint; once more stops at once, without one\n")

    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, remember)
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
