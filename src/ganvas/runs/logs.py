"""The logs of a run, `stats.jsonl` and `evals.jsonl`, and the figures by which runs are compared."""

import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from ganvas.foundation.errors import RunError
from ganvas.foundation.files import whole_file
from ganvas.runs.directory import RunDirectory
from ganvas.verdict.evaluation import Evaluation, best_of
from ganvas.verdict.measurement import LogLine

Line = TypeVar("Line")


@dataclass(frozen=True)
class RunLogs:
    """The logs of a run.

    Attributes:
        stats: the lines of `stats.jsonl`, oldest first.
        evaluations: the lines of `evals.jsonl`, oldest first.
    """

    stats: tuple[LogLine, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()

    @classmethod
    def open(cls, run: Path) -> Self:
        """Read the logs of a run directory.

        Lines without a kimg are left out, and so is a line that was cut short. A missing log counts as empty.

        Raises:
            RunError: there is no run, this version cannot read it, or a log cannot be read.
        """
        return cls.of(RunDirectory.open(run))

    @classmethod
    def of(cls, directory: RunDirectory) -> Self:
        """Read the logs of a run directory that is already open.

        Raises:
            RunError: a log cannot be read.
        """
        return cls(
            tuple(line for _, line in _lines(directory.stats, LogLine.parse)),
            tuple(evaluation for _, evaluation in _lines(directory.evals, Evaluation.parse)),
        )

    @property
    def best(self) -> Evaluation | None:
        """The evaluation of the best snapshot; None if there is no best snapshot."""
        return best_of(self.evaluations)

    @property
    def first_kid(self) -> float | None:
        """The KID of the first evaluation; None before it, or if the run had diverged by then."""
        return self.evaluations[0].kid if self.evaluations else None

    @property
    def curve(self) -> list[tuple[float, float]]:
        """Minutes of training and KID of each evaluation that has one, oldest first."""
        timed = [(line.kimg, seconds) for line in self.stats if (seconds := line.get("seconds")) is not None]
        scored = [(each.kimg, each.kid) for each in self.evaluations if each.kid is not None]
        at, times = [kimg for kimg, _ in timed], [seconds for _, seconds in timed]
        return [(float(np.interp(kimg, at, times)) / 60, kid) for kimg, kid in scored] if timed else []

    @property
    def img_per_s(self) -> float | None:
        """Median training speed, in real pictures per second."""
        speeds = [speed for line in self.stats if (speed := line.get("img_per_s")) is not None]
        return statistics.median(speeds) if speeds else None

    @property
    def kimg(self) -> float | None:
        """Thousands of real pictures that D had seen at the last log line."""
        return self.latest("kimg")

    def latest(self, name: str) -> float | None:
        """The last finite value of a logged figure; None if there is none."""
        return next((value for line in reversed(self.stats) if (value := line.get(name)) is not None), None)


def discard_after(directory: RunDirectory, kimg: float) -> None:
    """Delete the log lines and sample grids after `kimg`.

    A run that resumes from a checkpoint writes them again. A log line that was cut short is deleted too, since the next
    line would be appended to it.

    Raises:
        RunError: a log cannot be read.
        GanvasError: a log cannot be written. It is unchanged.
    """
    for file in (directory.stats, directory.evals):
        kept = [text for text, line in _lines(file, LogLine.parse) if line.kimg <= kimg]
        with whole_file(file) as partial:
            partial.write_text("".join(f"{text}\n" for text in kept), encoding="utf-8")
    for at, grid in directory.sample_grids.items():
        if at > kimg:
            grid.unlink()


def _lines(file: Path, parse: Callable[[Mapping[str, object]], Line]) -> Iterator[tuple[str, Line]]:
    """The valid lines of a log, each with its text."""
    try:
        texts = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror or error}") from error
    for text in texts:
        try:
            record = json.loads(text)
            line = parse(record if isinstance(record, dict) else {})
        except (ValueError, RecursionError):  # cut short, or without a kimg
            continue
        yield text, line
