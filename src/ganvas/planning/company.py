"""A run that several processes train: the first one plans it and reads its files, and the others get the plan.

So a run directory is needed on the machine of the first process alone. The dataset is needed on all.
"""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.distributed.world import World
from ganvas.foundation.errors import RunError
from ganvas.foundation.state import State
from ganvas.planning.plan import RunPlan, check
from ganvas.runs.checkpoint import shared_state
from ganvas.runs.directory import Record, RunDirectory
from ganvas.training.display import Silent

if TYPE_CHECKING:
    from ganvas.training.trainer import Trainer


def lead(world: World, record: Record, state: State | None) -> None:
    """Send the configuration of a run, and the state that it starts from, to the other processes.

    Args:
        world: the processes; this is the first.
        record: the configuration, with all choices made.
        state: of a checkpoint; None for a new run.
    """
    if world.size > 1:
        world.from_first(lambda: record.model_dump_json().encode())
        shared_state(world, lambda: state or {})


def follow(world: World, run: Path, data: str | Path | None) -> "Trainer":
    """Build the trainer of a run that the first process leads.

    Args:
        world: the processes; this is not the first.
        run: the run directory, which need not exist here.
        data: the dataset directory; by default where the first process has it.

    Raises:
        RunError: the dataset here is another one.
        GanvasError: the dataset or the device does not exist here.
        LostProcess: the first process has failed.
    """
    record = Record.model_validate(json.loads(world.from_first(bytes)))
    state = shared_state(world, dict)
    plan = _plan(record, data, world)
    trainer = plan.trainer(RunDirectory(run, record), Silent())
    if state:
        trainer.restore(state)
    return trainer


def _plan(record: Record, data: str | Path | None, world: World) -> RunPlan:
    plan = check(data or record.data, record.recipe, record.settings | record.options, world)
    if plan.data.fingerprint != record.dataset["fingerprint"]:
        raise RunError(
            f"rank {world.rank}: {plan.data.path} is not the dataset of rank 0; copy that to this machine, to the same "
            "path"
        )
    # Options that `check` would choose for this machine are those of the first process.
    options = type(plan.config.options).model_validate(record.options)
    config = plan.config.model_copy(update={"options": options})
    machine = dataclasses.replace(plan.machine, precision=record.machine["precision"])
    return dataclasses.replace(plan, config=config, recipe=type(plan.recipe)(options), machine=machine)
