"""What is in a dataset: its classes and their colours, means, shapes, dates, doubles, and what was left out of it.

"Paint by GAN" (paper 5) begins with such a look at its data. A survey is figures and a few small pictures;
`ganvas.report.survey.page` makes a page of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.data.dataset.columns import LICENCE, ORIGIN, Column, columns_about
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by
from ganvas.data.sources.source import RESERVED
from ganvas.data.survey.advice import advice_on
from ganvas.data.survey.dates import Timeline, timelines
from ganvas.data.survey.kinds import Kind, Looks, kinds_of, look_at
from ganvas.data.survey.rejected import Rejects, rejects
from ganvas.data.survey.shapes import Shapes, shapes_of
from ganvas.data.survey.twins import Twins, twins_of
from ganvas.foundation.errors import DataError

# Values of a label column that are listed by name.
LISTED = 12


@dataclass(frozen=True)
class Survey:
    """What is in a dataset.

    Attributes:
        data: the dataset, with the classes that were asked for.
        seed: of what was chosen at random.
        kinds: its classes in their order, or all its pictures as one kind.
        looks: what the pictures of those look like that were looked at, by the place of the kind.
        columns: the columns that came with the pictures, counted, but for dates and licences.
        licences: columns about what may be done with the pictures.
        origins: columns about whose they are.
        dates: a timeline of every column of dates.
        shapes: the originals before they were fitted; None if nothing is known of them.
        twins: pictures that are there twice; None if they could not be looked for.
        rejects: the files left out; None if nothing is known of them.
    """

    data: Dataset
    seed: int
    kinds: list[Kind]
    looks: dict[int, Looks]
    columns: list[Column]
    licences: list[Column]
    origins: list[Column]
    dates: list[Timeline]
    shapes: Shapes | None
    twins: Twins | None
    rejects: list[Rejects] | None

    @property
    def has_classes(self) -> bool:
        """Whether the pictures have classes."""
        return self.data.info.label_column is not None

    @property
    def evenness(self) -> float:
        """As many equally large classes would be as varied: exp of the entropy of the classes' shares."""
        shares = [len(kind) / len(self.data) for kind in self.kinds]
        return math.exp(-sum(share * math.log(share) for share in shares))

    @property
    def advice(self) -> list[str]:
        """What to mind, each a sentence or two without its full stop."""
        return advice_on(self.data, self.kinds, self.shapes, self.twins, self.rejects or [])

    def record(self) -> dict[str, Any]:
        """All figures, as JSON has them."""
        data = self.data
        return {
            "pictures": len(data),
            "size": data.size,
            "fingerprint": data.fingerprint,
            "splits": data.splits,
            "label_column": data.info.label_column,
            "even_classes": round(self.evenness, 3) if self.has_classes else None,
            "classes": [
                {
                    "name": kind.name,
                    "pictures": len(kind),
                    "share": round(len(kind) / len(data), 6),
                    "splits": dict(kind.splits),
                    **(self.looks[place].record() if place in self.looks else {}),
                }
                for place, kind in enumerate(self.kinds)
            ],
            "columns": {each.name: _counts(each) for each in self.columns},
            "licences": {each.name: _counts(each) for each in self.licences},
            "origins": {each.name: _counts(each) for each in self.origins},
            "dates": {each.column: each.record() for each in self.dates},
            "originals": self.shapes.record() if self.shapes else None,
            "near_duplicates": self.twins.record() if self.twins else None,
            "rejected": None if self.rejects is None else {each.reason: len(each) for each in self.rejects},
            "advice": self.advice,
        }

    def __str__(self) -> str:
        data, lines = self.data, []
        held_back = ", ".join(f"{count:,} {split}" for split, count in data.splits.items() if count)
        lines.append(f"{data.path}: {len(data):,} pictures of {data.size} x {data.size} ({held_back})")
        if self.has_classes:
            largest = sorted(self.kinds, key=len, reverse=True)
            named = ", ".join(f"{kind.name} {len(kind):,}" for kind in largest[:LISTED])
            more = f", {len(largest) - LISTED:,} more" if len(largest) > LISTED else ""
            lines.append(f"{len(self.kinds):,} classes by {data.info.label_column}: {named}{more}")
        lines += [f"mind: {line}" for line in self.advice]
        return "\n".join(lines)


def survey(
    data: Dataset | str | Path,
    *,
    label: str | None = None,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> Survey:
    """Look through a dataset, all of its splits.

    Args:
        data: the dataset, or its directory.
        label: the column of the index to take classes from; by default as prepared.
        seed: of what is chosen at random: where there is too much, a sample is looked at.
        say: told what is done, a line before each part that can take seconds.

    Raises:
        DataError: it is no dataset, or its index is not what it should be.
    """
    say = say or (lambda line: None)
    if seed < 0:
        raise DataError(f"seed {seed} is out of range; choose 0 or more")
    data = data if isinstance(data, Dataset) else Dataset.open(data)
    data = data if label is None else labelled_by(data, label)
    say("looking for near-duplicates")
    found = twins_of(data)
    present = kinds_of(data)
    say(f"looking at {len(data):,} pictures")
    looks = dict(look_at(data, present, seed))
    own = [name for name in data.index.columns if str(name) not in RESERVED]
    dates = timelines(data, seed)
    licences, origins = (columns_about(data.index[own], subject) for subject in (LICENCE, ORIGIN))
    apart = {each.column for each in dates} | {each.name for each in licences}
    return Survey(
        data=data,
        seed=seed,
        kinds=present,
        looks=looks,
        columns=[Column.of(str(name), data.index[name], LISTED) for name in own if str(name) not in apart],
        licences=licences,
        origins=origins,
        dates=dates,
        shapes=shapes_of(data),
        twins=found,
        rejects=rejects(data),
    )


def _counts(column: Column) -> dict[str, Any]:
    return {"counts": column.counts, "others": column.others, "unknown": column.unknown}
