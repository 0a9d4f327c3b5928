"""How many processor cores this process has to itself, and how many threads an operation should have."""

import contextlib
import math
import os
from pathlib import Path

import psutil

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_threads() -> int:
    """Threads that an operation should have: what was asked for, or else one for each of `usable_cores`."""
    return threads_asked_for() or usable_cores()


def threads_asked_for() -> int | None:
    """What `OMP_NUM_THREADS` says, if it is a number: people and job schedulers limit a program's threads with it."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # the others are for nested operations
    return int(first) or None if first.isdecimal() else None


def usable_cores() -> int:
    """Physical cores this process may use, at least 1.

    Affinity and a container's quota count: a program with a thread for each core of the machine, but the right to
    two of them, is many times slower than one with two threads. So do hyperthreads: a second thread on one core only
    gets in the way of the first.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed, _container_quota()))


def _container_quota() -> int:
    """Whole cores that a control group grants, such as `docker run --cpus=2`; more than there are without one."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CGROUP_QUOTA.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    return os.cpu_count() or 1
