"""Signs of life: a run of several processes ends soon after one of them dies, hangs or is cut off.

An exchange with a process that has stopped waits for ever. So a thread of each process counts up a number in a shared
store, and the first process looks at all of them. The others look at that of the first, and whether the store still
answers. What was found is written to the store, so that all say the same.
"""

import contextlib
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from torch.distributed.distributed_c10d import Store

from ganvas.distributed import environment
from ganvas.foundation.errors import LostProcess

# Seconds between two signs of life.
BEAT = 1.0
# Seconds without a sign of life after which a process is lost: less if an exchange with it has failed already.
SILENCE, BROKEN_SILENCE = 25.0, 8.0
# Seconds that `--devices` may take to tell how a process has ended.
AWAITED = 5.0
# Seconds that a process may take until it gives its first sign of life.
ARRIVAL = 300.0
# Seconds in which an exchange should fail after a process is lost. Then this process ends at once.
GRACE = 8.0
_FAILED = "failed"
_ADVICE = "; the run has ended, and its last checkpoint is whole: continue with ganvas resume"
# In place of a lost rank: a process that failed says so itself.
_SAID = "said"


class Watch:
    """Gives signs of life for this process, and looks for those of the others.

    Args:
        store: of these signs alone, because a store serves one thread at a time.
        rank: of this process.
        size: number of processes.
        end: ends this process at once with an exit code, when its main thread does not; a test may replace it.
    """

    def __init__(self, store: Store, rank: int, size: int, end: Callable[[int], object] = os._exit) -> None:
        self._store, self._rank, self._size, self._end = store, rank, size, end
        self._found, self._is_over = threading.Event(), threading.Event()
        self._reason, self._lost, self._is_said = "", frozenset[int](), False
        self._is_handled = self._is_broken = False
        self._began = self._answered_at = time.monotonic()
        self._counts: dict[int, int] = {}
        self._heard: dict[int, float] = {}
        self._who = f"process {os.getpid()} on {platform.node()}"
        self._parent = os.getppid() if environment.LAUNCHER in os.environ else None

    def start(self) -> None:
        """Give the first sign of life."""
        self._store.set(f"who/{self._rank}", self._who)
        self._began = self._answered_at = time.monotonic()
        for target in (self._talk, self._guard):
            threading.Thread(target=target, name="ganvas-watch", daemon=True).start()

    def stop(self) -> None:
        """Stop looking, because the run is over."""
        self._is_over.set()

    def announce(self, error: BaseException) -> bool:
        """Tell the others that this process fails, and says so itself.

        Returns:
            Whether it is the first to say so. What fails on all processes is said by the first one alone.
        """
        self._is_handled = True
        if self._rank > 0 and self._found.wait(2 * BEAT) and self._is_said:
            return False
        self._is_over.set()
        fact = f"{_SAID} rank {self._rank} ({self._who}) failed: {str(error) or type(error).__name__}"
        # The store may never answer.
        telling = threading.Thread(target=self._tell, args=(fact,), daemon=True)
        telling.start()
        telling.join(3 * BEAT)
        self.linger()
        return True

    def linger(self) -> None:
        """Let the others read the reason, before the store ends together with the first process."""
        if self._rank == 0:
            time.sleep(2 * BEAT)

    def explain(self, error: Exception) -> LostProcess:
        """Wait for the reason why an exchange has failed.

        Args:
            error: of the exchange, which says that a connection broke but not why.
        """
        self._is_handled = self._is_broken = True
        if not self._found.wait(SILENCE + BROKEN_SILENCE):
            self._find(f"- an exchange between the processes of this run failed: {_first_line(error)}")
        return LostProcess(f"{self._reason}{_ADVICE}", is_told=self._is_told)

    @property
    def _is_told(self) -> bool:
        """Whether this process is the first of those that are left."""
        return not self._is_said and all(rank in self._lost for rank in range(self._rank))

    def _talk(self) -> None:
        """Exchange signs of life until something is found. The store may keep this thread waiting for ever."""
        while not (self._is_over.wait(BEAT) or self._found.is_set()):
            try:
                self._look()
                self._answered_at = time.monotonic()
            except RuntimeError as error:
                unreachable = f"0 rank 0, which the others report to, cannot be reached: {_first_line(error)}"
                self._find(self._awaited_fate() or unreachable)

    def _guard(self) -> None:
        """End this process when something is found, or when the store does not answer."""
        while not (self._is_over.wait(BEAT) or self._found.is_set()):
            if (silence := time.monotonic() - self._answered_at) > SILENCE:
                self._find(f"0 rank 0, which the others report to, has not answered for {silence:.0f} s")
        if self._found.is_set():
            self._leave()

    def _look(self) -> None:
        self._store.add(f"beat/{self._rank}", 1)
        if self._store.check([_FAILED]):
            self._find(self._store.get(_FAILED).decode())
        elif fact := self._fate():
            self._fail(fact)
        elif silent := [rank for rank in self._others() if self._is_silent(rank)]:
            rank, seconds = silent[0], time.monotonic() - self._heard.get(silent[0], self._began)
            missing = "has not started" if rank not in self._heard else "has given no sign of life"
            self._fail(f"{rank} {self._name(rank)} {missing} for {seconds:.0f} s")

    def _others(self) -> list[int]:
        """The processes that this one looks at."""
        return list(range(1, self._size)) if self._rank == 0 else [0]

    def _is_silent(self, rank: int) -> bool:
        now, count = time.monotonic(), self._store.add(f"beat/{rank}", 0)
        if count and count != self._counts.get(rank):
            self._counts[rank], self._heard[rank] = count, now
            return False
        if rank not in self._heard:
            return now - self._began > ARRIVAL
        return now - self._heard[rank] > (BROKEN_SILENCE if self._is_broken else SILENCE)

    def _fate(self) -> str:
        """What the program that started this process knows: the rank that has ended, and why."""
        if self._parent is not None and os.getppid() != self._parent:
            return "- the command that started the processes of this run has ended"
        with contextlib.suppress(OSError, KeyError):
            return Path(os.environ[environment.FATE]).read_text(encoding="utf-8")
        return ""

    def _awaited_fate(self) -> str:
        """What `_fate` tells, for which the program that started this process needs a moment."""
        end = time.monotonic() + (AWAITED if environment.FATE in os.environ else 0)
        while not (fact := self._fate()) and time.monotonic() < end:
            time.sleep(AWAITED / 50)
        return fact

    def _fail(self, fact: str) -> None:
        """Find a failure, and tell the others."""
        self._find(fact)
        self._tell(fact)

    def _tell(self, fact: str) -> None:
        with contextlib.suppress(RuntimeError):
            self._store.set(_FAILED, fact)

    def _find(self, fact: str) -> None:
        """Find a failure. The fact begins with the rank that is lost, with `_SAID`, or with a dash."""
        if not self._found.is_set():
            lost, _, self._reason = fact.partition(" ")
            self._lost, self._is_said = frozenset({int(lost)} if lost.isdecimal() else ()), lost == _SAID
            self._found.set()

    def _leave(self) -> None:
        """End this process unless its main thread does so in time. It may wait for an exchange that never ends."""
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            if self._is_handled or self._is_over.wait(0.1):
                return
        if self._is_told:
            sys.stderr.write(f"ganvas: {self._reason}{_ADVICE}\n")
            sys.stderr.flush()
        self._end(LostProcess.exit_code)

    def _name(self, rank: int) -> str:
        with contextlib.suppress(RuntimeError):
            if self._store.check([f"who/{rank}"]):
                return f"rank {rank} ({self._store.get(f'who/{rank}').decode()})"
        return f"rank {rank}"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
