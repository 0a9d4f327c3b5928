"""Identification of processes by host, id and start time.

A container that is killed and started again has the same host name, and its processes get the same ids. Only the start
time tells them apart.
"""

import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil


@dataclass(frozen=True)
class Process:
    """A process that runs or ran.

    Attributes:
        host: host name of its machine.
        pid: process id.
        started: start time, in a form that is only good for comparison.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Self:
        """This process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Self:
        """A process of this machine by its id. One that has ended has no start time."""
        return cls(platform.node(), pid, _started(pid) or "")

    @property
    def is_here(self) -> bool:
        """Whether it has the host name of this machine."""
        return self.host == platform.node()

    @property
    def is_alive(self) -> bool | None:
        """Whether it still runs; None if it is on another machine."""
        return self.started == _started(self.pid) if self.is_here else None


def _started(pid: int) -> str | None:
    """The start time of a process, without spaces or dashes; None if there is no such process."""
    try:
        # Linux counts from the boot. The time of day would change whenever the clock is set.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return None if fields[0] in "ZX" else f"{_boot()}.{fields[19]}"  # a zombie holds no locks
    except (OSError, IndexError):
        pass
    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return "unknown"


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8")[:8]
    except OSError:
        return "boot"
