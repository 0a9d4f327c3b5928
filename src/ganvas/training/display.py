"""What the trainer tells whoever is watching: a protocol, so that it knows neither terminal nor web page."""

from collections.abc import Callable
from typing import Protocol

from ganvas.settings.budget import Progress


class Display(Protocol):
    """Receives a run's statistics and events as they happen."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """One logging interval passed: its line of `stats.jsonl` and the time the budget still asks for."""

    def say(self, line: str) -> None:
        """Something happened that a watcher should know: a plan, an evaluation, an interruption."""


class Silent:
    """Shows nothing: the default of the Python API."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


class FailSafe:
    """A display that may fail to write without ending the run: after its first failure it is told nothing more.

    Args:
        display: who watches; nobody by default.
    """

    def __init__(self, display: Display | None = None) -> None:
        self._display: Display = display or Silent()

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """See `Display.stats`."""
        self._tell(lambda: self._display.stats(record, progress, seconds_left))

    def say(self, line: str) -> None:
        """See `Display.say`."""
        self._tell(lambda: self._display.say(line))

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except OSError:  # the reader has gone, the disk is full, the terminal is closed
            self._display = Silent()
        except ValueError as error:
            if "closed file" not in str(error):
                raise
            self._display = Silent()
