"""Describe columns of a dataset's index: licences, origins, dates and labels."""

import re
from dataclasses import dataclass

import pandas as pd

# Patterns in the names of columns about these subjects.
LICENCE = re.compile(r"licen[cs]e|rights|copyright", re.IGNORECASE)
ORIGIN = re.compile(r"artist|author|creator|painter|photographer|source|museum|collection|credit|url", re.IGNORECASE)
DATE = re.compile(r"(?<![a-z])(dates?|dated|years?|created|painted|completed)(?![a-z])", re.IGNORECASE)

# The most values of a column to list. If nearly every picture has a different value, such as a file name, none is.
COMMONEST = 6


@dataclass(frozen=True)
class Column:
    """The values of a column of the index.

    Attributes:
        name: the column's name.
        counts: the number of pictures for each of its most common values.
        others: number of other values.
        unknown: number of pictures without a value.
    """

    name: str
    counts: dict[str, int]
    others: int
    unknown: int

    @classmethod
    def of(cls, name: str, values: "pd.Series[str]", most: int = COMMONEST) -> "Column":
        """Count the values of a column and list at most `most` of them."""
        text = values.dropna().astype(str).str.strip()
        counts = text[text != ""].value_counts()
        listed = counts.head(most) if len(counts) <= max(COMMONEST, len(values) // 3) else counts.head(0)
        return cls(
            name=name,
            counts={str(value): int(count) for value, count in listed.items()},
            others=len(counts) - len(listed),
            unknown=len(values) - int(counts.sum()),
        )

    @property
    def words(self) -> str:
        """The column as a line of text."""
        parts = [f"{value} ({count:,})" for value, count in self.counts.items()]
        if self.others:
            parts.append(f"{self.others:,} {'more ' if self.counts else 'different '}values")
        if self.unknown:
            parts.append(f"nothing for {self.unknown:,}")
        return ", ".join(parts)


def columns_about(index: pd.DataFrame, subject: re.Pattern[str]) -> list[Column]:
    """The columns whose names match a subject."""
    return [Column.of(str(name), index[name]) for name in index.columns if subject.search(str(name))]
