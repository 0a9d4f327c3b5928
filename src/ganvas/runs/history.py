"""How a run went, in the few figures that runs are compared by."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ganvas.foundation.files import read_records
from ganvas.runs.directory import RunDirectory


@dataclass(frozen=True)
class History:
    """What a run has logged.

    Attributes:
        stats: the lines of `stats.jsonl`, oldest first.
        evals: the lines of `evals.jsonl`, oldest first.
    """

    stats: list[dict[str, Any]]
    evals: list[dict[str, Any]]

    @classmethod
    def of(cls, run: Path) -> Self:
        """Read a run directory.

        Raises:
            RunError: no run there, or one that this version cannot read.
        """
        directory = RunDirectory.open(run)
        return cls(read_records(directory.stats), read_records(directory.evals))

    @property
    def first_kid(self) -> float | None:
        """The KID of the first evaluation."""
        return self.evals[0]["kid"] if self.evals else None

    @property
    def curve(self) -> list[tuple[float, float]]:
        """Minutes of training and KID of each evaluation that came to one, oldest first."""
        if not self.stats:
            return []
        kimg, seconds = zip(*((record["kimg"], record["seconds"]) for record in self.stats), strict=True)
        scored = [record for record in self.evals if record["kid"] is not None]
        return [(float(np.interp(record["kimg"], kimg, seconds)) / 60, record["kid"]) for record in scored]

    @property
    def best(self) -> dict[str, Any] | None:
        """The evaluation of the lowest KID, whose snapshot is the best one."""
        scored = [record for record in self.evals if record["kid"] is not None]
        return min(scored, key=lambda record: record["kid"], default=None)

    @property
    def img_per_s(self) -> float | None:
        """Median training speed."""
        speeds = [record["img_per_s"] for record in self.stats if record["img_per_s"] is not None]
        return statistics.median(speeds) if speeds else None

    @property
    def kimg(self) -> float | None:
        """Thousands of real pictures D has seen."""
        return self.stats[-1]["kimg"] if self.stats else None
