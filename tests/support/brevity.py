"""What takes most of the time of a tiny run and is no part of its training, done less."""

import functools
from collections.abc import Callable
from importlib import metadata
from typing import TypeVar

import pytest

from ganvas.planning.stopwatch import Stopwatch

Result = TypeVar("Result")


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Have the runs of this process forecast their cost from one step, and look up once what is installed.

    The runs of users time at least ten steps, and on a busy machine twenty-six.
    """
    from ganvas.planning import costs, evaluation_cost

    for trial in ("MEASUREMENT", "ESTIMATE"):
        patch.setattr(costs, trial, costs.Trial(warm_up=0, seconds=getattr(costs, trial).seconds))
    patch.setattr(costs, "TIMED_STEPS", 1)
    for module in (costs, evaluation_cost):
        patch.setattr(module, "shortest", once)
    # Fabric looks for plugins whenever it is started, and each run records the versions of libraries.
    patch.setattr("lightning_fabric.utilities.registry.entry_points", functools.cache(metadata.entry_points))
    patch.setattr(metadata, "version", functools.cache(metadata.version))


def once(work: Callable[[], Result]) -> tuple[Result, float]:
    """Call `work`, and return its result and its time in seconds."""
    with Stopwatch() as stopwatch:
        result = work()
    return result, stopwatch.seconds
