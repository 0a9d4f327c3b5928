"""What became of each item of a source: a picture in the partial dataset, or a reason to leave it out."""

from collections.abc import Iterator, Sequence

import numpy as np

from ganvas.data.prepare.partial import Entry, PartialDataset
from ganvas.data.prepare.picture import LeftOut, Prepared
from ganvas.data.sources import Item

_MISSING = -1


class Outcomes:
    """The outcome of each item, in the order of the source. Of a picture, only its place in the journal is kept.

    Args:
        partial: the pictures prepared so far; those of an earlier run need not be prepared again.
        items: the items of the source.
    """

    def __init__(self, partial: PartialDataset, items: Sequence[Item]) -> None:
        self._partial = partial
        self._places = np.full(len(items), _MISSING, np.int64)
        self._left_out: dict[int, LeftOut] = {}
        for number, item in enumerate(items):
            if (place := partial.place_of(item)) is not None:
                self._places[number] = place

    @property
    def missing(self) -> list[int]:
        """The numbers of the items that have no picture."""
        return np.flatnonzero(self._places == _MISSING).tolist()

    def add(self, number: int, name: str, result: Prepared | LeftOut) -> None:
        """Keep the outcome of an item."""
        if isinstance(result, LeftOut):
            self._left_out[number] = result
        else:
            self._places[number] = self._partial.add(name, result)

    def __iter__(self) -> Iterator[Entry | LeftOut]:
        for number, place in enumerate(self._places.tolist()):
            yield self._left_out[number] if place == _MISSING else self._partial.entry(place)
