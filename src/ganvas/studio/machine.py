"""The state of this machine, for those who wait for a training: who takes its cores, and what is left of it."""

import itertools
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from ganvas.machine.memory import GIB

# Seconds for which a look is good, and the share of a core above which a program is worth a line. Until it takes less
# than half of that, the line stays: pages should not jump up and down.
FRESH, BUSY = 4.0, 0.5
LOW_MEMORY, LOW_DISK = 1.0, 1.0  # GiB


@dataclass(frozen=True)
class State:
    """The machine now.

    Attributes:
        busy: share of all cores that is used, 0 to 1.
        cores: their number.
        memory: GiB that programs can still get.
        disk: GiB left where the folder is.
        others: names of programs that are not ganvas and take half a core or more, with their cores.
    """

    busy: float
    cores: int
    memory: float
    disk: float
    others: dict[str, float]

    @property
    def warnings(self) -> list[str]:
        """What slows or endangers a training, a sentence each."""
        said = [
            f"{name} takes {cores:.1f} of {self.cores} cores, so training is slower."
            for name, cores in self.others.items()
        ]
        if self.memory < LOW_MEMORY:
            said.append(f"Only {self.memory:.1f} GiB of memory are free; a run at 64 px takes 1 to 2. Close something.")
        if self.disk < LOW_DISK:
            said.append(f"Only {self.disk:.1f} GiB of disk are free; checkpoints take 20 to 200 MB each. Make room.")
        return said

    def record(self) -> dict[str, object]:
        """What a page gets."""
        return {
            "line": f"{100 * self.busy:.0f} % of {self.cores} cores busy, {self.memory:.1f} GiB of memory and "
            f"{self.disk:.0f} GiB of disk free",
            "warnings": self.warnings,
        }


class MachineWatch:
    """Looks at the machine at most every few seconds, since each look asks every process."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._state: State | None = None
        self._at = 0.0
        self._spent: dict[tuple[int, float], float] = {}
        self._used = _used()

    def look(self) -> State:
        """The machine as it is, or was a few seconds ago."""
        with self._lock:
            now = time.monotonic()
            if self._state is None or now - self._at > FRESH:
                self._state, self._at = self._examined(now - self._at), now
            return self._state

    def _examined(self, passed: float) -> State:
        before, self._used = self._used, _used()
        busy, idle = (now - then for now, then in zip(self._used, before, strict=True))
        return State(
            busy / (busy + idle) if busy + idle > 0 else 0.0,
            psutil.cpu_count() or 1,
            psutil.virtual_memory().available / GIB,
            shutil.disk_usage(self._folder).free / GIB,
            self._others(passed),
        )

    def _others(self, passed: float) -> dict[str, float]:
        """Programs that took half a core or more since the last look."""
        spent: dict[tuple[int, float], float] = {}
        taken: dict[str, float] = {}
        named = self._state.others if self._state else {}
        for process in psutil.process_iter(["pid", "name", "create_time", "cpu_times", "cmdline"]):
            facts = process.info
            if facts["cpu_times"] is None or facts["pid"] == os.getpid() or _is_ganvas(facts["cmdline"] or []):
                continue
            key = facts["pid"], facts["create_time"]
            spent[key] = facts["cpu_times"].user + facts["cpu_times"].system
            cores = (spent[key] - self._spent.get(key, spent[key])) / passed
            name = _name(str(facts["name"]), facts["cmdline"] or [])
            if cores >= (BUSY / 2 if name in named else BUSY):
                taken[name] = taken.get(name, 0.0) + cores
        self._spent = spent
        return taken


def _used() -> tuple[float, float]:
    """Seconds that all cores together were busy and idle since the machine started.

    `psutil.cpu_percent` does not do here: it remembers for each thread of its own when it was last asked.
    """
    times = psutil.cpu_times()._asdict()
    idle = times.pop("idle") + times.pop("iowait", 0.0)
    # Those of guests are counted in "user" and "nice" as well.
    return sum(seconds for kind, seconds in times.items() if not kind.startswith("guest")), idle


def _name(program: str, words: list[str]) -> str:
    """What a program is called, with the script or module that an interpreter runs."""
    if not program.startswith(("python", "ruby", "node", "java")):
        return program
    module = next((word for flag, word in itertools.pairwise(words) if flag in ("-m", "-jar")), None)
    script = module or next((word for word in words[1:] if not word.startswith("-")), "")
    return f"{program} {Path(script).name}".strip()


def _is_ganvas(words: list[str]) -> bool:
    """Whether a process is a command of ganvas: `python -m ganvas ...`, or the script of that name."""
    return "ganvas" in words[:4] or any(Path(word).name == "ganvas" for word in words[:2])
