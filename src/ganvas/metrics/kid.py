"""KID, the kernel inception distance, and its standard error.

KID is the squared maximum mean discrepancy of two sets of features with a cubic kernel. This is the unbiased estimate
(Binkowski et al. 2018, eq. 4; Gretton et al. 2012, eq. 3):

    MMD2(X, Y) = mean k(x, x') + mean k(y, y') - 2 mean k(x, y),        k(a, b) = (a.b / d + 1)^3

where the first two means leave out the pairs of a picture with itself. The expectation does not depend on the number of
pictures. For equal distributions, chance can make the estimate slightly negative.

The kernel is torch-fidelity's. With equally many generated and real pictures, the value is the one that torch-fidelity
computes from a single subset of all pictures. Its default is the mean over 100 overlapping subsets. The spread of
overlapping subsets is not a standard error, so `kid` computes that in another way.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch_fidelity.metric_kid import kernel_poly

from ganvas.foundation.arrays import Features, Floats

# Rows of a kernel matrix to keep in memory at a time.
_BLOCK = 512


@dataclass(frozen=True)
class Within:
    """Statistics of the kernel over the pairs of different pictures of a set.

    Attributes:
        means: float64 [n], the mean kernel of each picture with the others.
        interaction: variance of the residuals of k(x, x') after a fit of f(x) + f(x').
    """

    means: Floats
    interaction: float


@dataclass(frozen=True)
class Between:
    """Statistics of the kernel over the pairs of a picture of one set and a picture of another.

    Attributes:
        rows: float64 [m], the mean kernel of each picture of the first set with the second set.
        columns: float64 [n], the mean kernel of each picture of the second set with the first set.
        interaction: variance of the residuals of k(x, y) after a fit of f(x) + g(y).
    """

    rows: Floats
    columns: Floats
    interaction: float


def kid(generated: Within, real: Within, cross: Between) -> tuple[float, float]:
    """KID and its standard error: how much KID would vary if both sets of pictures were drawn again.

    The variance of a U-statistic (Hoeffding 1948) is the variance of the contributions of single pictures,

        V1 = var(2 (E k(x, X') - E k(x, Y))) / m + var(2 (E k(y, Y') - E k(X, y))) / n,

    plus the variance of the interactions of pairs,

        V2 = 2 I_xx / (m (m - 1)) + 2 I_yy / (n (n - 1)) + 4 I_xy / (m n).

    For equal distributions V1 is 0; otherwise V2 is negligible. The jackknife, which replaces the expectations in V1 by
    sample means, overestimates V1 by 2 V2 (Efron and Stein 1981). Subtracting V2 once leaves V1 + V2. The result is at
    least V2, which makes it about 10% too large if V1 is 0.
    """
    m, n = len(generated.means), len(real.means)
    value = generated.means.mean() + real.means.mean() - 2 * cross.rows.mean()
    jackknife = (
        np.var(2 * (generated.means - cross.rows), ddof=1) / m + np.var(2 * (real.means - cross.columns), ddof=1) / n
    )
    interactions = (
        2 * generated.interaction / (m * (m - 1))
        + 2 * real.interaction / (n * (n - 1))
        + 4 * cross.interaction / (m * n)
    )
    return float(value), math.sqrt(max(float(jackknife) - interactions, interactions, 0.0))


def within(features: Features) -> Within:
    """Compare the pictures of one set with each other. `features` is float32 [n, d], n at least 4."""
    n, squares = len(features), 0.0
    sums = np.empty(n)
    for start, block in _kernel(features, features):
        np.fill_diagonal(block[:, start:], 0.0)
        sums[start : start + len(block)] = block.sum(axis=1)
        squares += float(np.square(block).sum())
    means = sums / (n - 1)
    # The least-squares fit of k(x, x') by c + f(x) + f(x') leaves n (n - 3) / 2 degrees of freedom.
    shares = 2 * (n - 1) ** 2 / (n - 2) * np.square(means - means.mean()).sum()
    return Within(means, float(squares - n * (n - 1) * means.mean() ** 2 - shares) / (n * (n - 3)))


def between(first: Features, second: Features) -> Between:
    """Compare the pictures of one set, float32 [m, d], with those of another, float32 [n, d]."""
    m, n, squares = len(first), len(second), 0.0
    rows, columns = np.empty(m), np.zeros(n)
    for start, block in _kernel(first, second):
        rows[start : start + len(block)] = block.mean(axis=1)
        columns += block.sum(axis=0) / m
        squares += float(np.square(block).sum())
    centre = rows.mean()
    # The least-squares fit of k(x, y) by c + f(x) + g(y) leaves (m - 1) (n - 1) degrees of freedom.
    shares = n * np.square(rows - centre).sum() + m * np.square(columns - centre).sum()
    return Between(rows, columns, float(squares - m * n * centre**2 - shares) / ((m - 1) * (n - 1)))


def _kernel(first: Features, second: Features) -> Iterator[tuple[int, Floats]]:
    """The kernel matrix in float64, in blocks of rows: the position of the first row, and the block."""
    columns = second.astype(np.float64)
    for start in range(0, len(first), _BLOCK):
        yield start, kernel_poly(first[start : start + _BLOCK].astype(np.float64), columns)
