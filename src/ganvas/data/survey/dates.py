"""When the pictures were made, according to the index: a timeline with the colours of each period."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganvas.data.dataset.columns import DATE
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.sources.source import RESERVED
from ganvas.data.survey.palette import Colour, palette

# The first year in a text: "1889", "1889.0", "c. 1888-90", "February 1888", "1889-06-18".
_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
# A column counts as dates if this share of its non-empty values contains a year.
_SHARE = 0.5

# The possible lengths of a period in years, and the largest number of periods.
_STEPS, _PERIODS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500), 24


@dataclass(frozen=True)
class Period:
    """A period of years, and its pictures.

    Attributes:
        first: the first year.
        last: the last year.
        count: the number of pictures.
        palette: their dominant colours, the most common first; empty if there are no pictures.
    """

    first: int
    last: int
    count: int
    palette: tuple[Colour, ...]


@dataclass(frozen=True)
class Timeline:
    """The dates of one column.

    Attributes:
        column: its name.
        known: the number of pictures whose year is known.
        first: the earliest year.
        median: the median year.
        last: the latest year.
        periods: from the first year to the last, without gaps and equally long.
    """

    column: str
    known: int
    first: int
    median: int
    last: int
    periods: tuple[Period, ...]

    def record(self) -> dict[str, object]:
        """The figures as JSON holds them."""
        periods = [{"first": period.first, "last": period.last, "pictures": period.count} for period in self.periods]
        return {
            "known": self.known,
            "first": self.first,
            "median": self.median,
            "last": self.last,
            "periods": periods,
        }


def timelines(data: Dataset, seed: int) -> list[Timeline]:
    """A timeline for each column of dates."""
    result = []
    for name in data.index.columns:
        if str(name) in RESERVED or not DATE.search(str(name).replace("_", " ")):
            continue
        years = years_of(data.index[name])
        if years.notna().any() and years.notna().sum() >= _SHARE * data.index[name].notna().sum():
            result.append(_timeline(str(name), data, years, seed))
    return result


def years_of(column: pd.Series) -> "pd.Series[float]":
    """The year in each value of a column, from 1000 to 2099; NaN where there is none."""
    text = column.astype("string")
    return pd.to_numeric(text.str.extract(_YEAR, expand=False), errors="coerce").astype("float64")


def _timeline(name: str, data: Dataset, years: "pd.Series[float]", seed: int) -> Timeline:
    rows = np.flatnonzero(years.notna())
    known = years.to_numpy()[rows].astype(np.int64)
    first, last = int(known.min()), int(known.max())
    step = next(step for step in _STEPS if last // step - first // step < _PERIODS)
    periods = []
    for number in range(first // step, last // step + 1):
        members = rows[known // step == number]
        colours = palette(data.images, members, (seed, number)) if len(members) else ()
        periods.append(Period(number * step, number * step + step - 1, len(members), colours))
    return Timeline(name, len(known), first, int(np.median(known)), last, tuple(periods))
