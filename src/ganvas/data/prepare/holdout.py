"""Hold pictures back from training: requests are checked before any picture is read and carried out at the end."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ganvas.data.dataset.layout import TEST, TRAIN, VALIDATION
from ganvas.data.dataset.split import MEANINGS, groups_of, hold_back
from ganvas.data.sources import Source
from ganvas.data.sources.source import Value
from ganvas.foundation.errors import DataError, unknown

# Holding back a larger fraction would leave too few pictures to learn from.
MOST = 0.9


@dataclass(frozen=True)
class Holdout:
    """How the pictures of a dataset were divided.

    Attributes:
        counts: pictures held back as "validation" and "test", where there are any.
        groups: number of groups of pictures that belong together.
        held_groups: groups with a picture that is held back.
        split_groups: groups with held-back pictures and training pictures.
        divided: classes that are a single group, whose pictures had to be divided.
    """

    counts: Mapping[str, int]
    groups: int
    held_groups: int
    split_groups: int
    divided: Sequence[str]

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} as {split}" for split, count in self.counts.items()) or "nothing"
        lines = [f"held back {counts}, in {self.held_groups:,} of {self.groups:,} groups"]
        if self.divided:
            lines.append(f"warning: on both sides, being a single group: {', '.join(self.divided)}")
        elif self.split_groups:
            lines.append(f"warning: {self.split_groups:,} of these groups have training pictures too")
        return "\n".join(lines)


@dataclass(frozen=True)
class HoldoutPlan:
    """What is to be held back and what must stay together.

    Attributes:
        fraction: the share of every class to hold back as "test", or None.
        splits: the split of each item of the source by its name, where a column says so, or None.
        groups: the group of each item by its name, None for one by itself; or None where likeness decides.
        seed: of the choice by fraction.
    """

    fraction: float | None
    splits: Mapping[str, str] | None
    groups: Mapping[str, str | None] | None
    seed: int

    @classmethod
    def of(cls, source: Source, fraction: float | None, group: str | None, seed: int) -> Self:
        """Check what is asked of a source.

        Args:
            source: the pictures to be; its split column, if any, goes before the fraction.
            fraction: the share to hold back, or None.
            group: the label that names the groups, or an expression to find in the items' names, or None.
            seed: of the choice by fraction.

        Raises:
            DataError: a value of the split column means no split, or the expression is invalid or found nowhere.
        """
        return cls(fraction, _splits(source), None if group is None else _groups(source, group), seed)

    def carry_out(self, index: pd.DataFrame, label_column: str | None) -> Holdout | None:
        """Write the columns `split` and, if named, `group` of a dataset's table.

        Args:
            index: the table [N], changed in place.
            label_column: its column that holds the class, or None.

        Returns:
            How the pictures were divided, or None if nothing was asked for.

        Raises:
            DataError: there would be no picture to train on, or none of some class.
        """
        if self.groups is not None:
            index["group"] = [self.groups[name] for name in index["source"]]
            if "crop" in index:  # crops of a picture without a group stay together all the same
                index["group"] = index["group"].fillna(index["source"])
        if self.splits is not None:
            index["split"] = [self.splits[name] for name in index["source"]]
        if self.fraction is None and self.splits is None and self.groups is None:
            return None
        groups, divided = groups_of(index), []
        if self.fraction is not None:
            labels, names = pd.factorize(index[label_column], sort=True) if label_column else (None, ["all pictures"])
            held, single = hold_back(groups, labels, self.fraction, self.seed)
            index["split"] = np.where(held, TEST, TRAIN)
            divided = [str(names[number]) for number in single]
        _require_training(index, label_column)
        return _holdout(index["split"], groups, divided)


def read_split(split: str | float | None) -> tuple[float | None, str | None]:
    """Read the option `split`.

    Returns:
        The fraction to hold back or None, and the column that says what to hold back or None.

    Raises:
        DataError: the fraction is out of range.
    """
    if split is None:
        return None, None
    try:
        fraction = float(split)
    except ValueError:
        return None, str(split)
    if not 0 < fraction <= MOST:
        raise DataError(f"split {split} is out of range; hold back a fraction above 0 and up to {MOST}, as in 0.2")
    return fraction, None


def _splits(source: Source) -> dict[str, str] | None:
    """The split of each item by its name."""
    if source.split_column is None:
        return None
    values = {item.name: str(item.labels[source.split_column]) for item in source.items if item.labels}
    for value in values.values():
        if value.lower() not in MEANINGS:
            raise DataError(unknown("split", value, MEANINGS) + f" (in {source.title})")
    return {name: MEANINGS[value.lower()] for name, value in values.items()}


def _groups(source: Source, group: str) -> dict[str, str | None]:
    """The group of each item by its name, None for an item by itself."""
    if group in source.columns:
        return {item.name: _text(item.labels.get(group)) for item in source.items}
    try:
        expression = re.compile(group)
    except (re.error, OverflowError, RecursionError) as error:
        raise DataError(f"cannot read {group!r} as a column or a regular expression: {error}") from error
    groups = {item.name: _match(expression, item.name) for item in source.items}
    if not any(groups.values()):
        columns = f", nor is it a column ({', '.join(sorted(source.columns))})" if source.columns else ""
        raise DataError(f"group {group!r} matches no name in {source.title}, such as {source.items[0].name}{columns}")
    return groups


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _match(expression: re.Pattern[str], name: str) -> str | None:
    """What the first group of the expression matches, or the whole expression; None instead of an empty match."""
    match = expression.search(name)
    return (match[1 if expression.groups else 0] or None) if match else None


def _require_training(index: pd.DataFrame, label_column: str | None) -> None:
    trained = index[index["split"] == TRAIN]
    if trained.empty:
        raise DataError("the split leaves no picture to train on; mark some pictures as train")
    if label_column and (missing := sorted(set(index[label_column]) - set(trained[label_column]))):
        raise DataError(
            f"the split leaves no picture of class {missing[0]!r} to train on; mark some of its pictures as train, "
            "leave the class out, or prepare with classes none"
        )


def _holdout(splits: "pd.Series[str]", groups: np.ndarray, divided: list[str]) -> Holdout:
    is_held = (splits != TRAIN).to_numpy()
    counts = Counter(splits[is_held])
    held, training = set(groups[is_held]), set(groups[~is_held])
    return Holdout(
        counts={split: counts[split] for split in (VALIDATION, TEST) if counts[split]},
        groups=len(held | training),
        held_groups=len(held),
        split_groups=len(held & training),
        divided=divided,
    )
