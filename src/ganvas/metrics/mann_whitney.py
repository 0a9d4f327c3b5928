"""How often a number of one set is below one of another: a comparison that no threshold and no scale enters."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def probability_of_less(first: Floats, second: Floats) -> tuple[float, float]:
    """P(a < b) + P(a = b) / 2 for a of the first and b of the second, and its standard error.

    The Mann-Whitney statistic over the number of pairs, which is also the area under the ROC curve; the error is
    DeLong's (1988). Both sets are float64, of at least 2 numbers.
    """
    m, n = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]))
    above = 1 - (ranks[:m] - rankdata(first)) / n  # of each a, the share of b above it
    below = (ranks[m:] - rankdata(second)) / m  # of each b, the share of a below it
    return float(below.mean()), math.sqrt(float(above.var(ddof=1) / m + below.var(ddof=1) / n))
