"""How busy other programs keep the processor, and how many threads fit beside them."""

import contextlib
import time
from collections.abc import Iterable

import psutil

# Other programs count as busy from this many cores on.
HEAVY = 0.5


class OtherLoad:
    """Measures the processor time of all other programs on this machine, from its construction on.

    Args:
        together: numbers of processes that belong to this one and are not other programs.
    """

    def __init__(self, together: Iterable[int] = ()) -> None:
        self._own = [psutil.Process()]
        for number in together:
            with contextlib.suppress(psutil.Error):  # a container may hide it
                if number != self._own[0].pid:
                    self._own.append(psutil.Process(number))
        self._before = self._read()

    def cores(self) -> float:
        """The number of cores that they kept busy since the last call."""
        before, self._before = self._before, self._read()
        (wall, others), (wall_before, others_before) = self._before, before
        return max(0.0, (others - others_before) / max(wall - wall_before, 1e-9))

    def _read(self) -> tuple[float, float]:
        """The seconds of a clock, and the processor seconds that others have taken."""
        everyone, own = psutil.cpu_times()._asdict(), 0.0
        for process in self._own:
            with contextlib.suppress(psutil.Error):  # it may have ended
                times = process.cpu_times()
                own += times.user + times.system
        # Guests' time is a part of the time of users.
        idle = ("idle", "iowait", "guest", "guest_nice")
        busy = sum(seconds for kind, seconds in everyone.items() if kind not in idle)
        return time.perf_counter(), busy - own


def threads_beside(others: float, most: int) -> int:
    """The number of threads for an operation while other programs keep `others` cores busy, at least 1.

    The threads of an operation wait for the slowest of them. If one shares its core, all run at its pace, and waiting
    takes processor time too. So a thread needs half a free core or more.
    """
    return max(1, min(most, int((psutil.cpu_count() or most) - others + 0.5)))
