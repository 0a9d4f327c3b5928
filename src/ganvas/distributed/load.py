"""What other programs take from a run of several processes, on whichever of its machines they take most."""

import json
import os
import platform
from typing import NamedTuple

import psutil
import torch

from ganvas.distributed.world import World
from ganvas.machine.load import OtherLoad


class Load(NamedTuple):
    """The load of other programs on a machine.

    Attributes:
        busy: the number of cores that they keep busy.
        cores: the number of cores of the machine.
        place: the name of the machine; "" where a run has one only.
    """

    busy: float
    cores: int
    place: str = ""

    def __str__(self) -> str:
        return f"other programs use {self.busy:.1f} of {self.cores} cores" + (f" on {self.place}" if self.place else "")


class SharedLoad:
    """Measures the load of other programs on all machines of a run. Each process must make one.

    Args:
        world: the processes of the run, which are not other programs to each other.
    """

    def __init__(self, world: World) -> None:
        self._world, own = world, (platform.node(), os.getpid())
        places = [tuple(json.loads(each)) for each in world.from_each(json.dumps(own).encode())]
        self._names = [name for name, _ in places]
        self._load = OtherLoad(process for name, process in places if name == own[0])

    def highest(self) -> Load:
        """The load of the machine where it is highest, since the last call. Every process must ask."""
        loads = torch.zeros(self._world.size, 2, dtype=torch.float64)
        loads[self._world.rank] = torch.tensor([self._load.cores(), psutil.cpu_count() or 1], dtype=torch.float64)
        rank = int(self._world.sum_(loads)[:, 0].argmax())
        busy, cores = loads[rank].tolist()
        return Load(busy, int(cores), self._names[rank] if len(set(self._names)) > 1 else "")
