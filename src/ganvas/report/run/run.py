"""A run directory as its page reads it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import DataError
from ganvas.foundation.files import read_records
from ganvas.report.html import Fields, is_number
from ganvas.runs.directory import Record, RunDirectory


@dataclass(frozen=True)
class Run:
    """What a run directory tells.

    Attributes:
        path: the run directory.
        record: what `config.yaml` holds.
        stats: the lines of `stats.jsonl`, oldest first.
        evals: the lines of `evals.jsonl`, oldest first.
        samples: the sample grids by kimg, oldest first.
    """

    path: Path
    record: Record
    stats: list[Fields]
    evals: list[Fields]
    samples: dict[float, Path]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a run directory.

        Raises:
            RunError: no run there, or one that this version cannot read.
        """
        directory = RunDirectory.open(path)
        return cls(
            path=path,
            record=directory.record,
            stats=read_records(directory.stats),
            evals=read_records(directory.evals),
            samples=_find_samples(directory.samples),
        )

    @property
    def name(self) -> str:
        """The name of its directory."""
        return self.path.resolve().name

    @property
    def data_name(self) -> str:
        """The name of the dataset directory."""
        return Path(self.record.data).name

    def dataset(self) -> Dataset:
        """What it was trained on, as it was then.

        Raises:
            DataError: it is gone or has changed since.
        """
        try:
            data = Dataset.open(self.record.data)
        except DataError as error:
            raise DataError(f"the dataset {self.data_name} is gone or cannot be read") from error
        if data.fingerprint != self.record.dataset["fingerprint"]:
            raise DataError(f"the dataset {self.data_name} has changed since this run was trained on it")
        return data

    @property
    def best(self) -> Fields | None:
        """The evaluation whose snapshot was kept as the best, or else the one of lowest KID."""
        marked = [record for record in self.evals if record.get("best")]
        scored = [record for record in self.evals if is_number(record.get("kid"))]
        return marked[-1] if marked else min(scored, key=lambda record: record["kid"], default=None)

    def latest(self, key: str) -> float | None:
        """The last finite value logged under `key`."""
        values = [record[key] for record in self.stats if is_number(record.get(key))]
        return values[-1] if values else None


def _find_samples(folder: Path) -> dict[float, Path]:
    samples = {}
    for file in folder.glob("*.png"):
        try:
            samples[float(file.stem)] = file
        except ValueError:
            continue  # not a grid the trainer wrote
    return dict(sorted(samples.items()))
