"""What other programs take from a run: threads that follow their load, and messages when training has become slow."""

import statistics
from collections import deque

import psutil
import torch

from ganvas.distributed.load import Load
from ganvas.machine.load import HEAVY, threads_beside

# Training is slow below this share of its usual speed, and it is reported after this many seconds.
SLOW, LONG = 0.5, 60.0
# The usual speed is the median of as many lines of the log.
LINES = 100
# Below this share of its highest clock rate, a processor has been slowed down; above this share, memory is short.
THROTTLED, FULL = 0.6, 0.95


class Contention:
    """Follows the load of other programs and the speed of a run, from one line of its log to the next.

    Args:
        threads: threads of an operation while nothing else is busy.
        follows: whether the number of threads follows the load. Then a run does not repeat bit for bit.
    """

    def __init__(self, threads: int, follows: bool) -> None:
        self._most, self._follows, self._has_said_threads = threads, follows, False
        self._phase, self._usual = 0, deque[float](maxlen=LINES)
        self._slow_since: float | None = None
        self._has_said_slow = False

    def observe(self, img_per_s: float, seconds: float, phase: int, others: Load) -> list[str]:
        """Take note of a line of the log, and set the number of threads.

        Args:
            img_per_s: the speed since the last line.
            seconds: that the run has taken.
            phase: of the discriminator (`networks.phased`); phases have speeds of their own.
            others: the load of other programs since the last line.

        Returns:
            Messages for the user.
        """
        return [*self._set_threads(others.busy), *self._slowness(img_per_s, seconds, phase, others)]

    def _set_threads(self, others: float) -> list[str]:
        if not self._follows or (threads := threads_beside(others, self._most)) == torch.get_num_threads():
            return []
        torch.set_num_threads(threads)
        if self._has_said_threads:
            return []
        self._has_said_threads = True
        return [
            f"other programs use {others:.1f} cores: going on with {threads} of {self._most} threads while they do; "
            "--set threads fixes the number"
        ]

    def _slowness(self, img_per_s: float, seconds: float, phase: int, others: Load) -> list[str]:
        if phase != self._phase:
            self._phase = phase
            self._usual.clear()
            return []  # a part of this line is of the phase before
        usual = statistics.median(self._usual) if self._usual else img_per_s
        if img_per_s >= SLOW * usual:
            self._usual.append(img_per_s)
            self._slow_since, self._has_said_slow = None, False
            return []
        if self._slow_since is None:
            self._slow_since = seconds
        if self._has_said_slow or seconds - self._slow_since < LONG:
            return []
        self._has_said_slow = True
        return [f"training has been slow for a minute: {img_per_s:.0f} img/s, usually {usual:.0f}; {reason(others)}"]


def reason(others: Load) -> str:
    """Why training is slow now, as far as can be known."""
    memory = psutil.virtual_memory()
    if others.busy >= HEAVY:
        return str(others)
    if memory.available < (1 - FULL) * memory.total:
        return f"only {memory.available / 2**20:.0f} MiB of memory are free"
    clock = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    if clock and clock.max and clock.current < THROTTLED * clock.max:
        return f"the processor runs at {clock.current / 1000:.1f} of {clock.max / 1000:.1f} GHz"
    return "no other program is busy, and the reason is not known"
