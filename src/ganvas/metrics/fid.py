"""The Fréchet distance FID.

Two sets of features are each taken for a Gaussian (Heusel et al. 2017, eq. 6):

    FID(X, Y) = |m - n|² + tr(S) + tr(T) - 2 tr((S T)^½)

with means m, n and covariances S, T. If S = A'A and T = B'B, the eigenvalues of S T are, zeros aside, the squares of
the singular values of A B', whose sum is the last trace. A and B have no more rows than there are pictures, so what is
taken apart is small where they are few. torch-fidelity, whose value this is, takes the eigenvalues of S T itself.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Gaussian(NamedTuple):
    """The Gaussian with the mean and the covariance of a set of features.

    Attributes:
        mean: float64 [D].
        factor: float64 [R, D], R the smaller of D and the number of pictures; the covariance is factor' factor.
    """

    mean: Floats
    factor: Floats


def gaussian(features: NDArray[np.float32]) -> Gaussian:
    """Fit one, in float64, to the features [N, D] of two pictures or more; the covariance is divided by N - 1."""
    rows = features.astype(np.float64)
    mean = rows.mean(axis=0)
    rows = (rows - mean) / math.sqrt(len(rows) - 1)
    return Gaussian(mean, rows if len(rows) <= rows.shape[1] else np.asarray(np.linalg.qr(rows, mode="r")))


def fid(one: Gaussian, other: Gaussian) -> float:
    """Their Fréchet distance; never below zero, where rounding may put equal sets."""
    shift = one.mean - other.mean
    shared = np.linalg.svd(one.factor @ other.factor.T, compute_uv=False).sum()
    spread = np.square(one.factor).sum() + np.square(other.factor).sum()
    return max(0.0, float(shift @ shift + spread - 2 * shared))
