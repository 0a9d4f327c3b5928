"""Where the progress of a run goes: its logs, its sample grids, TensorBoard, and whoever watches."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from ganvas.artist.grids import write_png
from ganvas.foundation.files import append_record
from ganvas.runs.directory import RunDirectory
from ganvas.settings.budget import Progress
from ganvas.training.display import Display
from ganvas.verdict.evaluation import Evaluation
from ganvas.verdict.measurement import LogLine

# The scores that TensorBoard shows.
SCORES: Final = ("kid", "fid", "precision", "recall")


class Logbook:
    """Writes everything that is logged of one run.

    Args:
        run: the directory of the logs.
        display: who watches.
        tensorboard: whether to write event files.
    """

    def __init__(self, run: RunDirectory, display: Display, tensorboard: bool) -> None:
        self._run, self._display, self._has_board = run, display, tensorboard
        self._board: SummaryWriter | None = None

    @contextlib.contextmanager
    def open(self, progress: Progress) -> Iterator[None]:
        """Within, event files are written; what an earlier process wrote beyond `progress` is dropped from them.

        Raises:
            OSError: the event files could not be written.
        """
        if not self._has_board:
            yield
            return
        # A full disk fails in the writer's own thread, which prints a traceback; the error is raised again here.
        before, threading.excepthook = threading.excepthook, lambda _: None
        try:
            with SummaryWriter(self._run.tensorboard, purge_step=progress.images + 1) as self._board:
                yield
        finally:
            threading.excepthook = before
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

    def samples(self, grid: NDArray[np.uint8], progress: Progress) -> None:
        """Keep a sample grid, uint8 [H, W, 3]."""
        write_png(self._run.sample(progress.kimg), grid)
        if self._board:
            self._board.add_image("samples", grid, progress.images, dataformats="HWC")

    def say(self, line: str) -> None:
        """Tell whoever watches."""
        self._display.say(line)

    def _add_scalar(self, name: str, value: float, progress: Progress) -> None:
        if self._board:
            self._board.add_scalar(name, value, progress.images)
