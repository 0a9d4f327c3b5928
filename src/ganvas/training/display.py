"""Showing the progress of a run: a protocol, so that the trainer depends on no terminal or web page."""

from collections.abc import Callable
from typing import Protocol

from ganvas.settings.budget import Progress


class Display(Protocol):
    """Receives the statistics and messages of a run while it trains."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """Show a line of `stats.jsonl`, and the seconds until the budget is spent."""

    def say(self, line: str) -> None:
        """Show a message, such as a plan or the result of an evaluation."""


class Silent:
    """Shows nothing. This is the default of the Python API."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""


class FailSafe:
    """Protects a run from a display that cannot be written to. After its first failure, nothing more is shown.

    Args:
        display: the display; by default nothing is shown.
    """

    def __init__(self, display: Display | None = None) -> None:
        self._display: Display = display or Silent()

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """See `Display.stats`."""
        self._show(lambda: self._display.stats(record, progress, seconds_left))

    def say(self, line: str) -> None:
        """See `Display.say`."""
        self._show(lambda: self._display.say(line))

    def _show(self, show: Callable[[], None]) -> None:
        try:
            show()
        except OSError:  # a closed pipe or terminal, or a full disk
            self._display = Silent()
        except ValueError as error:
            if "closed file" not in str(error):
                raise
            self._display = Silent()
