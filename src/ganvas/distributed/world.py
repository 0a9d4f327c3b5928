"""The processes of a run, and what they exchange through torch.distributed.

Networks are not wrapped in `DistributedDataParallel`: it does not reduce gradients that a loss takes itself
(`torch.autograd.grad`), as gradient penalties and unrolled GANs do.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist

from ganvas.foundation.errors import LostProcess

# Takes the error of an exchange to the reason why it failed.
Explain = Callable[[Exception], LostProcess]


def _unexplained(error: Exception) -> LostProcess:
    return LostProcess(f"the processes of this run cannot reach each other: {error}")


class World:
    """The processes that train one run. By default it is this process alone, and exchanges do nothing.

    Every process must call the same methods in the same order.

    Args:
        rank: number of this process, from 0.
        size: number of processes.
        explain: says which process is lost when an exchange fails.
    """

    def __init__(self, rank: int = 0, size: int = 1, explain: Explain = _unexplained) -> None:
        self.rank, self.size, self._explain = rank, size, explain

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def sum_(self, values: Tensor) -> Tensor:
        """Replace a contiguous tensor by its sum over all processes, which is the same to the last bit on each."""
        if self.size > 1:
            with self._answered():
                dist.all_reduce(values)
        return values

    def begin_sum_(self, values: Tensor) -> Callable[[], None]:
        """Begin `sum_`. The tensor must not be used before the function that is returned has been called."""
        with self._answered():
            work = dist.all_reduce(values, async_op=True)

        def wait() -> None:
            with self._answered():
                work.wait()

        return wait

    def broadcast_(self, values: Tensor) -> Tensor:
        """Replace a contiguous tensor by that of the first process."""
        if self.size > 1:
            with self._answered():
                dist.broadcast(values, 0)
        return values

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes, which can be differentiated any number of times.

        The derivative is that of the sum of all processes' losses, so a gradient that is then averaged over the
        processes is that of their mean loss.
        """
        return values if self.size == 1 else _summed(values, self) / self.size

    def gathered(self, values: Tensor) -> Tensor:
        """The tensors [...] of all processes, [size, ...], which can be differentiated any number of times."""
        if self.size == 1:
            return values[None]
        # Each process adds its own row to rows of zeros. A sum is all that has to be differentiated.
        is_own = torch.arange(self.size, device=values.device) == self.rank
        rows = torch.where(is_own.view(-1, *[1] * values.dim()), values[None], 0.0)
        return _summed(rows, self)

    def from_first(self, make: Callable[[], bytes]) -> bytes:
        """Bytes that the first process makes, on every process."""
        if self.size == 1:
            return make()
        content = torch.frombuffer(bytearray(make()), dtype=torch.uint8) if self.is_first else torch.empty(0)
        length = int(self.broadcast_(torch.tensor(len(content))))
        if not self.is_first:
            content = torch.empty(length, dtype=torch.uint8)
        return self.broadcast_(content).numpy().tobytes() if length else b""

    def from_each(self, content: bytes) -> list[bytes]:
        """The bytes that each process gives, in the order of their ranks, on every process."""
        if self.size == 1:
            return [content]
        lengths = torch.zeros(self.size, dtype=torch.int64)
        lengths[self.rank] = len(content)
        self.sum_(lengths)
        rows = torch.zeros(self.size, max(1, int(lengths.max())), dtype=torch.uint8)
        rows[self.rank, : len(content)] = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        self.sum_(rows)
        return [row[:length].numpy().tobytes() for row, length in zip(rows, lengths.tolist(), strict=True)]

    def number_of_first(self, value: float) -> float:
        """The value of the first process, on every process."""
        return value if self.size == 1 else float(self.broadcast_(torch.tensor(value, dtype=torch.float64)))

    @contextlib.contextmanager
    def _answered(self) -> Iterator[None]:
        """Within, the other processes must answer.

        Raises:
            LostProcess: one does not.
        """
        try:
            yield
        except RuntimeError as error:  # a connection is closed
            raise self._explain(error) from error


ALONE = World()


class _Sum(torch.autograd.Function):
    """The sum over all processes. Its derivative is again a sum over all processes."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, world: World) -> Tensor:
        ctx.world = world
        return world.sum_(values.clone(memory_format=torch.contiguous_format))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _summed(gradients[0], ctx.world), None


def _summed(values: Tensor, world: World) -> Tensor:
    total: Tensor = _Sum.apply(values, world)
    return total
