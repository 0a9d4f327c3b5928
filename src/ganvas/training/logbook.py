"""Recording the progress of a run: its logs, sample grids, TensorBoard and the display."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from ganvas.artist.origin import Origin
from ganvas.artist.png import write_painted
from ganvas.foundation.files import append_record
from ganvas.runs.directory import RunDirectory
from ganvas.settings.budget import Progress
from ganvas.training.display import Display
from ganvas.verdict.evaluation import Evaluation
from ganvas.verdict.measurement import LogLine

# Scores that are written to TensorBoard.
SCORES: Final = ("kid", "fid", "precision", "recall")


class Logbook:
    """Writes everything that one run logs.

    Args:
        run: the directory of the logs.
        display: shows the statistics and messages.
        tensorboard: whether to write event files.
    """

    def __init__(self, run: RunDirectory, display: Display, tensorboard: bool) -> None:
        self._run, self._display, self._has_board = run, display, tensorboard
        self._board: SummaryWriter | None = None

    @contextlib.contextmanager
    def open(self, progress: Progress) -> Iterator[None]:
        """A context in which event files are written. Their earlier content after `progress` is deleted.

        Raises:
            OSError: the event files could not be written.
        """
        if not self._has_board:
            yield
            return
        # On a full disk, the writer's thread fails and prints a traceback. The error is raised again in this thread.
        earlier_hook, threading.excepthook = threading.excepthook, lambda _: None
        try:
            with SummaryWriter(self._run.tensorboard, purge_step=progress.images + 1) as self._board:
                yield
        finally:
            threading.excepthook = earlier_hook
            self._board = None

    def stats(self, values: Mapping[str, float], progress: Progress, seconds_left: float) -> LogLine:
        """Write a line of `stats.jsonl`.

        Args:
            values: means over the interval, by name.
            progress: of the run.
            seconds_left: until the budget is spent.
        """
        counters = {"seconds": round(progress.seconds, 3), "step": progress.steps}
        line = LogLine(progress.kimg, counters | dict(values))
        record = line.record()
        append_record(self._run.stats, record)
        for name, value in values.items():
            self._add_scalar(name, value, progress)
        self._display.stats({"kimg": progress.kimg} | counters | dict(values), progress, seconds_left)
        return line

    def evaluation(self, evaluation: Evaluation, progress: Progress) -> None:
        """Write a line of `evals.jsonl`."""
        append_record(self._run.evals, evaluation.record())
        for name in SCORES:
            if name in evaluation.figures and evaluation.kid is not None:
                self._add_scalar(f"scores/{name}", evaluation.number(name), progress)

    def samples(self, grid: NDArray[np.uint8], origin: Origin | None, progress: Progress) -> None:
        """Keep a sample grid, uint8 [H, W, 3], with how it was made."""
        write_painted(self._run.sample(progress.kimg), grid, origin)
        if self._board:
            self._board.add_image("samples", grid, progress.images, dataformats="HWC")

    def say(self, line: str) -> None:
        """Show a message."""
        self._display.say(line)

    def _add_scalar(self, name: str, value: float, progress: Progress) -> None:
        if self._board:
            self._board.add_scalar(name, value, progress.images)
