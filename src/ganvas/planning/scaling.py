"""How fast several processes train one run: a model of what they compute and exchange.

A step of p processes takes as long as its computation and its exchanges, which do not overlap:

    t(p) = u + c B/p + sum over exchanges of n bytes: 2 ceil(log2 p) l + 2 (p - 1)/p n/w

B is the whole batch. u is what each process does however few pictures it has: updates of the weights, and the start of
every operation. c is the time for a picture. l is the latency of the wire, and w its bandwidth. An exchange is an
all-reduce by halving and doubling (Thakur, Rabenseifner and Gropp 2005, "Optimization of collective communication
operations in MPICH", section 4.5), with which the libraries' own algorithms agree in both limits.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from ganvas.distributed.reduction import kept_buffers
from ganvas.settings.options import Options

FLOAT, DOUBLE = 4, 8


@dataclass(frozen=True)
class Wire:
    """What connects the processes.

    Attributes:
        latency: seconds until a message arrives, however short it is.
        bandwidth: bytes per second that a process sends, while it receives as many.
    """

    latency: float
    bandwidth: float

    def all_reduce(self, length: int, processes: int) -> float:
        """Seconds to add up `length` bytes over all processes."""
        if processes == 1:
            return 0.0
        rounds, share = 2 * math.ceil(math.log2(processes)), 2 * (processes - 1) / processes
        return rounds * self.latency + share * length / self.bandwidth


@dataclass(frozen=True)
class Computation:
    """What a process computes in a step.

    Attributes:
        fixed: seconds for any number of pictures.
        per_picture: seconds for each picture of its part.
    """

    fixed: float
    per_picture: float

    @classmethod
    def of(cls, few: int, seconds_for_few: float, many: int, seconds_for_many: float) -> "Computation":
        """From the time of a step with few pictures and of one with many. Neither part is negative."""
        per_picture = max(0.0, (seconds_for_many - seconds_for_few) / (many - few))
        return cls(max(0.0, seconds_for_few - few * per_picture), per_picture)

    def seconds(self, pictures: float) -> float:
        """Seconds of a step."""
        return self.fixed + self.per_picture * pictures


@dataclass(frozen=True)
class Scaling:
    """The model of a recipe.

    Attributes:
        computation: of a process.
        exchanges: bytes of each exchange of a step, as `exchanges` gives them.
        wire: between any two processes.
    """

    computation: Computation
    exchanges: tuple[int, ...]
    wire: Wire

    def step(self, batch_size: int, processes: int) -> float:
        """Seconds of a step."""
        return self.computation.seconds(batch_size / processes) + self.exchanging(processes)

    def exchanging(self, processes: int) -> float:
        """Seconds of a step in which processes exchange."""
        return sum(self.wire.all_reduce(length, processes) for length in self.exchanges)

    def img_per_s(self, batch_size: int, processes: int) -> float:
        """Pictures per second of all processes, for each batch of D."""
        return batch_size / self.step(batch_size, processes)

    def efficiency(self, batch_size: int, processes: int) -> float:
        """The speed as a share of that of processes that cost nothing to add.

        It is 1 for one process with its part of the batch.
        """
        return self.computation.seconds(batch_size / processes) / self.step(batch_size, processes)


def exchanges(generator: nn.Module, discriminator: nn.Module, options: Options, size: int) -> tuple[int, ...]:
    """The bytes of each exchange of a training step (`training/step.py`) without tricks that exchange more.

    BatchNorm is that of each process. Losses and accuracies travel with the gradients, and are left out here.

    Args:
        generator: G.
        discriminator: D.
        options: of the recipe: the updates in a step.
        size: height and width of the pictures in pixels.
    """

    def parts() -> Iterator[int]:
        for network, updates in ((discriminator, options.d_steps), (generator, options.g_steps)):
            weights = sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
            yield from [FLOAT * weights] * updates
        # Means and spreads of generated and of real pictures, of every second row and column.
        pixels = 4 * 3 * math.ceil(size / 2) ** 2
        buffers = [*kept_buffers(generator), *kept_buffers(discriminator)]
        yield DOUBLE * (pixels + sum(buffer.numel() for buffer in buffers if buffer.is_floating_point()))
        yield DOUBLE * 3  # the time, alarms and signals

    return tuple(length for length in parts() if length)
