"""Displays for the terminal. Progress and events go to stderr, so that stdout holds results only."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from ganvas.settings.budget import Progress as RunProgress
from ganvas.training.display import clock, summary

if TYPE_CHECKING:
    from ganvas.classify.model import Epoch


class TerminalDisplay:
    """Shows the latest statistics of a run: in place on a terminal, or one line per interval in a log file.

    Use as a context manager around the run.

    Args:
        is_shown: False in processes of a run that show nothing, because another one does.
    """

    def __init__(self, is_shown: bool = True) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=not is_shown)
        columns: tuple[ProgressColumn, ...] = (BarColumn(24), TextColumn("{task.description}"))
        is_live = self._console.is_terminal and is_shown
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not is_live)
        self._task = self._bar.add_task("starting", total=1.0)

    def __enter__(self) -> "TerminalDisplay":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stats(self, record: dict[str, float], progress: RunProgress, seconds_left: float) -> None:
        """Show the statistics of a logging interval."""
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
    """A progress bar for `prepare` with rate and time left; it writes nothing to a log file."""

    def __init__(self) -> None:
        from rich.progress import MofNCompleteColumn, TimeRemainingColumn

        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn("preparing"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("preparing", total=None, rate="")
        self._has_begun = False

    def __enter__(self) -> "PreparationDisplay":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` pictures are prepared."""
        if not self._has_begun:  # pictures from an earlier run do not count towards the rate
            self._bar.reset(self._task, completed=done, total=total)
            self._has_begun = True
            return
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")


class ClassifierDisplay:
    """Shows the training of a classifier: a bar on a terminal, or one line per epoch in a log file.

    Use as a context manager around the training.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns: tuple[ProgressColumn, ...] = (BarColumn(24), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("starting", total=None)
        self._latest = ""

    def __enter__(self) -> "ClassifierDisplay":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def work(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` units of the work called `what` are finished."""
        self._bar.update(self._task, description=f"{what}{self._latest}", completed=done, total=total)

    def epoch(self, epoch: "Epoch", seconds_left: float) -> None:
        """Show a finished epoch. Without early stopping, training takes about `seconds_left` longer."""
        line = f"loss {epoch.train_loss:.3f}, accuracy {epoch.train_accuracy:.3f}"
        if epoch.validation_loss is not None:
            line += f"; validation {epoch.validation_loss:.3f}, {epoch.validation_accuracy:.3f}"
        line += f" | at most {clock(seconds_left)} left"
        self._latest = f" | {line}"
        if not self._console.is_terminal:
            self.say(f"epoch {epoch.epoch}: {line}")

    def say(self, line: str) -> None:
        """Something happened that a watcher should know."""
        self._console.print(Text(line), soft_wrap=True)
