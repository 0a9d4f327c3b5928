"""How many processes train fastest on the cores of this machine: one with many threads, or many with few.

Threads share the work inside of an operation, and between operations all but one wait. Processes share all of it, but
exchange their gradients. Which is faster depends on the machine, so it is measured, without the exchanges.
"""

import contextlib
import functools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from ganvas import gans
from ganvas.gans.recipe import Spec
from ganvas.machine import device
from ganvas.settings.config import Settings
from ganvas.training.step import AdversarialStep

# What is timed: a step of this recipe, with a batch of this many pictures of this size for all processes.
RECIPE, BATCH, SIZE = "dcgan", 64, 64
ROUNDS = 3
# Several processes must be faster by this factor in every round. They also exchange gradients and take more memory.
CLEARLY = 1.15
# More processes than this would each have a small part of an ordinary batch.
MOST = 8
_SERVE = "from ganvas.planning.processes import serve; serve()"


def fastest_count(cores: int, batch: int = BATCH, size: int = SIZE) -> int:
    """The number of processes that train fastest together, a power of two: 1 unless more are clearly faster.

    This takes some seconds. While other programs are busy, rounds disagree, and the answer is 1.

    Args:
        cores: that they share.
        batch: pictures of a batch.
        size: of a picture in pixels.
    """
    counts = [1]
    while 2 * counts[-1] <= min(cores, MOST):
        counts.append(2 * counts[-1])
    if len(counts) == 1:
        return 1
    with _workers(counts[-1]) as ask:
        rounds = [
            {count: ask(count, f"{cores // count} {batch // count} {size}") for count in counts}
            for _ in range(1 + ROUNDS)
        ]
    return clearly_fastest(rounds[1:])  # networks are built in the first round


def clearly_fastest(rounds: Sequence[Mapping[int, float]]) -> int:
    """The number of processes with the shortest step, if all rounds agree that it is clearly faster than one process.

    Args:
        rounds: the seconds of a step by the number of processes.
    """
    best = min(rounds[0], key=lambda count: statistics.median(each[count] for each in rounds))
    return best if all(each[1] > CLEARLY * each[best] for each in rounds) else 1


@contextlib.contextmanager
def _workers(most: int) -> Iterator[Callable[[int, str], float]]:
    """Start workers. The function that is yielded lets some of them take a step at once, and returns the seconds."""
    started = [
        subprocess.Popen([sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(most)
    ]

    def ask(count: int, line: str) -> float:
        for worker in started[:count]:
            assert worker.stdin is not None
            print(line, file=worker.stdin, flush=True)
        answers = [worker.stdout.readline() for worker in started[:count] if worker.stdout is not None]
        return max(map(float, answers))

    try:
        yield ask
    finally:
        for worker in started:
            worker.kill()
            worker.communicate()


def serve() -> None:
    """Take a step for each line of standard input, which has threads, pictures and size, and print its seconds."""
    for line in sys.stdin:
        threads, pictures, size = map(int, line.split())
        step = _step(size)
        torch.set_num_threads(threads)
        images, random = torch.rand(pictures, 3, size, size) * 2 - 1, torch.Generator()
        batch = step.recipe.batch(images, step.recipe.latents(pictures, random), None)
        began = time.perf_counter()
        step([batch], pictures)
        print(time.perf_counter() - began, flush=True)


@functools.cache
def _step(size: int) -> AdversarialStep:
    kind, here = gans.find(RECIPE), device.choose(Settings(device="cpu"))
    return AdversarialStep(kind(kind.defaults), Spec(size, 0), here, device.launch(here))
