"""What the trainer tells whoever is watching: a protocol, so that it knows neither terminal nor web page."""

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
