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


def summary(record: dict[str, float], seconds_left: float) -> str:
    """The statistics as a line: progress, losses, D's accuracy, speed, time left."""
    parts = [f"{record['kimg']:.1f} kimg", f"D {record['d_loss']:.3f} G {record['g_loss']:.3f}"]
    if "d_accuracy_real" in record and "d_accuracy_fake" in record:
        real, fake = record["d_accuracy_real"], record["d_accuracy_fake"]
        parts.append(f"D right on real {real:.0%}, generated {fake:.0%}")
    return " | ".join([*parts, f"{record['img_per_s']:.0f} img/s", f"{clock(seconds_left)} left"])


def clock(seconds: float) -> str:
    """A duration as m:ss or h:mm:ss."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
