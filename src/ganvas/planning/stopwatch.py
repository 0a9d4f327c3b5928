"""Measuring time on a machine that may be busy with other work."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

# Times are cut to this multiple of their median: a step that takes longer has waited for other work.
LONGEST = 3.0
# The machine is busy with other work if the median is more than this multiple of the shortest time.
STEADY = 1.25
# Other work only makes times longer, so the shortest of this many measurements counts.
ATTEMPTS = 3

Result = TypeVar("Result")


class Stopwatch:
    """A context manager that measures the time spent within it.

    Attributes:
        seconds: wall-clock time, set on exit.
    """

    seconds: float

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started


def undisturbed_mean(measure: Callable[[], Sequence[float]]) -> float:
    """The mean time of a step in seconds, without delays by other work.

    Args:
        measure: returns the times of some steps, in seconds. It is called again while the machine appears busy.
    """
    means: list[float] = []
    while len(means) < ATTEMPTS:
        times = measure()
        median = statistics.median(times)
        # The mean, because a recipe may do more work in some steps.
        means.append(statistics.fmean(min(each, LONGEST * median) for each in times))
        if median <= STEADY * min(times):
            break
    return min(means)


def shortest(work: Callable[[], Result]) -> tuple[Result, float]:
    """Call `work` twice, and return its result and the shorter time in seconds."""
    seconds: list[float] = []
    for _ in range(2):
        with Stopwatch() as stopwatch:
            result = work()
        seconds.append(stopwatch.seconds)
    return result, min(seconds)
