"""How long something takes, on a machine that may do other things at the same time."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

# A step counts as no longer than this many times the median: what takes longer waited for something else.
LONGEST = 3.0
# While the median is more than this many times the shortest, the machine is busy with something else.
STEADY = 1.25
# Busy moments only ever make a measurement longer, so the shortest of this many is taken.
ATTEMPTS = 3

Result = TypeVar("Result")


class Stopwatch:
    """Measures what is done within it.

    Attributes:
        seconds: wall-clock time, once that is over.
    """

    seconds: float

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started


def undisturbed_mean(measure: Callable[[], Sequence[float]]) -> float:
    """The mean time of a step, in seconds, without what other work on the machine adds.

    Args:
        measure: times some steps, in seconds. It is asked again while the times show that the machine is busy.
    """
    means: list[float] = []
    while len(means) < ATTEMPTS:
        times = measure()
        median = statistics.median(times)
        # A mean, not the median: every few steps a recipe may do more work.
        means.append(statistics.fmean(min(each, LONGEST * median) for each in times))
        if median <= STEADY * min(times):
            break
    return min(means)


def shortest(work: Callable[[], Result]) -> tuple[Result, float]:
    """Do something twice; its result and the shorter time, in seconds."""
    seconds: list[float] = []
    for _ in range(2):
        with Stopwatch() as taken:
            result = work()
        seconds.append(taken.seconds)
    return result, min(seconds)
