"""The generators of the pages: kept in memory while pages use them, and painting one request at a time."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from ganvas.artist.artist import Artist, load
from ganvas.artist.kept_directions import directions_file
from ganvas.studio.refusals import Busy
from ganvas.studio.training import stamp

# Generators that are kept in memory, as many as are compared at once and two more; and requests that may wait.
MOST_KEPT, MOST_WAITING = 8, 16


class Painter:
    """Loads generators and lets one request paint at a time, so that a training beside it keeps its cores."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._kept: OrderedDict[Path, tuple[object, Artist]] = OrderedDict()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn.

        Raises:
            Busy: too many wait already.
        """
        if not self._waiting.acquire(blocking=False):
            raise Busy("the studio is painting for other pages; try again in a moment")
        try:
            with self._turn:
                yield
        finally:
            self._waiting.release()

    @contextlib.contextmanager
    def artist(self, file: Path) -> Iterator[Artist]:
        """The generator of a snapshot, in one's turn. It is read again when its file, or its directions', changed.

        Raises:
            Busy: too many wait already.
            RunError: it cannot be read.
        """
        with self.turn():
            yield self._loaded(file)

    def _loaded(self, file: Path) -> Artist:
        seen = stamp(file), stamp(directions_file(file))
        if file not in self._kept or self._kept[file][0] != seen:
            self._kept[file] = seen, load(file)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(file)
        return self._kept[file][1]
