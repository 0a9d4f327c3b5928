"""Runs that exist: the plan by which one goes on, and the weights with which another starts."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas import gans
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labels_digest
from ganvas.distributed.world import World
from ganvas.foundation.errors import RunError
from ganvas.foundation.paths import is_directory
from ganvas.machine.device import Machine
from ganvas.planning.plan import RunPlan, check, style_classifier_digest
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import Record, RunDirectory
from ganvas.runs.snapshot import Snapshot
from ganvas.settings.config import Settings

if TYPE_CHECKING:
    from ganvas.training.step import Weights


def recorded_plan(directory: RunDirectory, data: str | Path | None, world: World) -> RunPlan:
    """The plan of a run as it was recorded, on what it was trained on.

    Args:
        directory: of the run.
        data: the dataset directory, if it has moved.
        world: the processes that train it together.

    Raises:
        RunError: the dataset, its classes or the classifier that names the styles has changed since.
    """
    record, run = directory.record, directory.path
    plan = check(data or record.data, record.recipe, record.settings | recorded_options(record), world)
    plan = dataclasses.replace(
        plan, machine=_with_recorded_precision(plan.machine, plan.config.settings, record.machine)
    )
    if plan.data.fingerprint != record.dataset["fingerprint"]:
        raise RunError(f"{plan.data.path} has changed since {run} was trained on it: start a new run, or restore it")
    if plan.data.class_names != record.dataset["class_names"] or _labels_differ(plan.data, record.dataset):
        raise RunError(
            f"the classes of {plan.data.path} have changed since {run} was trained on it: start a new run, or restore "
            f"the column {plan.data.info.label_column!r}"
        )
    if style_classifier_digest(plan.config.options) != record.style_classifier:
        raise RunError(
            f"the classifier {plan.config.options.style_classifier} has changed since {run} was trained with it: start "
            "a new run, or restore it"
        )
    return plan


def recorded_options(record: Record) -> dict[str, object]:
    """The options that a run was given, with those that its version of the recipe did not have yet."""
    return gans.find(record.recipe).recorded(record.options)


def _with_recorded_precision(machine: Machine, settings: Settings, recorded: Mapping[str, str]) -> Machine:
    """The machine with the precision that the run started with, unless the machine is another or the user set one.

    The precision "auto" is measured, and a new measurement may differ. A run keeps its arithmetic until its end.
    """
    is_same = (machine.device, machine.device_name) == (recorded["device"], recorded["device_name"])
    if settings.precision != "auto" or not is_same:
        return machine
    return dataclasses.replace(machine, precision=recorded["precision"])


def _labels_differ(data: Dataset, trained_on: Mapping[str, object]) -> bool:
    """Whether the classes of pictures have changed since the run started. False if the run did not record them."""
    labels = trained_on.get("labels")
    return labels is not None and labels != labels_digest(data, data.info.label_column)


@contextlib.contextmanager
def fitting(directory: RunDirectory) -> Iterator[None]:
    """Within, the newest checkpoint of a run is used, which may be another run's.

    Raises:
        RunError: it does not fit.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(
            f"the newest checkpoint in {directory.checkpoints} is not one of a {directory.record.recipe} run with "
            "these options; remove it to go on with the one before"
        ) from error


def read_weights(start: Path) -> "Weights":
    """Read initial weights: the networks of a run's newest checkpoint, or the generator of a snapshot.

    Raises:
        RunError: they cannot be read.
    """
    if is_directory(start):
        directory = RunDirectory.open(start)
        state = CheckpointDirectory(directory.checkpoints).latest()
        with fitting(directory):
            return {name: state[name] for name in ("generator", "discriminator", "average")}
    weights = Snapshot.load(start).generator.state_dict()
    return {"generator": weights, "average": weights}
