"""The Mann-Whitney statistic, a comparison of two sets of numbers that depends on their order only."""

import math

import numpy as np
from scipy.stats import rankdata

from ganvas.foundation.arrays import Floats


def probability_of_less(first: Floats, second: Floats) -> tuple[float, float]:
    """P(a < b) + P(a = b) / 2 for a from the first set and b from the second, and its standard error.

    This is the Mann-Whitney statistic divided by the number of pairs, and also the area under the ROC curve. The
    standard error is that of DeLong (1988).

    Args:
        first: float64 [m], m at least 2.
        second: float64 [n], n at least 2.
    """
    m, n = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]))
    above = 1 - (ranks[:m] - rankdata(first)) / n  # for each a, the share of b above it
    below = (ranks[m:] - rankdata(second)) / m  # for each b, the share of a below it
    return float(below.mean()), math.sqrt(float(above.var(ddof=1) / m + below.var(ddof=1) / n))
