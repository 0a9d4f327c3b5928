"""The part of a batch that this process works on, and random numbers for it.

A step trains on one batch, whatever the number of processes: rows `start` to `start + count` of it are worked on here.
Every process draws the random numbers of the whole batch, from the same state, and keeps those of its own rows. So all
processes stay in the same random state, one checkpoint holds it, and one, two or four of them see the same numbers.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.distributed.world import ALONE, World
from ganvas.foundation.errors import ConfigError


@dataclass(frozen=True)
class Part:
    """Rows of a batch.

    Attributes:
        total: number of rows of the whole batch, a multiple of `count`.
        start: the first row, a multiple of `count`.
        count: number of rows.
        world: the processes that share the batch.
    """

    total: int
    start: int
    count: int
    world: World = ALONE


class _Process:
    """The part that this process works on now; None for whole batches."""

    current: Part | None = None


def current() -> Part | None:
    """The part of a batch that this process works on now; None while it works on whole batches."""
    return _Process.current


def current_world() -> World:
    """The processes that share the batch which this process works on now."""
    return _Process.current.world if _Process.current else ALONE


@contextlib.contextmanager
def working_on(part: Part | None) -> Iterator[None]:
    """A context in which this process works on a part of a batch."""
    before, _Process.current = _Process.current, part
    try:
        yield
    finally:
        _Process.current = before


def drawn(rows: int, draw: Callable[[int], Tensor], dim: int = 0) -> Tensor:
    """Random numbers for the rows of a tensor that belong to the part which this process works on.

    Args:
        rows: number of rows: those of the part, or of several stacked batches, such as real and generated pictures. Of
            any other number, each part has as many.
        draw: draws random numbers for this many rows.
        dim: the dimension of the rows in what `draw` returns.
    """
    part = _Process.current
    if part is None:
        return draw(rows)
    width = rows if rows % part.count else part.count
    parts = part.total // part.count
    whole = torch.unflatten(draw(rows * parts), dim, (rows // width, parts, width))
    return whole.select(dim + 1, part.start // part.count).flatten(dim, dim + 1)


@dataclass(frozen=True)
class Division:
    """How a batch is divided among processes, and the part of each into micro-batches.

    Attributes:
        world: the processes.
        micro_batch: rows that a process works on at a time; 0 for all of its part.
        synchronised: whether BatchNorm looks at the micro-batches of all processes, instead of each at its own.
    """

    world: World = ALONE
    micro_batch: int = 0
    synchronised: bool = False

    def check(self, batch_size: int) -> None:
        """Refuse a batch that cannot be divided into equal parts.

        Raises:
            ConfigError: it cannot.
        """
        size = self.world.size
        if batch_size % size:
            near = max(size, batch_size // size * size)
            raise ConfigError(
                f"batch_size={batch_size}: {size} processes need equal parts of a batch; choose a multiple of {size}, "
                f"such as {near}"
            )
        if self.micro_batch and (batch_size // size) % self.micro_batch:
            raise ConfigError(
                f"micro_batch={self.micro_batch}: choose a number that divides {batch_size // size}, the pictures of a "
                "batch that each process has"
            )

    @property
    def is_whole(self) -> bool:
        """Whether one process works on whole batches."""
        return self.world.size == 1 and not self.micro_batch

    def own(self, batch_size: int) -> Part:
        """The part of a batch of `batch_size` rows that this process has."""
        count = batch_size // self.world.size
        return Part(batch_size, self.world.rank * count, count, self.world)

    def micro_batches(self, rows: int) -> list[Part | None]:
        """The parts that this process works on one after the other, of a batch of which it has `rows` rows."""
        if self.is_whole:
            return [None]
        count = min(self.micro_batch or rows, rows)
        first, total = self.world.rank * rows, self.world.size * rows
        return [Part(total, first + start, count, self.world) for start in range(0, rows, count)]


WHOLE = Division()


class Repeated:
    """Gives each micro-batch of an update the random state in which the first one began.

    All of them draw for the whole batch, so they take different rows of the same numbers.

    Args:
        device: of the networks.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._states = self._read()

    def begin(self) -> None:
        """Go back to the state at construction."""
        torch.set_rng_state(self._states[0])
        if len(self._states) > 1:
            torch.cuda.set_rng_state(self._states[1], self._device)

    def _read(self) -> list[Tensor]:
        states = [torch.get_rng_state()]
        return [*states, torch.cuda.get_rng_state(self._device)] if self._device.type == "cuda" else states
