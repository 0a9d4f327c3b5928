"""How long something takes."""

import time
from typing import Self


class Stopwatch:
    """Measures what is done within it.

    Attributes:
        seconds: wall-clock time, once that is over.
    """

    seconds: float

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
