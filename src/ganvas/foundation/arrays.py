"""Type aliases for NumPy arrays, and evenly spaced choices from a sequence.

An alias tells the content and dtype of an array. Docstrings tell its shape.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Pictures as bytes, 0 to 255: uint8 [N, H, W, 3], or one picture [H, W, 3].
Images: TypeAlias = NDArray[np.uint8]
# The output of a network, such as the features of pictures: float32 [N, D].
Features: TypeAlias = NDArray[np.float32]
# Measurements: distances, probabilities, scores.
Floats: TypeAlias = NDArray[np.float64]
# Class numbers, counts and rows of a dataset.
Integers: TypeAlias = NDArray[np.int64]
# Positions, as returned by sorting and searching in NumPy.
Indices: TypeAlias = NDArray[np.intp]
# True or False for each row.
Flags: TypeAlias = NDArray[np.bool_]


def evenly_spaced(length: int, most: int) -> Indices:
    """Choose evenly spaced positions in a sequence. The first and the last are among them if there are two or more.

    Args:
        length: length of the sequence, 0 or more.
        most: the largest number of positions to choose, 1 or more.

    Returns:
        intp [min(length, most)], ascending.
    """
    return np.linspace(0, length - 1, min(length, most)).round().astype(np.intp)
