"""How busy other programs keep the processor, and how many threads fit beside them."""

import time

import psutil

# Other programs count as busy from this many cores on.
HEAVY = 0.5


class OtherLoad:
    """Measures the processor time of all other programs on this machine, from its construction on."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._before = self._read()

    def cores(self) -> float:
        """The number of cores that they kept busy since the last call."""
        before, self._before = self._before, self._read()
        (wall, others), (wall_before, others_before) = self._before, before
        return max(0.0, (others - others_before) / max(wall - wall_before, 1e-9))

    def _read(self) -> tuple[float, float]:
        """The seconds of a clock, and the processor seconds that others have taken."""
        everyone, own = psutil.cpu_times()._asdict(), self._own.cpu_times()
        # Guests' time is a part of the time of users.
        idle = ("idle", "iowait", "guest", "guest_nice")
        busy = sum(seconds for kind, seconds in everyone.items() if kind not in idle)
        return time.perf_counter(), busy - own.user - own.system


def threads_beside(others: float, most: int) -> int:
    """The number of threads for an operation while other programs keep `others` cores busy, at least 1.

    The threads of an operation wait for the slowest of them. If one shares its core, all run at its pace, and waiting
    takes processor time too. So a thread needs half a free core or more.
    """
    return max(1, min(most, int((psutil.cpu_count() or most) - others + 0.5)))
