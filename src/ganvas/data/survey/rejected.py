"""The files that were left out of a dataset, by reason."""

import csv
from dataclasses import dataclass

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import REJECTED
from ganvas.foundation.errors import DataError


@dataclass(frozen=True)
class RejectedFile:
    """A file that was left out.

    Attributes:
        path: its name, relative to the source.
        detail: what is special about this file, or "".
    """

    path: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.detail})" if self.detail else self.path


@dataclass(frozen=True)
class RejectedFiles:
    """The files that were left out for one reason.

    Attributes:
        reason: why they were left out.
        files: in the order of `rejected.csv`.
    """

    reason: str
    files: list[RejectedFile]

    def __len__(self) -> int:
        return len(self.files)


def rejected_files(data: Dataset) -> list[RejectedFiles] | None:
    """The files left out, the most common reason first; None if the dataset does not list them.

    Raises:
        DataError: `rejected.csv` cannot be read.
    """
    file = data.path / REJECTED
    if not file.is_file():
        return None
    reasons: dict[str, list[RejectedFile]] = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                rejected = RejectedFile(row.get("path") or "", row.get("detail") or "")
                reasons.setdefault(row.get("reason") or "unknown", []).append(rejected)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{file} cannot be read ({error}); prepare the dataset again") from error
    result = [RejectedFiles(reason, files) for reason, files in reasons.items()]
    return sorted(result, key=lambda rejected: (-len(rejected), rejected.reason))
