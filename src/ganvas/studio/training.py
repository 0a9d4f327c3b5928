"""A run as the studio shows it: what it has come to, and what goes on in it now."""

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.locks import Holder, holder
from ganvas.report.run.run import Run
from ganvas.runs.by_kimg import files_by_kimg
from ganvas.settings.budget import Amount, Progress

# What a command does to a run while it does not train it.
Edge = Literal["starting", "ending"]
Phase = Literal["starting", "training", "ending", "finished", "stopped", "killed", "elsewhere", "failed"]
# What each phase means to somebody who looks at the page.
MEANING: dict[Phase, str] = {
    "starting": "Starting: ganvas measures what it will cost, and loads the networks.",
    "training": "Training now.",
    "ending": "Ending: it writes its last files.",
    "finished": "Finished: its budget is spent.",
    "stopped": "Stopped before its budget was spent. Resume it to go on from its newest checkpoint.",
    "killed": "Its process ended without a word: it was killed, or the machine went off. Resume it to go on from its "
    "newest checkpoint.",
    "elsewhere": "Being trained on another machine.",
    "failed": "It ended before its first checkpoint, so it cannot go on. Its log says why.",
}
# Runs whose files are kept in memory.
KEPT = 256

T = TypeVar("T")


@dataclass(frozen=True)
class Training:
    """A run and what goes on in it.

    Attributes:
        run: its directory, read.
        holder: who trains it, or did until killed; None if nobody does.
        can_resume: whether it has a checkpoint.
        edge: whether a command that will train it has been started, or one that has trained it is about to end.
    """

    run: Run
    holder: Holder | None
    can_resume: bool
    edge: Edge | None = None

    @property
    def budget(self) -> Amount:
        """The budget of the run."""
        return Amount.parse(self.run.record.settings["budget"])

    @property
    def fraction(self) -> float:
        """The share of the budget that is spent, by the last log line; at most 1."""
        logs, count = self.run.logs, max(1, self.run.record.training_count)
        kimg, step, seconds = logs.kimg or 0.0, logs.latest("step") or 0.0, logs.latest("seconds") or 0.0
        return min(1.0, self.budget.fraction(Progress(count, int(step), round(1000 * kimg), seconds)))

    @property
    def seconds_left(self) -> float | None:
        """Until the budget is spent, by the speed so far or else by the forecast; None if unknown."""
        seconds, fraction = self.run.logs.latest("seconds"), self.fraction
        if self.budget.seconds is not None:
            return max(0.0, self.budget.seconds - (seconds or 0.0))
        if seconds and fraction:
            return seconds / fraction * (1 - fraction)
        return self.run.record.forecast.get("seconds")

    @property
    def phase(self) -> Phase:
        """What goes on."""
        if self.holder is not None and self.holder.process.is_alive is not False:
            return "training" if self.holder.process.is_alive else "elsewhere"
        if self.edge is not None:
            return self.edge
        evaluations = self.run.logs.evaluations
        if self.fraction >= 1 or (evaluations and evaluations[-1].response == "stop"):
            return "finished"
        if not self.can_resume:
            return "failed"
        return "killed" if self.holder is not None else "stopped"


class Trainings:
    """Reads runs, and reads one again only when its files have changed."""

    def __init__(self) -> None:
        self._read: Callable[[Path, tuple[object, ...]], Run] = functools.lru_cache(KEPT)(
            lambda path, _: Run.open(path)
        )
        self._lock = threading.Lock()

    def open(self, path: Path, began: float | None = None) -> Training:
        """A run as it is now.

        Args:
            path: its directory.
            began: when the command began that trains it, if one runs, in seconds since the epoch.

        Raises:
            RunError: it cannot be read.
        """
        with self._lock:
            run = self._read(path, signature(path))
        has_checkpoint = bool(files_by_kimg(path / "checkpoints", ".safetensors"))
        return Training(run, holder(path), has_checkpoint, _edge(path, began))


def _edge(path: Path, began: float | None) -> Edge | None:
    """Whether a command starts or ends, by whether the run was written to since the command began."""
    if began is None:
        return None
    written = stamp(path / "stats.jsonl")
    return "ending" if written and written[0] > 1e9 * began else "starting"


def signature(path: Path) -> tuple[object, ...]:
    """What changes when a run has written something, or somebody begins or ends to train it."""
    return tuple(map(stamp, (path / "config.yaml", path / "stats.jsonl", path / "evals.jsonl", path / "samples")))


def stamp(path: Path) -> tuple[int, int] | None:
    """When a file was last written, and its size; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def state(training: Training) -> dict[str, object]:
    """The figures of a run that change while it trains, as the page gets them."""
    run, phase = training.run, training.phase
    best = run.logs.best
    return {
        "phase": phase,
        "meaning": MEANING[phase],
        "kimg": run.logs.kimg,
        "fraction": training.fraction,
        "budget": str(training.budget),
        "left": training.seconds_left if phase == "training" else None,
        "img_per_s": run.logs.latest("img_per_s"),
        "moments": list(run.samples),
        "best": best.kimg if best else None,
        "lines": len(run.logs.stats),
        "evaluations": len(run.logs.evaluations),
    }


def tried(read: Callable[[], T]) -> T | str:
    """What is read, or why it cannot be."""
    try:
        return read()
    except GanvasError as error:
        return str(error)
