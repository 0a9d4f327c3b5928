"""What the columns of a dataset's index are about: licences, origins, dates or labels."""

import re
from dataclasses import dataclass

import pandas as pd

# What the names of columns speak of.
LICENCE = re.compile(r"licen[cs]e|rights|copyright", re.IGNORECASE)
ORIGIN = re.compile(r"artist|author|creator|painter|photographer|source|museum|collection|credit|url", re.IGNORECASE)
DATE = re.compile(r"(?<![a-z])(dates?|dated|years?|created|painted|completed)(?![a-z])", re.IGNORECASE)

# Values of a column that are listed; of one with a value a picture, as file names are, only how many there are.
COMMONEST = 6


@dataclass(frozen=True)
class Column:
    """What a column of the index says of the pictures.

    Attributes:
        name: the column's name.
        counts: its commonest values with how many pictures have each.
        others: how many other values there are.
        unknown: how many pictures have no value.
    """

    name: str
    counts: dict[str, int]
    others: int
    unknown: int

    @classmethod
    def of(cls, name: str, values: "pd.Series[str]", most: int = COMMONEST) -> "Column":
        """Count the values of a column, of which at most so many are listed."""
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
        """The column in a line."""
        parts = [f"{value} ({count:,})" for value, count in self.counts.items()]
        if self.others:
            parts.append(f"{self.others:,} {'more ' if self.counts else 'different '}values")
        if self.unknown:
            parts.append(f"nothing for {self.unknown:,}")
        return ", ".join(parts)


def columns_about(index: pd.DataFrame, subject: re.Pattern[str]) -> list[Column]:
    """The columns whose names speak of a subject, counted."""
    return [Column.of(str(name), index[name]) for name in index.columns if subject.search(str(name))]
