"""A run directory, read for its page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by
from ganvas.data.dataset.reduced import open_at
from ganvas.foundation.errors import DataError
from ganvas.runs.directory import Record, RunDirectory
from ganvas.runs.logs import RunLogs


@dataclass(frozen=True)
class Run:
    """The content of a run directory.

    Attributes:
        path: the run directory.
        record: the content of `config.yaml`.
        logs: the logs.
        samples: the sample grids by kimg, oldest first.
    """

    path: Path
    record: Record
    logs: RunLogs
    samples: dict[float, Path]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a run directory.

        Raises:
            RunError: there is no run, or this version cannot read it.
        """
        directory = RunDirectory.open(path)
        return cls(path, directory.record, RunLogs.of(directory), directory.sample_grids)

    @property
    def name(self) -> str:
        """The name of the run directory."""
        return self.path.resolve().name

    @property
    def data_name(self) -> str:
        """The name of the dataset directory."""
        return Path(self.record.data).name

    def dataset(self) -> Dataset:
        """Open the dataset of the run, with the classes that the run learned.

        Raises:
            DataError: it is gone, has changed since, or has lost the column of the classes.
        """
        try:
            data = open_at(self.record.data, self.record.dataset["size"])
        except DataError as error:
            raise DataError(f"the dataset {self.data_name} is gone or cannot be read") from error
        if data.fingerprint != self.record.dataset["fingerprint"]:
            raise DataError(f"the dataset {self.data_name} has changed since this run was trained on it")
        column = self.record.dataset.get("label_column")
        return labelled_by(data, column) if column else data
