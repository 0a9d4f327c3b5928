"""Checkpoints: everything that a run needs to resume exactly, without a pickle.

A checkpoint is one safetensors file. It holds the tensors of the state under their paths, such as
"g_optimizer.state.0.step". Its metadata holds the rest of the state as JSON, with a mark in place of each tensor, and a
checksum over all of it.
"""

import json
import math
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from ganvas.distributed.world import World
from ganvas.foundation.errors import RunError
from ganvas.foundation.paths import is_file
from ganvas.foundation.schema import KEY, Schema
from ganvas.foundation.state import State
from ganvas.foundation.tensors import is_damaged, read_tensors, write_checked
from ganvas.runs.by_kimg import file_name, files_by_kimg

# What a state of version 1 may lack: earlier ganvas did without it.
_LATER = {
    "stopped": None,
    "best_kid": None,
    "policy": {"waited": 0, "rolled_back": 0},
    "learning_rates": {"evaluations": [], "factor": 1.0},
    "examination": {"probe": {"painted": None}},
    "precision": {},
    "tricks": {},
}
SCHEMA = Schema(2, RunError, "remove it to go on with the one before", {1: lambda state: _with_later(state)})
KEEP = 2  # the latest, and the one before it in case the latest is damaged
SUFFIX = ".safetensors"
BEST = f"best{SUFFIX}"
TENSOR = "__tensor__"


def save(path: Path, state: State) -> None:
    """Write `state` to one file, atomically.

    Raises:
        GanvasError: the file cannot be written. An earlier file of that name is unchanged.
    """
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_detach_tensors(state, "", tensors))
    write_checked(path, tensors, skeleton, {KEY: str(SCHEMA.version), "state": skeleton})


def load(path: Path) -> State:
    """Read a checkpoint, with its tensors on the CPU.

    Raises:
        RunError: the file is not a checkpoint, is cut short or damaged, or has a schema version that this ganvas cannot
            read.
    """
    try:
        tensors, metadata = read_tensors(path)
        if "state" not in metadata:
            raise RunError(f"{path} is not a checkpoint of ganvas: its metadata holds no state")
        found = metadata.get(KEY, "")
        version = SCHEMA.require(int(found) if found.isdecimal() else None, path)
        if is_damaged(metadata, tensors, metadata["state"], is_required=version > 1):
            raise RunError(f"{path} is damaged: its checksum is not that of its content")
        state = _attach_tensors(json.loads(metadata["state"]), tensors)
        if not isinstance(state, dict):
            raise TypeError(f"its state is a {type(state).__name__}")
    except (OSError, SafetensorError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError(f"{path} cannot be read as a checkpoint: {error}") from error
    if not isinstance(state, dict):
        raise RunError(f"{path} cannot be read as a checkpoint: its state is not a mapping")
    return SCHEMA.migrated(state, version)


def _with_later(state: State) -> State:
    """A state of version 1 in version 2, in which nothing is missing."""
    state = _LATER | state
    best = state["best_kid"]
    return {"best_bound": math.inf if best is None else best} | state


def shared_state(world: World, read: Callable[[], State]) -> State:
    """The state that the first process reads, on all processes, with its tensors on the CPU.

    Args:
        world: the processes.
        read: called on the first process alone.
    """
    return read() if world.size == 1 else _unpacked(world.from_first(lambda: _packed(read())))


def tensors_of(state: State) -> dict[str, Tensor]:
    """All tensors of a state by their paths."""
    tensors: dict[str, Tensor] = {}
    _detach_tensors(state, "", tensors)
    return {path.removeprefix("."): tensor for path, tensor in tensors.items()}


def _packed(state: State) -> bytes:
    """A state as bytes: the length of its skeleton in 8 bytes, the skeleton as JSON, and the tensors."""
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_detach_tensors(state, "", tensors)).encode()
    copies = {path: tensor.detach().cpu().clone().contiguous() for path, tensor in tensors.items()}
    return len(skeleton).to_bytes(8, "little") + skeleton + safetensors.torch.save(copies)


def _unpacked(content: bytes) -> State:
    end = 8 + int.from_bytes(content[:8], "little")
    state = _attach_tensors(json.loads(content[8:end]), safetensors.torch.load(content[end:]))
    assert isinstance(state, dict)
    return state


def _detach_tensors(value: object, path: str, tensors: dict[str, Tensor]) -> object:
    """The JSON skeleton of a state. Tensors go to `tensors`; dicts become lists of pairs, to keep their int keys."""
    if isinstance(value, Tensor):
        tensors[path] = value
        return {TENSOR: path}
    if isinstance(value, dict):
        return {"items": [[key, _detach_tensors(each, f"{path}.{key}", tensors)] for key, each in value.items()]}
    if isinstance(value, list | tuple):
        return [_detach_tensors(each, f"{path}.{place}", tensors) for place, each in enumerate(value)]
    return value


def _attach_tensors(skeleton: object, tensors: Mapping[str, Tensor]) -> object:
    if isinstance(skeleton, list):
        return [_attach_tensors(each, tensors) for each in skeleton]
    if isinstance(skeleton, dict):
        if TENSOR in skeleton:
            return tensors[skeleton[TENSOR]]
        return {key: _attach_tensors(each, tensors) for key, each in skeleton["items"]}
    return skeleton


def random_state() -> State:
    """The state of every global random generator that training may draw from."""
    state: State = {
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(legacy=False),
        "python": list(random.getstate()),
    }
    state["numpy"]["state"]["key"] = torch.from_numpy(state["numpy"]["state"]["key"].astype(np.int64))
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_random_state(state: State) -> None:
    """Restore every global random generator to what `random_state` returned."""
    torch.set_rng_state(state["torch"])
    numpy_state = state["numpy"]
    key = numpy_state["state"]["key"].numpy().astype(np.uint32)
    np.random.set_state(numpy_state | {"state": numpy_state["state"] | {"key": key}})
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    # The first process wrote the state, and it uses the first device. The others must draw as it does.
    for device in range(torch.cuda.device_count() if state.get("cuda") else 0):
        torch.cuda.set_rng_state(state["cuda"][0], device)


class CheckpointDirectory:
    """The `checkpoints/` of a run: one file per checkpoint, named by kimg. The last `KEEP` are kept."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __len__(self) -> int:
        return len(self._files())

    def save(self, kimg: float, state: State) -> Path:
        """Write a checkpoint, then delete all but the last `KEEP`."""
        file = self._path / file_name(kimg, SUFFIX)
        save(file, state)
        for old in self._files()[:-KEEP]:
            old.unlink()
        return file

    def save_best(self, state: State) -> None:
        """Write the state that a rollback restores. It replaces an earlier one."""
        save(self._path / BEST, state)

    @property
    def has_best(self) -> bool:
        """Whether there is a state to roll back to."""
        return is_file(self._path / BEST)

    def best(self) -> State:
        """The state that a rollback restores.

        Raises:
            RunError: it does not exist, or cannot be read.
        """
        return load(self._path / BEST)

    def latest(self) -> State:
        """The newest checkpoint that can be read.

        Raises:
            RunError: no checkpoint can be read.
        """
        problems = []
        for file in reversed(self._files()):
            try:
                return load(file)
            except RunError as error:
                problems.append(str(error))
        reason = "; ".join(problems) or "it is empty: the run stopped before its first checkpoint"
        raise RunError(f"no usable checkpoint in {self._path} ({reason}): remove the run and train again")

    def _files(self) -> list[Path]:
        return list(files_by_kimg(self._path, SUFFIX).values())
