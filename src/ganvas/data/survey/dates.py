"""When pictures were made, as far as a column of the index tells: a timeline in the colours of each period."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.columns import DATE
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.sources.source import RESERVED
from ganvas.data.survey.palette import Colour, palette

Numbers = NDArray[np.int64]

# The first year in what stands there: "1889", "1889.0", "c. 1888-90", "February 1888", "1889-06-18".
_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
# A column of dates tells the year of this share of the pictures that it says anything of.
_SHARE = 0.5

# Years that a period may have, and periods at most.
_STEPS, _PERIODS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500), 24


@dataclass(frozen=True)
class Period:
    """Some years, and the pictures from then.

    Attributes:
        first: the first year.
        last: the last year.
        count: pictures from then.
        palette: their dominant colours, the commonest first; none if there are no pictures.
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
        known: pictures whose year it tells.
        first: the earliest year.
        median: the median.
        last: the latest.
        periods: from the first to the last without a gap, all equally long.
    """

    column: str
    known: int
    first: int
    median: int
    last: int
    periods: tuple[Period, ...]

    def record(self) -> dict[str, Any]:
        """What JSON holds of it."""
        periods = [{"first": each.first, "last": each.last, "pictures": each.count} for each in self.periods]
        return {
            "known": self.known,
            "first": self.first,
            "median": self.median,
            "last": self.last,
            "periods": periods,
        }


def timelines(data: Dataset, seed: int) -> list[Timeline]:
    """A timeline of every column of dates."""
    found = []
    for name in data.index.columns:
        if str(name) in RESERVED or not DATE.search(str(name).replace("_", " ")):
            continue
        years = years_of(data.index[name])
        if years.notna().any() and years.notna().sum() >= _SHARE * data.index[name].notna().sum():
            found.append(_timeline(str(name), data, years, seed))
    return found


def years_of(column: "pd.Series[Any]") -> "pd.Series[float]":
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
        of_then = rows[known // step == number]
        colours = palette(data.images, of_then, (seed, number)) if len(of_then) else ()
        periods.append(Period(number * step, number * step + step - 1, len(of_then), colours))
    return Timeline(name, len(known), first, int(np.median(known)), last, tuple(periods))
