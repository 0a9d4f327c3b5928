"""Where the other processes of a run are: what torchrun, SLURM or `--devices` say in environment variables."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ganvas.foundation.errors import ConfigError

# Set by `--devices` for the processes that it starts.
LAUNCHER, FATE = "GANVAS_LAUNCHER", "GANVAS_FATE"
# SLURM names no port. All processes of a job compute the same one from its number.
FIRST_PORT, PORTS = 20_000, 20_000


@dataclass(frozen=True)
class Address:
    """The place of a process among those of its run.

    Attributes:
        rank: its number, from 0.
        size: number of processes.
        local_rank: its number among those on its machine, from 0.
        local_size: number of processes on its machine.
        host: where the first process is.
        port: where it listens.
        has_store: whether another program, such as torchrun, listens there already.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    host: str
    port: int
    has_store: bool = False


def find(variables: Mapping[str, str] = os.environ) -> Address | None:
    """The place of this process; None if it trains alone.

    Raises:
        ConfigError: a variable is missing, or is not a number.
    """
    if "WORLD_SIZE" in variables:
        return _of_torchrun(variables)
    # In a batch script itself there is no step yet: only `srun` starts the processes.
    return _of_slurm(variables) if int(variables.get("SLURM_STEP_NUM_TASKS", "1") or 1) > 1 else None


def _of_torchrun(variables: Mapping[str, str]) -> Address:
    return Address(
        rank=_number(variables, "RANK"),
        size=_number(variables, "WORLD_SIZE"),
        local_rank=_number(variables, "LOCAL_RANK"),
        local_size=_number(variables, "LOCAL_WORLD_SIZE"),
        host=_text(variables, "MASTER_ADDR"),
        port=_number(variables, "MASTER_PORT"),
        has_store=variables.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
    )


def _of_slurm(variables: Mapping[str, str]) -> Address:
    tasks = variables.get("SLURM_STEP_TASKS_PER_NODE", "1")
    return Address(
        rank=_number(variables, "SLURM_PROCID"),
        size=_number(variables, "SLURM_STEP_NUM_TASKS"),
        local_rank=_number(variables, "SLURM_LOCALID"),
        local_size=int(re.match(r"\d*", tasks)[0] or 1),  # type: ignore[index]  # it always matches
        host=variables.get("MASTER_ADDR") or first_host(_text(variables, "SLURM_STEP_NODELIST")),
        port=int(variables.get("MASTER_PORT") or FIRST_PORT + _number(variables, "SLURM_JOB_ID") % PORTS),
    )


def first_host(hosts: str) -> str:
    """The first of a list of hosts as SLURM writes it.

    >>> first_host("gpu[007-012,020],login1")
    'gpu007'
    """
    found = re.match(r"([^\[,]+)(?:\[(\w+))?[^\],]*\]?([^,\[]*)", hosts)
    if found is None:
        raise ConfigError(f"SLURM_STEP_NODELIST={hosts!r} names no host")
    return found[1] + (found[2] or "") + (found[3] if found[2] else "")


def _text(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise ConfigError(
            f"the environment variable {name} is missing, which a run of several processes needs: start it with "
            "--devices, torchrun or srun, or unset WORLD_SIZE to train with one process"
        )
    return variables[name]


def _number(variables: Mapping[str, str], name: str) -> int:
    text = _text(variables, name)
    if not text.isdecimal():
        raise ConfigError(f"the environment variable {name}={text!r} must be a number")
    return int(text)
