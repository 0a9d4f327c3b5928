"""A run as seen in a terminal: progress and events on stderr, so that stdout is left to results."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from ganvas.budget import Progress as RunProgress


class TerminalDisplay:
    """Shows the latest statistics: in place on a terminal, a line an interval in a log file.

    Use as a context manager around the run.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns: tuple[ProgressColumn, ...] = (BarColumn(24), TextColumn("{task.description}"))
        is_live = self._console.is_terminal
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not is_live)
        self._task = self._bar.add_task("starting", total=1.0)

    def __enter__(self) -> "TerminalDisplay":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stats(self, record: dict[str, float], progress: RunProgress, seconds_left: float) -> None:
        """One logging interval passed."""
        line = summary(record, seconds_left)
        if self._console.is_terminal:
            total = progress.seconds + seconds_left
            self._bar.update(self._task, completed=progress.seconds / total if total else 1.0, description=line)
        else:
            self.say(line)

    def say(self, line: str) -> None:
        """Something happened that a watcher should know."""
        self._console.print(Text(line), soft_wrap=True)


class PreparationDisplay:
    """A progress bar with rate and time left for `prepare`; nothing in a log file."""

    def __init__(self) -> None:
        from rich.progress import MofNCompleteColumn, TimeRemainingColumn

        columns = (TextColumn("preparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("preparing", total=None)

    def __enter__(self) -> "PreparationDisplay":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """`done` of `total` pictures are prepared."""
        self._bar.update(self._task, completed=done, total=total)


def summary(record: dict[str, float], seconds_left: float) -> str:
    """The line a watcher reads: progress, losses, D's accuracy, speed, time left."""
    parts = [f"{record['kimg']:.1f} kimg", f"D {record['d_loss']:.3f} G {record['g_loss']:.3f}"]
    if "d_accuracy_real" in record and "d_accuracy_fake" in record:
        real, fake = record["d_accuracy_real"], record["d_accuracy_fake"]
        parts.append(f"D right on real {real:.0%}, generated {fake:.0%}")
    minutes, seconds = divmod(round(seconds_left), 60)
    hours, minutes = divmod(minutes, 60)
    left = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return " | ".join([*parts, f"{record['img_per_s']:.0f} img/s", f"{left} left"])
