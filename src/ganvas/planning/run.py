"""Starting and resuming runs: from a dataset and the name of a recipe to a trained run directory."""

import dataclasses
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.data.dataset.layout import TRAIN
from ganvas.distributed.world import ALONE, World
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import exists, new_path, user_path
from ganvas.foundation.sharing import sharing
from ganvas.planning.company import follow, lead
from ganvas.planning.first_stage import first_weights
from ganvas.planning.forecast import with_forecast
from ganvas.planning.notebook import outcome_html
from ganvas.planning.plan import RunPlan, check
from ganvas.planning.recorded import fitting, read_weights, recorded_options, recorded_plan
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory, is_run, refuse_existing
from ganvas.settings.budget import Amount, Progress
from ganvas.training.display import Display, FailSafe
from ganvas.training.interruption import interruptions
from ganvas.training.notebook import display_for
from ganvas.training.referee import Referee

if TYPE_CHECKING:
    from ganvas.training.trainer import Trainer

DEFAULT_RECIPE = "atelier"
# What messages say is done to a run while its lock is held.
TRAINED = "trained"


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run: its directory.
        finished: whether the budget was spent or a verdict ended the run; False if it was interrupted.
        kimg: thousands of real pictures that D has seen.
        best_kid: the KID of the best evaluation; None if there was none.
        verdict: the last verdict; None if there was none.
        stopped: the verdict that ended the run before its budget was spent; None if no verdict did.
    """

    run: Path
    finished: bool
    kimg: float
    best_kid: float | None
    verdict: str | None = None
    stopped: str | None = None

    def __str__(self) -> str:
        end = "finished" if self.finished else "interrupted"
        score = "" if self.best_kid is None else f", best KID {self.best_kid:.5f}"
        verdict = f", {self.verdict}" if self.verdict else ""
        way_on = "" if self.finished else f"; continue with ganvas.resume({str(self.run)!r})"
        return f"{end} at {self.kimg:.1f} kimg{score}{verdict}{way_on}"

    def _repr_html_(self) -> str:
        return outcome_html(self.run, str(self))


@sharing()
def train(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    display: Display | None = None,
    referee: Referee | None = None,
    world: World = ALONE,
    **changes: object,
) -> Outcome:
    """Train a recipe on a dataset.

    Args:
        data: a dataset directory.
        out: the run directory to create.
        recipe: a recipe's name, or module:Class for one of your own.
        start: a snapshot or run whose weights training starts from; by default the weights are random.
        display: shows the progress; by default a bar in a notebook, and nothing elsewhere.
        referee: may end the run after an evaluation; by default nobody does.
        world: the processes that train it together, from `ganvas.distributed.joining.joined`; by default this one
            alone. Each of them calls this function.
        **changes: settings and options by key (`budget="20m"`, `width=32` ...), see docs/configuration.md.

    Returns:
        How the run ended.

    Raises:
        GanvasError: an argument cannot be used and nothing was trained, or training diverged, or the disk is full.
        InUse: another process is training a run in this directory.
        LostProcess: another process of `world` has failed.
    """
    started, path, display = time.perf_counter(), new_path(out), FailSafe(display_for(display))
    if not world.is_first:
        return _train(follow(world, path, data))
    plan = _check_with_start(data, recipe, start, changes, world)
    with exclusive(path, TRAINED):
        refuse_existing(path)
        plan, forecast = with_forecast(plan, started)
        display.say(plan.describe(forecast))
        run = RunDirectory(path, plan.record(forecast, path))
        lead(world, run.record, None)
        trainer = plan.trainer(run, display, referee)
        trainer.step.load_weights(plan.start)
        with interruptions():  # before the directory exists, so that it always gets a checkpoint
            run.create()
            return _train(trainer)


@sharing()
def dry_run(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    world: World = ALONE,
    **changes: object,
) -> str:
    """Check a run and measure its speed, without writing anything. The arguments are those of `train`.

    Returns:
        The plan of the run and its forecast, as lines of text.

    Raises:
        GanvasError: an argument cannot be used.
    """
    started = time.perf_counter()
    plan, forecast = with_forecast(prepare_run(data, out, recipe, start, changes, world), started)
    return plan.describe(forecast)


def prepare_run(
    data: str | Path,
    out: str | Path,
    recipe: str,
    start: str | Path | None,
    changes: dict[str, object],
    world: World = ALONE,
) -> RunPlan:
    """Check the arguments of `train`, before anything is measured or written.

    Raises:
        GanvasError: the dataset, recipe, device, start or an option does not exist or does not fit, or `out` exists.
    """
    plan = _check_with_start(data, recipe, start, changes, world)
    refuse_existing(new_path(out))
    return plan


def _check_with_start(
    data: str | Path, recipe: str, start: str | Path | None, changes: dict[str, object], world: World
) -> RunPlan:
    """Check everything that does not depend on the run directory."""
    plan = check(data, recipe, changes, world)
    if start is None:
        return dataclasses.replace(plan, start=first_weights(plan.config))
    return dataclasses.replace(plan, origin=user_path(start), start=read_weights(user_path(start)))


@sharing()
def resume(
    run: str | Path,
    *,
    budget: str | None = None,
    data: str | Path | None = None,
    display: Display | None = None,
    referee: Referee | None = None,
    world: World = ALONE,
) -> Outcome:
    """Resume a run from its newest checkpoint. The result is the same as without the interruption.

    Args:
        run: the run directory.
        budget: additional budget; by default what is left of the run's own budget.
        data: the dataset directory, if it has moved.
        display: shows the progress; by default a bar in a notebook, and nothing elsewhere.
        referee: may end the run after an evaluation; by default nobody does.
        world: the processes that train it together, as many as you like; see `train`.

    Returns:
        How the run ended.

    Raises:
        RunError: there is no run or no checkpoint, or the dataset has changed.
        ConfigError: the budget is spent, and no additional one was given.
        InUse: another process is training the run.
        LostProcess: another process of `world` has failed.
    """
    path = user_path(run)
    if not world.is_first:
        return _train(follow(world, path, data))
    RunDirectory.open(path)  # raises for anything but a run, before a lock is written next to it
    more = Amount.parse(budget) if budget else None
    with exclusive(path, TRAINED):
        return _resume(RunDirectory.open(path), more, data, FailSafe(display_for(display)), referee, world)


def _resume(
    directory: RunDirectory,
    more: Amount | None,
    data: str | Path | None,
    display: Display,
    referee: Referee | None,
    world: World,
) -> Outcome:
    record, run = directory.record, directory.path
    plan = recorded_plan(directory, data, world)
    state = CheckpointDirectory(directory.checkpoints).latest()
    with fitting(directory):
        progress = Progress(plan.data.splits[TRAIN], **state["progress"])
    total = more.after(progress) if more else plan.config.settings.budget
    if total.fraction(progress) >= 1:
        raise ConfigError(f"{run} has spent its budget of {total}; add to it, such as with --budget 10m")
    plan = dataclasses.replace(plan, config=plan.config.with_settings(budget=str(total)))
    settings = record.settings | {"budget": str(total)}
    resumed = record.model_copy(update={"settings": settings, "data": str(plan.data.path.resolve())})
    # The precision is that of the first process, whatever the others would choose.
    lead(
        world, resumed.model_copy(update={"options": recorded_options(record), "machine": plan.machine.record()}), state
    )
    trainer = plan.trainer(directory, display, referee)
    with fitting(directory):
        trainer.restore(state)
    directory.rewrite(resumed)
    for key, value in plan.machine.record().items():
        if value != record.machine[key]:
            display.say(
                f"note: {key} was {record.machine[key]} and is {value} here; results may differ in the last bits"
            )
    processes = f", with {world.size} processes" if world.size > 1 else ""
    display.say(f"resuming at {progress.kimg:.1f} kimg on {plan.machine}{processes}, up to a budget of {total}")
    return _train(trainer)


def complete(
    data: str | Path,
    out: str | Path,
    recipe: str = DEFAULT_RECIPE,
    *,
    start: str | Path | None = None,
    display: Display | None = None,
    referee: Referee | None = None,
    **changes: object,
) -> bool:
    """Start a run, or resume it if it exists and has not finished. The arguments are those of `train`.

    Returns:
        Whether the run has finished; False if it was interrupted.

    Raises:
        GanvasError: as `train` and `resume` do.
    """
    run = new_path(out)
    if exists(run) and not _remove_without_checkpoint(run):
        return is_spent(run) or resume(run, data=data, display=display, referee=referee).finished
    return train(data, run, recipe, start=start, display=display, referee=referee, world=ALONE, **changes).finished


def _remove_without_checkpoint(path: Path) -> bool:
    """Remove a run that was killed before its first checkpoint, since it cannot be resumed.

    Returns:
        Whether it was removed.

    Raises:
        InUse: another process is training it.
    """
    if not is_run(path) or CheckpointDirectory(RunDirectory.open(path).checkpoints):
        return False
    with exclusive(path, TRAINED):
        if CheckpointDirectory(RunDirectory.open(path).checkpoints):  # written while the lock was taken
            return False
        shutil.rmtree(path)
    return True


def is_spent(run: str | Path) -> bool:
    """Whether a run has spent its budget or was ended by a verdict, by its newest checkpoint.

    Raises:
        RunError: there is no run, or it has no checkpoint.
    """
    directory = RunDirectory.open(user_path(run))
    state = CheckpointDirectory(directory.checkpoints).latest()
    budget = Amount.parse(directory.record.settings["budget"])
    with fitting(directory):
        spent = budget.fraction(Progress(directory.record.training_count, **state["progress"])) >= 1
        return spent or state["stopped"] is not None


def _train(trainer: "Trainer") -> Outcome:
    finished = trainer.run()
    return Outcome(
        run=trainer.run_directory.path,
        finished=finished,
        kimg=trainer.progress.kimg,
        best_kid=trainer.assessor.best_kid,
        verdict=trainer.assessor.verdict.name if trainer.assessor.verdict else None,
        stopped=trainer.stopped,
    )
