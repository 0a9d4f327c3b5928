"""A map over processes that keeps the order, holds few results at a time, and leaves no process behind."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ganvas.foundation.errors import GanvasError

T = TypeVar("T")
R = TypeVar("R")

_CHUNK = 4
_CHUNKS_AHEAD = 3


class WorkerDied(GanvasError):
    """A worker process died, perhaps killed by the system for want of memory."""


def ordered_map(function: Callable[[T], R], items: Sequence[T], workers: int) -> Generator[R, None, None]:
    """Yield `function(item)` for each item in order; close the generator to stop early.

    Args:
        function: a module's function (or a partial of one), for it is sent to other processes.
        items: its arguments.
        workers: how many processes; 1 stays in this one. The results do not depend on it.

    Raises:
        WorkerDied: a worker process died.
    """
    if workers == 1:
        yield from map(function, items)
        return
    # "spawn" works on every system, and is safe beside the threads that numerical libraries start.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    try:
        chunks = (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
        running: deque[Future[list[R]]] = deque()
        for chunk in chunks:
            running.append(pool.submit(_run, function, chunk))
            if len(running) == workers * _CHUNKS_AHEAD:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerDied(
            "a worker process died, perhaps for want of memory; try again with workers=1 (a script that starts "
            'workers must do so below `if __name__ == "__main__":`)'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _run(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]


def _begin_worker() -> None:
    """Let the main process alone answer Ctrl-C, and end with it even when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
