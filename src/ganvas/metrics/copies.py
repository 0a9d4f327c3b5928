"""Copies of training pictures among generated ones, told as an eye tells them: by their outlines.

How much different pictures agree depends on what they show: two digits agree more than two landscapes. So the distance
of a picture x from a training picture y is relative to y's own nearest neighbour among the training pictures:

    distance(x, y) = (1 - agreement(x, y)) / (1 - agreement(neighbour of y, y))

It is the smaller one of whole pictures and of figures (`ganvas.metrics.outlines`). A picture is a copy if a training
picture is nearer than a limit. The limit is what one unseen real picture of a hundred falls below, within bounds.

The unseen real pictures are those held back from training. If there are too few, one half of the training pictures is
compared with the other half.
"""

import functools
from dataclasses import dataclass

import numpy as np

from ganvas.foundation.arrays import Flags, Floats, Indices
from ganvas.metrics.outlines import Agreement, Outlines

# The quantile of the distances of unseen real pictures that is the limit, and the bounds of the limit. Below the lower
# one two pictures look the same, above the upper one they do not.
_FALSE, _LEAST, _MOST = 0.01, 0.35, 0.42
# Unseen pictures nearer than this are duplicates of training pictures. They do not count for the limit.
_DUPLICATE = 0.1
# Number of unseen pictures that the limit needs. With fewer, it is `_LEAST`.
_ENOUGH = 100
# The largest number of training pictures among which the neighbours of training pictures are searched.
NEIGHBOURS = 1500
# Duplicates among the training pictures agree to within the first value. The divisor is at least this quantile of those
# of the other pictures.
_SAME, _LEAST_QUANTILE = 0.02, 0.1
# A figure that agrees with another one to within the first value is too simple to be told by its inside. The divisor of
# the others is at least the second.
_SIMPLE, _LEAST_FIGURE = 0.02, 0.07


@dataclass(frozen=True)
class CopyMatches:
    """The nearest training picture of each of N pictures.

    Attributes:
        rows: its position among the training pictures, intp [N].
        distances: its distance, float64 [N]: about 0 for copies, about 1 for new pictures.
    """

    rows: Indices
    distances: Floats


class CopyDetector:
    """Finds copies of training pictures.

    Args:
        training: the outlines of the training pictures in random order, at least 2.
        held_back: those of real pictures that were held back from training; None if there are none.
        neighbours: the largest number of training pictures among which the neighbours of training pictures are
            searched. Fewer take less time, and call more new pictures copies.
    """

    def __init__(self, training: Outlines, held_back: Outlines | None = None, neighbours: int = NEIGHBOURS) -> None:
        self._training, self._held_back, self._neighbours = training, held_back, neighbours

    def matches(self, pictures: Outlines) -> CopyMatches:
        """The nearest training picture of each of N pictures, by their outlines."""
        whole, figure = self._agreement(pictures)
        of_whole, of_figure = self._divisors
        distances = np.fmin((1 - whole) / of_whole, (1 - figure) / of_figure)
        rows = distances.argmin(axis=1)
        return CopyMatches(rows, distances[np.arange(len(rows)), rows])

    def is_copy(self, matches: CopyMatches) -> Flags:
        """Which pictures are copies, bool [N]."""
        return matches.distances < self.limit

    @functools.cached_property
    def unseen(self) -> CopyMatches:
        """The matches of unseen real pictures."""
        if self._held_back is not None and len(self._held_back) >= min(_ENOUGH, len(self._training) // 2):
            return self.matches(self._held_back)
        half = min(len(self._training), 2 * self._neighbours) // 2
        other = CopyDetector(self._training[half : 2 * half], neighbours=self._neighbours)
        return other.matches(self._training[:half])

    @functools.cached_property
    def limit(self) -> float:
        """The distance below which a picture is a copy."""
        new = self.unseen.distances[self.unseen.distances > _DUPLICATE]
        return float(np.clip(np.quantile(new, _FALSE), _LEAST, _MOST)) if len(new) >= _ENOUGH else _LEAST

    @functools.cached_property
    def _agreement(self) -> Agreement:
        return Agreement(self._training)

    @functools.cached_property
    def _divisors(self) -> tuple[Floats, Floats]:
        """1 - agreement of each training picture with its nearest neighbour: whole and figure, float64 [M] each.

        The second is NaN for pictures without a figure that can be told by its inside.
        """
        whole, figure = self._agreement(self._training[: self._neighbours])
        for agreements in (whole, figure):
            np.fill_diagonal(agreements, -1.0)
        of_whole, of_figure = (1 - each.max(axis=0) for each in (whole, figure))
        different = of_whole[of_whole > _SAME]
        least = float(np.quantile(different, _LEAST_QUANTILE)) if len(different) else _SAME
        is_told = self._training.inside.any(axis=(1, 2)) & (of_figure > _SIMPLE)
        return np.maximum(of_whole, least), np.where(is_told, np.maximum(of_figure, _LEAST_FIGURE), np.nan)
