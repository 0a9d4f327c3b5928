"""Precision, recall, density and coverage: how two sets of pictures lie among each other.

Each picture's surroundings reach to its k-th nearest neighbour on its own side. With X real, Y generated and B(x)
the surroundings of x,

    precision = mean over y of [y in some B(x)]          recall   = mean over x of [x in some B(y)]      k = 3
    density   = mean over y of #{x: y in B(x)} / k       coverage = mean over x of [some y in B(x)]      k = 5

(Kynkaanniemi et al. 2019, eq. 1-3; Naeem et al. 2020, eq. 4-5). A single real outlier with wide surroundings lets
precision call anything believable, and a single generated one lets recall call everything reached; density counts
instead of asking whether, and coverage draws surroundings around real pictures only, which is why both stand beside.

All four depend on how densely each side is sampled: compare them at equal counts only.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Floats = NDArray[np.float64]

# How many neighbours define a picture's surroundings, in the papers' own choice.
PRECISION_NEIGHBOURS, COVERAGE_NEIGHBOURS = 3, 5

# Rows of a distance matrix in memory at a time.
_BLOCK = 512


@dataclass(frozen=True)
class Manifold:
    """How generated pictures lie among real ones.

    The standard errors are those of means over pictures; the surroundings are taken as given.

    Attributes:
        precision: share of generated pictures that lie among the real ones: how believable they are.
        precision_se: its standard error.
        recall: share of real pictures that lie among the generated ones: how much of the variety is there.
        recall_se: its standard error.
        density: how many real pictures' surroundings a generated one lies in, over k: 1 for equal distributions,
            more where they crowd at the densest places.
        density_se: its standard error.
        coverage: share of real pictures with a generated one in their surroundings.
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


def manifold(generated: Features, real: Features) -> Manifold:
    """Compare two sets of features, float32 [n, D] each with n above `COVERAGE_NEIGHBOURS`."""
    real_near, real_far = _reaches(real, PRECISION_NEIGHBOURS, COVERAGE_NEIGHBOURS)
    (generated_reach,) = _reaches(generated, PRECISION_NEIGHBOURS)
    believable = np.empty(len(generated), bool)
    crowded = np.empty(len(generated))
    reached, nearest = np.zeros(len(real), bool), np.full(len(real), np.inf)
    for rows, block in distance_blocks(generated, real):
        believable[rows] = (block <= real_near).any(axis=1)
        crowded[rows] = (block < real_far).sum(axis=1) / COVERAGE_NEIGHBOURS
        reached |= (block <= generated_reach[rows, None]).any(axis=0)
        nearest = np.minimum(nearest, block.min(axis=0))
    means = (_mean(values) for values in (believable, reached, crowded, nearest < real_far))
    return Manifold(*(figure for mean in means for figure in mean))


def distance_blocks(first: Features, second: Features) -> Iterator[tuple[slice, Floats]]:
    """The Euclidean distances [n, m] of two sets in blocks of rows, in float64: small ones must not be rounding."""
    columns = second.astype(np.float64)
    squares = np.square(columns).sum(axis=1)
    for start in range(0, len(first), _BLOCK):
        rows = first[start : start + _BLOCK].astype(np.float64)
        block = np.square(rows).sum(axis=1)[:, None] + squares - 2 * rows @ columns.T
        yield slice(start, start + len(rows)), np.sqrt(np.maximum(block, 0, out=block))


def _reaches(features: Features, *neighbours: int) -> list[Floats]:
    """How far each picture's surroundings reach, float64 [n], for each number of neighbours."""
    reaches = [np.empty(len(features)) for _ in neighbours]
    for rows, block in distance_blocks(features, features):
        np.fill_diagonal(block[:, rows.start :], 0.0)
        # The picture itself stands first.
        block.partition(neighbours, axis=1)
        for reach, neighbour in zip(reaches, neighbours, strict=True):
            reach[rows] = block[:, neighbour]
    return reaches


def _mean(values: NDArray[np.bool_] | Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))
