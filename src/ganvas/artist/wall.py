"""A first look at a generator: a few pictures of seed 0, a row of them for each class."""

import numpy as np

from ganvas.artist.origin import Cell, Sheet
from ganvas.artist.sheets import row_names
from ganvas.artist.trained import TrainedGenerator

# Columns, rows without classes, and the most classes that get a row.
COLUMNS, ROWS, CLASSES = 8, 4, 12


def wall(artist: TrainedGenerator) -> tuple[list[Cell], Sheet]:
    """The pictures and their arrangement. Of many classes, evenly spaced ones are shown."""
    names = artist.class_names
    if not names:
        return artist.cells(range(COLUMNS * ROWS)), Sheet(columns=COLUMNS)
    shown = [names[place] for place in np.linspace(0, len(names) - 1, min(len(names), CLASSES)).round().astype(int)]
    cells = [cell for name in shown for cell in artist.cells(range(COLUMNS), label=name)]
    return cells, Sheet(columns=COLUMNS, rows=row_names(shown))
