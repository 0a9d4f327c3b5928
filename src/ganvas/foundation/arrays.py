"""Names for the arrays that pass between folders, and evenly spaced choices from a sequence.

A name says what an array holds and its dtype. Shapes are in the docstrings of those who take or return one.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Pictures as bytes: uint8 [N, H, W, 3], or one picture [H, W, 3].
Images: TypeAlias = NDArray[np.uint8]
# What a feature network makes of pictures: float32 [N, D].
Features: TypeAlias = NDArray[np.float32]
# Measurements: distances, probabilities, scores.
Floats: TypeAlias = NDArray[np.float64]
# Class numbers, counts and rows of a dataset.
Integers: TypeAlias = NDArray[np.int64]
# Positions, as NumPy's sorting and searching return them.
Indices: TypeAlias = NDArray[np.intp]
# Yes or no, one per row.
Flags: TypeAlias = NDArray[np.bool_]


def evenly_spaced(length: int, most: int) -> Indices:
    """At most `most` positions of a sequence, evenly spaced; the first and the last are among them.

    Args:
        length: of the sequence, 0 or more.
        most: how many positions to choose, 1 or more.

    Returns:
        intp [min(length, most)], in rising order.
    """
    return np.linspace(0, length - 1, min(length, most)).round().astype(np.intp)
