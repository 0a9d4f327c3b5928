"""FID, the Fréchet distance.

A Gaussian is fitted to each of two sets of features (Heusel et al. 2017, eq. 6):

    FID(X, Y) = |m - n|² + tr(S) + tr(T) - 2 tr((S T)^½)

with means m, n and covariances S, T. torch-fidelity computes the eigenvalues of S T. The value here is the same, but
comes from smaller matrices: if S = A'A and T = B'B, the nonzero eigenvalues of S T are the squares of the singular
values of A B', so the last trace is the sum of these. A and B have at most as many rows as there are pictures.
"""

import math
from typing import NamedTuple

import numpy as np

from ganvas.foundation.arrays import Features, Floats


class Gaussian(NamedTuple):
    """The Gaussian with the mean and the covariance of a set of features.

    Attributes:
        mean: float64 [D].
        factor: float64 [R, D], where R is the smaller of D and the number of pictures. The covariance is
            factor' factor.
    """

    mean: Floats
    factor: Floats


def gaussian(features: Features) -> Gaussian:
    """Fit a Gaussian in float64.

    Args:
        features: float32 [N, D] of at least two pictures. The covariance is divided by N - 1.
    """
    rows = features.astype(np.float64)
    mean = rows.mean(axis=0)
    rows = (rows - mean) / math.sqrt(len(rows) - 1)
    return Gaussian(mean, rows if len(rows) <= rows.shape[1] else np.asarray(np.linalg.qr(rows, mode="r")))


def fid(one: Gaussian, other: Gaussian) -> float:
    """The Fréchet distance of two Gaussians. Negative results of rounding become 0."""
    shift = one.mean - other.mean
    shared = np.linalg.svd(one.factor @ other.factor.T, compute_uv=False).sum()
    spread = np.square(one.factor).sum() + np.square(other.factor).sum()
    return max(0.0, float(shift @ shift + spread - 2 * shared))
