"""Precision, recall, density and coverage: how two sets of pictures overlap.

The neighbourhood of a picture reaches to its k-th nearest neighbour in its own set. With real pictures X, generated
pictures Y and the neighbourhood B(x) of x,

    precision = mean over y of [y in some B(x)]          recall   = mean over x of [x in some B(y)]      k = 3
    density   = mean over y of #{x: y in B(x)} / k       coverage = mean over x of [some y in B(x)]      k = 5

(Kynkaanniemi et al. 2019, eq. 1-3; Naeem et al. 2020, eq. 4-5). A real outlier has a large neighbourhood, which raises
precision; a generated outlier raises recall in the same way. Density counts neighbourhoods, and coverage uses those of
real pictures only, so both are less sensitive to outliers.

All four depend on the number of pictures on each side. Compare them only at equal counts.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ganvas.foundation.arrays import Features, Flags, Floats

# The k that defines the neighbourhood of a picture, as in the papers.
PRECISION_NEIGHBOURS, COVERAGE_NEIGHBOURS = 3, 5

# Rows of a distance matrix to keep in memory at a time.
_BLOCK = 512


@dataclass(frozen=True)
class PrecisionRecall:
    """How generated and real pictures overlap.

    The standard errors are those of means over pictures; the neighbourhoods count as fixed.

    Attributes:
        precision: share of generated pictures that lie among the real ones: quality.
        precision_se: its standard error.
        recall: share of real pictures that lie among the generated ones: variety.
        recall_se: its standard error.
        density: number of real neighbourhoods that contain a generated picture, divided by k. It is 1 for equal
            distributions, and higher if generated pictures crowd the densest places.
        density_se: its standard error.
        coverage: share of real pictures with a generated one in their neighbourhood.
        coverage_se: its standard error.
    """

    precision: float
    precision_se: float
    recall: float
    recall_se: float
    density: float
    density_se: float
    coverage: float
    coverage_se: float


def precision_recall(generated: Features, real: Features) -> PrecisionRecall:
    """Compare two sets of features, float32 [n, D] each, with n above `COVERAGE_NEIGHBOURS`."""
    real_near, real_far = _radii(real, PRECISION_NEIGHBOURS, COVERAGE_NEIGHBOURS)
    (generated_near,) = _radii(generated, PRECISION_NEIGHBOURS)
    is_precise, density = np.empty(len(generated), bool), np.empty(len(generated))
    is_recalled, nearest = np.zeros(len(real), bool), np.full(len(real), np.inf)
    for rows, block in distance_blocks(generated, real):
        is_precise[rows] = (block <= real_near).any(axis=1)
        density[rows] = (block < real_far).sum(axis=1) / COVERAGE_NEIGHBOURS
        is_recalled |= (block <= generated_near[rows, None]).any(axis=0)
        nearest = np.minimum(nearest, block.min(axis=0))
    means = (_mean(values) for values in (is_precise, is_recalled, density, nearest < real_far))
    return PrecisionRecall(*(figure for mean in means for figure in mean))


def distance_blocks(first: Features, second: Features) -> Iterator[tuple[slice, Floats]]:
    """Euclidean distances of two sets, in blocks of rows.

    Args:
        first: float32 [n, D].
        second: float32 [m, D].

    Yields:
        A range of rows of the first set, and their distances, float64 [rows, m]. float64 keeps small distances exact.
    """
    columns = second.astype(np.float64)
    squares = np.square(columns).sum(axis=1)
    for start in range(0, len(first), _BLOCK):
        rows = first[start : start + _BLOCK].astype(np.float64)
        block = np.square(rows).sum(axis=1)[:, None] + squares - 2 * rows @ columns.T
        yield slice(start, start + len(rows)), np.sqrt(np.maximum(block, 0, out=block))


def _radii(features: Features, *neighbours: int) -> list[Floats]:
    """The radius of each picture's neighbourhood, float64 [n], for each number of neighbours."""
    radii = [np.empty(len(features)) for _ in neighbours]
    for rows, block in distance_blocks(features, features):
        np.fill_diagonal(block[:, rows.start :], 0.0)
        # The picture itself is at position 0.
        block.partition(neighbours, axis=1)
        for radius, neighbour in zip(radii, neighbours, strict=True):
            radius[rows] = block[:, neighbour]
    return radii


def _mean(values: Flags | Floats) -> tuple[float, float]:
    """The mean and its standard error."""
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))
