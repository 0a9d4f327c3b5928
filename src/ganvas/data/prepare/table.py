"""The tables of a dataset, made from the outcome of each item: one of pictures, and one of files left out."""

import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from ganvas.data.dataset.layout import REJECTED, TRAIN
from ganvas.data.pictures.rejection import Reason
from ganvas.data.prepare import duplicates
from ganvas.data.prepare.partial import Entry
from ganvas.data.prepare.picture import LeftOut
from ganvas.data.prepare.summary import counted, reasons
from ganvas.data.sources import Item, Source
from ganvas.data.sources.source import Value, shortened
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import DataError

# Rows of a table that are gathered at a time.
ROWS = 10_000
# The most reasons, or offending classes, that a message names.
COMMONEST = 3


@dataclass
class Table:
    """The pictures of a dataset, and the files left out of it.

    Attributes:
        source: where the pictures come from.
        index: one row per picture [N], in the order of the source.
        numbers: int64 [N], the number of the item that each picture comes from.
        positions: int64 [N], the position of each picture in the file of prepared pictures.
        left_out: number, name, reason and detail of each item left out.
        copies: number of exact copies of an earlier picture; set by `mark_duplicates`.
        notes: lines for the summary on what was dropped.
    """

    source: Source
    index: pd.DataFrame
    numbers: Integers
    positions: Integers
    left_out: list[tuple[int, str, str, str]]
    copies: int = 0
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, source: Source, outcomes: Iterable[Entry | LeftOut], has_crops: bool) -> Self:
        """Make the table from the outcome of each item. With `has_crops`, the pictures of an item are numbered.

        Raises:
            DataError: no item could be prepared.
        """
        facts, labels = Columns(), list[Mapping[str, Value]]()
        numbers, positions = array("q"), array("q")
        left_out: list[tuple[int, str, str, str]] = []
        for number, (item, outcome) in enumerate(zip(source.items, outcomes, strict=True)):
            if isinstance(outcome, LeftOut):
                left_out.append((number, item.name, outcome.reason, outcome.detail))
                continue
            for crop, phash in enumerate(outcome.phashes):
                facts.append(_facts(item, outcome, phash, {"crop": crop} if has_crops else {}))
                labels.append(source.row(item))
                numbers.append(number)
                positions.append(outcome.first + crop)
        index = _with_labels(facts.table(), labels)
        table = cls(source, index, np.array(numbers, np.int64), np.array(positions, np.int64), left_out)
        if not labels:
            commonest = itertools.islice(reasons(table.rejected).items(), COMMONEST)
            raise DataError(
                f"no readable picture in {source.title}, {counted(len(left_out), 'file')} left out: "
                f"{', '.join(f'{count:,} {reason}' for reason, count in commonest)}"
            )
        return table

    @property
    def rejected(self) -> list[tuple[str, str, str]]:
        """Name, reason and detail of each file left out, in the order of the source."""
        return [(name, reason, detail) for _, name, reason, detail in sorted(self.left_out)]

    @property
    def classes(self) -> "pd.Series[str] | None":
        """The class of each picture [N], or None without classes."""
        return None if self.source.label_column is None else self.index[self.source.label_column]

    @property
    def class_counts(self) -> dict[str, int]:
        """Pictures of each class, sorted by its name; empty without classes."""
        return dict(sorted(Counter(() if self.classes is None else self.classes).items()))

    def drop_small_classes(self, least: int) -> None:
        """Leave out the pictures of classes with fewer originals than `least`.

        Raises:
            DataError: no class has as many.
        """
        if self.classes is None:
            return
        originals = self.index["source"].groupby(self.classes).transform("nunique").to_numpy()
        small = np.flatnonzero(originals < least)
        if len(small) == len(self.index):
            raise DataError(f"min-per-class {least} leaves none of {len(small):,} pictures that could be read")
        for row in small[np.unique(self.numbers[small], return_index=True)[1]]:
            self._leave_out(row, Reason.SMALL_CLASS, f"class {self.classes[row]}")
        self._keep(np.flatnonzero(originals >= least))

    def require_classes(self, least: int) -> None:
        """Note which classes of the source have been left out for having fewer pictures than `least`.

        Raises:
            DataError: `least` is below 2 and a class has fewer than two pictures.
        """
        lost = sorted(set(classes_of(self.source)) - self.class_counts.keys())
        if least < 2:
            require_classes(self.source, self.class_counts | dict.fromkeys(lost, 0))
        elif lost:
            classes, names = counted(len(lost), "class", "classes"), shortened(lost, COMMONEST)
            self.notes.append(f"left out {classes} with fewer than {least:,} readable pictures: {names}")

    def drop_duplicates(self, images: Images, dedupe: str, splits: Mapping[str, str] | None = None) -> None:
        """Leave out pictures that are duplicates of one that stays.

        Args:
            images: uint8 [M, S, S, 3], the pictures that `positions` refers to.
            dedupe: which duplicates to drop: "none", "exact" or "near".
            splits: the split of each item by its name, if the source states it. Training pictures are then preferred.
        """
        if dedupe == "none":
            return
        index = self.index
        repeats = duplicates.find_duplicates(index, images, self.positions)
        is_held_back = None if splits is None else (index["source"].map(splits) != TRAIN).to_numpy(np.bool_)
        if dedupe == "exact":
            dropped = duplicates.rows_to_drop(index, repeats.exact, held_back=is_held_back)
        else:
            is_duplicate = duplicates.NearDuplicates(index, images, self.positions, repeats.exact)
            dropped = duplicates.rows_to_drop(index, repeats.near, is_duplicate, is_held_back)
        classes, contradicted = self.classes, 0
        for row, keeper in dropped.items():
            detail = self._name(keeper, row)
            if classes is not None and classes[row] != classes[keeper]:
                detail, contradicted = f"{detail}, of class {classes[keeper]}, not {classes[row]}", contradicted + 1
            self._leave_out(row, duplicates.reason(repeats, row, keeper), detail)
        if contradicted:
            they = counted(contradicted, "dropped duplicate was", "dropped duplicates were")
            self.notes.append(f"warning: {they} of another class than the picture that stays (see {REJECTED})")
        self._keep(np.setdiff1d(np.arange(len(index)), list(dropped)))

    def mark_duplicates(self, images: Images) -> None:
        """Add the column `duplicates` and count the copies; `images` are the pictures that `positions` refers to."""
        repeats = duplicates.find_duplicates(self.index, images, self.positions)
        self.index = self.index.assign(duplicates=duplicates.duplicates_column(repeats.near))
        self.copies = len(self.index) - len(np.unique(repeats.exact))

    def _leave_out(self, row: int, reason: str, detail: str) -> None:
        """List the picture of a row; its row stays."""
        self.left_out.append((int(self.numbers[row]), self.index["source"][row], reason, detail))

    def _keep(self, rows: Integers) -> None:
        """Drop all other rows."""
        self.index = self.index.iloc[rows].reset_index(drop=True)
        self.numbers, self.positions = self.numbers[rows], self.positions[rows]

    def _name(self, row: int, instead_of: int) -> str:
        """The name of the picture that is kept; with crops, also which crop stays instead of which."""
        if "crop" not in self.index:
            return str(self.index["source"][row])
        crops = self.index["crop"]
        return f"{self.index['source'][row]}, crop {crops[row]}, instead of crop {crops[instead_of]}"


def classes_of(source: Source) -> list[str]:
    """The class of each item that has one."""
    column = source.label_column
    return [] if column is None else [str(item.labels[column]) for item in source.items if column in item.labels]


def require_classes(source: Source, counts: Mapping[str, int]) -> None:
    """Raise DataError for a class of fewer than two pictures, which can be neither learnt nor measured."""
    small = [f"class {name!r} has {counted(count, 'picture')}" for name, count in sorted(counts.items()) if count < 2]
    if small:
        raise DataError(
            f"{', '.join(small[:COMMONEST])}{' ...' if len(small) > COMMONEST else ''} in {source.title}; "
            f"a class needs two or more readable pictures: {source.remedy}"
        )


class Columns:
    """Rows that become columns, some at a time: as Python's own objects, they take several times the memory."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Value]] = []
        self._tables: list[pd.DataFrame] = []

    def append(self, row: dict[str, Value]) -> None:
        """Add a row. Each row has the same keys, and values of the same types."""
        self._rows.append(row)
        if len(self._rows) == ROWS:
            self._gather()

    def table(self) -> pd.DataFrame:
        """All rows."""
        if self._rows or not self._tables:
            self._gather()
        return pd.concat(self._tables, ignore_index=True)

    def _gather(self) -> None:
        self._tables.append(pd.DataFrame(self._rows))
        self._rows = []


def _with_labels(facts: pd.DataFrame, labels: list[Mapping[str, Value]]) -> pd.DataFrame:
    """The table with the labels of each row as further columns. A label of the same name replaces a column.

    Integer columns with unknown values stay integers, which pandas would turn into floats.
    """
    columns = pd.DataFrame(labels, index=facts.index)
    for name in columns.columns[columns.dtypes == np.float64]:
        values = [row.get(name) for row in labels]
        if all(value is None or isinstance(value, int) for value in values):
            columns[name] = pd.array(values)
    return facts.assign(**{str(name): column for name, column in columns.items()})


def _facts(item: Item, entry: Entry, phash: str, crop: dict[str, int]) -> dict[str, Value]:
    return {
        "source": item.name,
        **crop,
        "sha256": entry.sha256,
        "content": entry.content,
        "phash": phash,
        "width": entry.width,
        "height": entry.height,
        "split": TRAIN,
    }
