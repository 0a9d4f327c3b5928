"""From what became of each item to a dataset's tables: a row a picture, a row a file left out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data import duplicates
from ganvas.data.dataset import TRAIN
from ganvas.data.picture import LeftOut
from ganvas.data.rejection import Reason
from ganvas.data.sources import Item, Source
from ganvas.data.split import Numbers
from ganvas.data.unfinished import Entry
from ganvas.errors import DataError


@dataclass
class Table:
    """The pictures of a dataset, and the files that are none of them.

    Attributes:
        index: a row a picture [N], in the order of the source.
        numbers: int64 [N], the item that each picture is of.
        positions: int64 [N], where each picture is kept.
        left_out: number, name, reason and detail of each item left out.
        label_column: the column of the class, or None without classes.
        copies: pictures with the same content as an earlier one; known when duplicates are marked.
        contradicted: duplicates that were dropped for a picture of another class.
    """

    index: pd.DataFrame
    numbers: Numbers
    positions: Numbers
    left_out: list[tuple[int, str, str, str]]
    label_column: str | None
    copies: int = 0
    contradicted: int = 0

    @classmethod
    def of(cls, source: Source, outcomes: Iterable[Entry | LeftOut], has_crops: bool) -> Self:
        """From what became of each item; with `has_crops`, the pictures of an item are numbered."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        positions: list[int] = []
        left_out: list[tuple[int, str, str, str]] = []
        for number, (item, outcome) in enumerate(zip(source.items, outcomes, strict=True)):
            if isinstance(outcome, LeftOut):
                left_out.append((number, item.name, outcome.reason, outcome.detail))
                continue
            for crop, phash in enumerate(outcome.phashes):
                facts = _facts(item, outcome, phash, {"crop": crop} if has_crops else {})
                rows.append({**facts, **source.row(item)})
                numbers.append(number)
                positions.append(outcome.first + crop)
        places = np.array(numbers, np.int64), np.array(positions, np.int64)
        return cls(_in_columns(rows), *places, left_out, source.label_column)

    @property
    def rejected(self) -> list[tuple[str, str, str]]:
        """Name, reason and detail of each file left out, in the order of the source."""
        return [(name, reason, detail) for _, name, reason, detail in sorted(self.left_out)]

    @property
    def class_counts(self) -> dict[str, int]:
        """Pictures of each class, sorted by its name; empty without classes."""
        counts = Counter(self.index[self.label_column] if self.label_column else ())
        return dict(sorted(counts.items()))

    def drop_small_classes(self, least: int) -> None:
        """Move the pictures of classes with fewer originals than `least` to those left out.

        Raises:
            DataError: all classes are so small.
        """
        if self.label_column is None:
            return
        originals = self.index.groupby(self.label_column)["source"].transform("nunique").to_numpy()
        if (originals < least).all():
            raise DataError(f"min-per-class {least} leaves none of {len(originals):,} pictures that could be read")
        small = np.flatnonzero(originals < least)
        for row in small[np.unique(self.numbers[small], return_index=True)[1]]:
            self._leave_out(row, Reason.SMALL_CLASS, f"class {self.index[self.label_column][row]}")
        self._keep(np.flatnonzero(originals >= least))

    def drop_duplicates(self, images: NDArray[np.uint8], dedupe: str, splits: Mapping[str, str] | None = None) -> None:
        """Move to those left out the pictures that repeat one that is kept.

        Args:
            images: uint8 [M, S, S, 3], what `positions` count in.
            dedupe: which duplicates are dropped: "none", "exact" or "near".
            splits: the split of each item by its name where the source says it: copies to train on stay.
        """
        if dedupe == "none":
            return
        index = self.index
        repeats = duplicates.find(index, images, self.positions)
        is_held_back = None if splits is None else (index["source"].map(splits) != TRAIN).to_numpy(np.bool_)
        if dedupe == "exact":
            dropped = duplicates.surplus(index, repeats.exact, held_back=is_held_back)
        else:
            is_like = duplicates.NearCopies(index, images, self.positions, repeats.exact)
            dropped = duplicates.surplus(index, repeats.near, is_like, is_held_back)
        for row, keeper in dropped.items():
            self._leave_out(row, duplicates.reason(repeats, row, keeper), self._told(row, keeper))
        self._keep(np.setdiff1d(np.arange(len(index)), list(dropped)))

    def mark_duplicates(self, images: NDArray[np.uint8]) -> None:
        """Add the column `duplicates`, and count the copies; `images` are what `positions` count in."""
        repeats = duplicates.find(self.index, images, self.positions)
        self.index = self.index.assign(duplicates=duplicates.numbered(repeats.near))
        self.copies = len(self.index) - len(np.unique(repeats.exact))

    def _leave_out(self, row: int, reason: str, detail: str) -> None:
        """List the picture of a row; its row stays."""
        self.left_out.append((int(self.numbers[row]), self.index["source"][row], reason, detail))

    def _keep(self, rows: Numbers) -> None:
        """Drop all other rows."""
        self.index = self.index.iloc[rows].reset_index(drop=True)
        self.numbers, self.positions = self.numbers[rows], self.positions[rows]

    def _told(self, row: int, keeper: int) -> str:
        """What to say of a duplicate: the picture that is kept, which of its crops, and its class if that differs."""
        told = [str(self.index["source"][keeper])]
        if "crop" in self.index:
            crops = self.index["crop"]
            told.append(f"crop {crops[keeper]}, instead of crop {crops[row]}")
        classes = None if self.label_column is None else self.index[self.label_column]
        if classes is not None and classes[keeper] != classes[row]:
            self.contradicted += 1
            told.append(f"of class {classes[keeper]}, not {classes[row]}")
        return ", ".join(told)


def _in_columns(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table, in which whole numbers stay whole where some are unknown: pandas makes floats of them."""
    index = pd.DataFrame(rows)
    for name in index.columns[index.dtypes == np.float64]:
        values = [row.get(name) for row in rows]
        if all(value is None or isinstance(value, int) for value in values):
            index[name] = pd.array(values)
    return index


def _facts(item: Item, entry: Entry, phash: str, crop: dict[str, int]) -> dict[str, Any]:
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
