"""Telling processes apart, also those that have the same number one after the other.

A container that is killed and started again has the same host name and gives its processes the same numbers. Only the
moment a process started tells the new one from the old.
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
    """A process, now or in the past.

    Attributes:
        host: the name of its machine.
        pid: its number there.
        started: when it started, in a form that only serves to be compared.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Self:
        """This process."""
        return cls(platform.node(), os.getpid(), _started(os.getpid()) or "")

    @property
    def is_here(self) -> bool:
        """Whether it runs or ran on this machine, as far as the host name tells."""
        return self.host == platform.node()

    @property
    def is_alive(self) -> bool | None:
        """Whether it still runs; None for a process of another machine."""
        return self.started == _started(self.pid) if self.is_here else None


def _started(pid: int) -> str | None:
    """When a process started, without spaces or dashes, or None if there is no such process."""
    try:
        # Linux counts from the boot. Times of day would change whenever somebody sets the clock.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return None if fields[0] in "ZX" else f"{_boot()}.{fields[19]}"  # a zombie holds nothing any more
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
