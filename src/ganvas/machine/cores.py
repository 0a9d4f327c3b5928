"""The number of processor cores that this process may use, and of threads for an operation."""

import contextlib
import math
import os
from pathlib import Path

import psutil

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_threads() -> int:
    """Threads for an operation: as many as `OMP_NUM_THREADS` asks for, or else one for each usable core."""
    return threads_asked_for() or usable_cores()


def threads_asked_for() -> int | None:
    """The number in `OMP_NUM_THREADS`, or None. Users and job schedulers limit a program's threads with it."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # the other numbers are for nested operations
    return int(first) or None if first.isdecimal() else None


def usable_cores() -> int:
    """Physical cores that this process may use, at least 1.

    CPU affinity and the quota of a container limit them. A program that may use two cores is many times slower with a
    thread for every core of the machine than with two threads. Hyperthreads do not count, because a second thread on a
    core only slows down the first.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed, _container_quota()))


def _container_quota() -> int:
    """The CPU quota of the control group, as in `docker run --cpus=2`, rounded up. Without one, all cores."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CGROUP_QUOTA.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    return os.cpu_count() or 1
