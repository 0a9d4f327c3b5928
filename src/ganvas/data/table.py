"""From what became of each item to a dataset's tables: a row a picture, a row a file left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data import duplicates
from ganvas.data.dataset import TRAIN
from ganvas.data.picture import LeftOut
from ganvas.data.sources import Item, Source
from ganvas.data.split import Numbers
from ganvas.data.unfinished import Entry


@dataclass
class Table:
    """The pictures of a dataset, and the files that are none of them.

    Attributes:
        index: a row a picture [N], in the order of the source.
        numbers: int64 [N], the item that each picture is of.
        positions: int64 [N], where each picture is kept.
        left_out: number, name, reason and detail of each item left out.
        copies: pictures with the same content as an earlier one; known when duplicates are marked.
    """

    index: pd.DataFrame
    numbers: Numbers
    positions: Numbers
    left_out: list[tuple[int, str, str, str]]
    copies: int = 0

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
        return cls(pd.DataFrame(rows), np.array(numbers, np.int64), np.array(positions, np.int64), left_out)

    @property
    def rejected(self) -> list[tuple[str, str, str]]:
        """Name, reason and detail of each file left out, in the order of the source."""
        return [(name, reason, detail) for _, name, reason, detail in sorted(self.left_out)]

    def mark_duplicates(self, images: NDArray[np.uint8], dedupe: str, splits: Mapping[str, str] | None = None) -> None:
        """Add the column `duplicates`, and move to those left out what is to be dropped.

        Args:
            images: uint8 [M, S, S, 3], what `positions` count in.
            dedupe: which duplicates are dropped: "none", "exact" or "near".
            splits: the split of each item by its name where the source says it: copies to train on stay.
        """
        index = self.index
        repeats = duplicates.find(index, images, self.positions)
        if dedupe != "none":
            is_held_back = None if splits is None else (index["source"].map(splits) != TRAIN).to_numpy(np.bool_)
            if dedupe == "exact":
                dropped = duplicates.surplus(index, repeats.exact, held_back=is_held_back)
            else:
                is_like = duplicates.NearCopies(index, images, self.positions, repeats.exact)
                dropped = duplicates.surplus(index, repeats.near, is_like, is_held_back)
            for row, keeper in dropped.items():
                reason = duplicates.reason(repeats, row, keeper)
                self.left_out.append((int(self.numbers[row]), index["source"][row], reason, self._name(keeper, row)))
            stays = np.setdiff1d(np.arange(len(index)), list(dropped))
            index = index.iloc[stays].reset_index(drop=True)
            self.numbers, self.positions = self.numbers[stays], self.positions[stays]
            repeats = duplicates.Repeats(repeats.exact[stays], repeats.near[stays])
        self.index = index.assign(duplicates=duplicates.numbered(repeats.near))
        self.copies = len(index) - len(np.unique(repeats.exact))

    def _name(self, row: int, instead_of: int) -> str:
        """The picture that is kept, and of which crops there is talk."""
        if "crop" not in self.index:
            return str(self.index["source"][row])
        crops = self.index["crop"]
        return f"{self.index['source'][row]}, crop {crops[row]}, instead of crop {crops[instead_of]}"


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
