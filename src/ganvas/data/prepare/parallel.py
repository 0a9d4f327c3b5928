"""A parallel map that keeps the order, holds few results at a time, and ends all its processes."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ganvas.foundation.errors import GanvasError

T = TypeVar("T")
R = TypeVar("R")

_CHUNK = 4
_CHUNKS_AHEAD = 3


class WorkerDied(GanvasError):
    """A worker process died, perhaps killed by the system for lack of memory."""


def ordered_map(function: Callable[[T], R], items: Sequence[T], workers: int) -> Generator[R, None, None]:
    """Yield `function(item)` for each item in order; close the generator to stop early.

    Args:
        function: a function of a module, or a partial of one, because it is sent to other processes.
        items: its arguments.
        workers: number of processes; 1 uses the present one. The results do not depend on it.

    Raises:
        WorkerDied: a worker process died.
    """
    if workers == 1:
        yield from map(function, items)
        return
    # "spawn" works on every system, and is safe with the threads of numerical libraries.
    pool = ProcessPoolExecutor(workers, _Context(), initializer=_begin_worker)
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
        raise WorkerDied("a worker process died, perhaps for lack of memory; try again with workers=1") from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Process(SpawnProcess):
    """A process that does not import the caller's main module.

    Workers do not need that module, and a script without `if __name__ == "__main__":` would run again in each of them.
    """

    _starting = threading.Lock()

    @staticmethod
    def _Popen(process: BaseProcess) -> Any:
        starter = threading.get_ident()

        def without_main(name: str) -> dict[str, object]:
            data = original(name)
            if threading.get_ident() == starter:  # other threads may be starting other processes
                for key in ("init_main_from_name", "init_main_from_path"):
                    data.pop(key, None)
            return data

        with _Process._starting:
            original = spawn.get_preparation_data
            spawn.get_preparation_data = without_main
            try:
                return SpawnProcess._Popen(process)
            finally:
                spawn.get_preparation_data = original


class _Context(SpawnContext):
    """A context that starts `_Process`."""

    Process = _Process


def _run(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]


def _begin_worker() -> None:
    """Leave Ctrl-C to the main process, and end when that ends, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
