"""A survey of a dataset: its classes, their colours and means, shapes, dates, near-duplicates, and the files left out.

"Paint by GAN" (paper 5) begins with such a look at its data. A survey holds figures and a few small pictures;
`ganvas.report.survey.page` turns it into a page.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.dataset.columns import LICENCE, ORIGIN, Column, columns_about
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by
from ganvas.data.sources.source import RESERVED
from ganvas.data.survey.advice import advice_on
from ganvas.data.survey.classes import Appearance, ClassRows, appearances, classes_of
from ganvas.data.survey.dates import Timeline, timelines
from ganvas.data.survey.near_duplicates import NearDuplicates, near_duplicates_of
from ganvas.data.survey.rejected import RejectedFiles, rejected_files
from ganvas.data.survey.shapes import Shapes, shapes_of
from ganvas.foundation.errors import DataError

# Values of a column that are listed by name; the others are only counted.
LISTED = 12


@dataclass(frozen=True)
class Survey:
    """What is in a dataset.

    Attributes:
        data: the dataset, with the classes that were asked for.
        seed: of all random choices.
        classes: its classes in order, or all its pictures as a single one.
        appearances: what the largest classes look like, by their position in `classes`.
        columns: counts of the other columns that came with the pictures, except dates and licences.
        licences: counts of the columns about licences.
        origins: counts of the columns about where the pictures come from.
        dates: a timeline for each column of dates.
        shapes: the original sizes; None if they are not known.
        near_duplicates: None if they could not be looked for.
        rejected: the files left out; None if the dataset does not list them.
    """

    data: Dataset
    seed: int
    classes: list[ClassRows]
    appearances: dict[int, Appearance]
    columns: list[Column]
    licences: list[Column]
    origins: list[Column]
    dates: list[Timeline]
    shapes: Shapes | None
    near_duplicates: NearDuplicates | None
    rejected: list[RejectedFiles] | None

    @property
    def has_classes(self) -> bool:
        """Whether the pictures have classes."""
        return self.data.info.label_column is not None

    @property
    def effective_classes(self) -> float:
        """The effective number of classes: exp of the entropy of the classes' shares.

        It equals the number of classes if they are equally large, and is smaller otherwise.
        """
        shares = [len(members) / len(self.data) for members in self.classes]
        return math.exp(-sum(share * math.log(share) for share in shares))

    @property
    def advice(self) -> list[str]:
        """The warnings, each a sentence or two without its full stop."""
        return advice_on(self.data, self.classes, self.shapes, self.near_duplicates, self.rejected or [])

    def record(self) -> dict[str, object]:
        """All figures as JSON holds them."""
        data = self.data
        return {
            "pictures": len(data),
            "size": data.size,
            "fingerprint": data.fingerprint,
            "splits": data.splits,
            "label_column": data.info.label_column,
            "even_classes": round(self.effective_classes, 3) if self.has_classes else None,
            "classes": [
                {
                    "name": members.name,
                    "pictures": len(members),
                    "share": round(len(members) / len(data), 6),
                    "splits": dict(members.splits),
                    **(self.appearances[position].record() if position in self.appearances else {}),
                }
                for position, members in enumerate(self.classes)
            ],
            "columns": {column.name: _counts(column) for column in self.columns},
            "licences": {column.name: _counts(column) for column in self.licences},
            "origins": {column.name: _counts(column) for column in self.origins},
            "dates": {timeline.column: timeline.record() for timeline in self.dates},
            "originals": self.shapes.record() if self.shapes else None,
            "near_duplicates": self.near_duplicates.record() if self.near_duplicates else None,
            "rejected": None if self.rejected is None else {files.reason: len(files) for files in self.rejected},
            "advice": self.advice,
        }

    def __str__(self) -> str:
        data, lines = self.data, []
        held_back = ", ".join(f"{count:,} {split}" for split, count in data.splits.items() if count)
        lines.append(f"{data.path}: {len(data):,} pictures of {data.size} x {data.size} ({held_back})")
        if self.has_classes:
            largest = sorted(self.classes, key=len, reverse=True)
            names = ", ".join(f"{members.name} {len(members):,}" for members in largest[:LISTED])
            more = f", {len(largest) - LISTED:,} more" if len(largest) > LISTED else ""
            lines.append(f"{len(self.classes):,} classes by {data.info.label_column}: {names}{more}")
        lines += [f"warning: {line}" for line in self.advice]
        return "\n".join(lines)


def survey(
    data: Dataset | str | Path,
    *,
    label: str | None = None,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> Survey:
    """Survey all splits of a dataset.

    Args:
        data: the dataset, or its directory.
        label: the column of the index that holds the classes; by default the one it was prepared with.
        seed: of the samples that are taken where reading all pictures would take too long.
        say: called with a line before each step that can take seconds.

    Raises:
        DataError: the directory is not a dataset, the label column cannot be used, or the index is damaged.
    """
    say = say or (lambda line: None)
    if seed < 0:
        raise DataError(f"seed {seed} is out of range; choose 0 or more")
    data = data if isinstance(data, Dataset) else Dataset.open(data)
    data = data if label is None else labelled_by(data, label)
    say("looking for near-duplicates")
    near_duplicates = near_duplicates_of(data)
    classes = classes_of(data)
    say(f"looking at {len(data):,} pictures")
    described = dict(appearances(data, classes, seed))
    own = [name for name in data.index.columns if str(name) not in RESERVED]
    dates = timelines(data, seed)
    licences, origins = (columns_about(data.index[own], subject) for subject in (LICENCE, ORIGIN))
    shown_elsewhere = {timeline.column for timeline in dates} | {column.name for column in licences}
    return Survey(
        data=data,
        seed=seed,
        classes=classes,
        appearances=described,
        columns=[Column.of(str(name), data.index[name], LISTED) for name in own if str(name) not in shown_elsewhere],
        licences=licences,
        origins=origins,
        dates=dates,
        shapes=shapes_of(data),
        near_duplicates=near_duplicates,
        rejected=rejected_files(data),
    )


def _counts(column: Column) -> dict[str, object]:
    return {"counts": column.counts, "others": column.others, "unknown": column.unknown}
