"""The kernel distance KID and its standard error.

KID is the squared maximum mean discrepancy of two sets of features under a cubic kernel, estimated without bias
(Binkowski et al. 2018, eq. 4; Gretton et al. 2012, eq. 3):

    MMD2(X, Y) = mean k(x, x') + mean k(y, y') - 2 mean k(x, y),        k(a, b) = (a.b / d + 1)^3

where the first two means leave out the pairs of a picture with itself. Its expectation does not depend on how
many pictures there are, and between sets that do not differ it may come out slightly below zero.

torch-fidelity supplies the kernel, and with as many generated as real pictures the value is the one it computes
from a single subset of them all. Its default, the mean over 100 overlapping subsets, estimates the same; but the
spread of overlapping subsets is no standard error, so that part is ours (`kid`).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch_fidelity.metric_kid import kernel_poly

Floats = NDArray[np.float64]

# Rows of a kernel matrix in memory at a time.
_BLOCK = 512


@dataclass(frozen=True)
class Within:
    """The pairs of different pictures of one set of n.

    Attributes:
        means: float64 [n], each picture's mean kernel with the others.
        interaction: variance of what is left of k(x, x') when each picture's own share f(x) + f(x') is taken away.
    """

    means: Floats
    interaction: float


@dataclass(frozen=True)
class Between:
    """The pairs of a picture of one set of m and one of another set of n.

    Attributes:
        rows: float64 [m], each picture of the first set's mean kernel with the second set.
        columns: float64 [n], the other way round.
        interaction: variance of what is left of k(x, y) when f(x) + g(y) is taken away.
    """

    rows: Floats
    columns: Floats
    interaction: float


def kid(generated: Within, real: Within, cross: Between) -> tuple[float, float]:
    """KID and its standard error: how much it would vary if both sets of pictures were drawn anew.

    A U-statistic's variance (Hoeffding 1948) is that of the single pictures' shares,

        V1 = var(2 (E k(x, X') - E k(x, Y))) / m + var(2 (E k(y, Y') - E k(X, y))) / n,

    and that of their interactions,

        V2 = 2 I_xx / (m (m - 1)) + 2 I_yy / (n (n - 1)) + 4 I_xy / (m n).

    V2 is all there is between equal distributions and vanishes beside V1 otherwise. Putting sample means for the
    expectations in V1 (which is the jackknife) makes it too large by 2 V2 (Efron and Stein 1981), so V2 is taken
    away once and V1 + V2 remains. The result is never less than V2, which makes it some 10% too large where
    V1 is 0.
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


def within(features: NDArray[np.float32]) -> Within:
    """Compare the pictures of one set, float32 [n, d] with n of at least 4, with each other."""
    n, squares = len(features), 0.0
    sums = np.empty(n)
    for start, block in _kernel(features, features):
        np.fill_diagonal(block[:, start:], 0.0)
        sums[start : start + len(block)] = block.sum(axis=1)
        squares += float(np.square(block).sum())
    means = sums / (n - 1)
    # The least-squares fit of k(x, x') by c + f(x) + f(x'), and the degrees of freedom it leaves: n (n - 3) / 2.
    shares = 2 * (n - 1) ** 2 / (n - 2) * np.square(means - means.mean()).sum()
    return Within(means, float(squares - n * (n - 1) * means.mean() ** 2 - shares) / (n * (n - 3)))


def between(first: NDArray[np.float32], second: NDArray[np.float32]) -> Between:
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


def _kernel(first: NDArray[np.float32], second: NDArray[np.float32]) -> Iterator[tuple[int, Floats]]:
    """The kernel matrix in blocks of rows, each with the number of its first row; in float64."""
    columns = second.astype(np.float64)
    for start in range(0, len(first), _BLOCK):
        yield start, kernel_poly(first[start : start + _BLOCK].astype(np.float64), columns)
