"""The diversity of generated pictures relative to that of real ones: 1 is equal, 0 means all pictures are the same.

KID reacts to any difference. These metrics tell whether variety is missing. There are four, because each misses
something:

- the mean distance between two pictures, by features and by pixels. A few distant modes keep it high.
- the Vendi score, the effective number of different pictures. A few modes do not keep it high.
- the spacing, the distance of a picture to the most similar one. It is 0 if pictures repeat, however many there are
  (the birthday paradox test of Arora and Zhang 2018, without a human observer).
"""

import math
from dataclasses import dataclass

import numpy as np

from ganvas.foundation.arrays import Features
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.precision_recall import distance_blocks

# The Vendi score grows with the number of pictures, so both sides are split into parts of this size.
VENDI_PART = 200
_RESAMPLES = 200
# The least denominator, so that ratios stay finite if all real pictures are the same.
_LEAST = 1e-6


@dataclass(frozen=True)
class Diversity:
    """The variety of generated pictures divided by that of real ones.

    Attributes:
        diversity: ratio of the mean feature distances between two pictures.
        diversity_se: its standard error.
        pixel_diversity: ratio of the mean pixel distances between two pictures.
        pixel_diversity_se: its standard error.
        vendi: ratio of the Vendi scores (Friedman and Dieng 2023, eq. 2) over features.
        vendi_se: its standard error; None if there are too few pictures.
        spacing: ratio of the median feature distances of a picture to the nearest other one.
        spacing_se: its standard error.
    """

    diversity: float
    diversity_se: float
    pixel_diversity: float
    pixel_diversity_se: float
    vendi: float
    vendi_se: float | None
    spacing: float
    spacing_se: float


@dataclass(frozen=True)
class Variety:
    """The variety of one set of pictures. Each attribute is a value and its standard error.

    Attributes:
        distance: mean feature distance between two pictures.
        pixel_distance: mean pixel distance between two pictures.
        vendi: mean Vendi score of the parts of the set. The error is None if there is only one part.
        spacing: median feature distance of a picture to the nearest other one in a part of the set.
    """

    distance: tuple[float, float]
    pixel_distance: tuple[float, float]
    vendi: tuple[float, float | None]
    spacing: tuple[float, float]


@one_blas_thread()
def variety(features: Features, pixels: Features, part: int = VENDI_PART) -> Variety:
    """Measure the variety of a set of pictures.

    Args:
        features: float32 [N, D], in no particular order, N at least 2.
        pixels: float32 [N, P], the thumbnails in the same order.
        part: size of the parts for the Vendi score and the spacing, at most N. Only results with equal parts compare.
    """
    return Variety(mean_distance(features), mean_distance(pixels), _vendi(features, part), _spacing(features[:part]))


def diversity(generated: Variety, real: Variety) -> Diversity:
    """Divide the variety of generated pictures by that of real ones. Both must be measured with parts of equal size."""
    return Diversity(
        *_ratio(generated.distance, real.distance),
        *_ratio(generated.pixel_distance, real.pixel_distance),
        *_vendi_ratio(generated.vendi, real.vendi),
        *_ratio(generated.spacing, real.spacing),
    )


def vendi_score(features: Features) -> float:
    """The Vendi score (Friedman and Dieng 2023, eq. 2), the effective number of different pictures.

    It is the exponential of the entropy of the eigenvalues of K / n, where K are the cosine similarities.

    Args:
        features: float32 [n, D].

    Returns:
        From 1, if all pictures are the same, to n, if their features are orthogonal.
    """
    unit = features.astype(np.float64)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    eigenvalues = np.linalg.eigvalsh(unit @ unit.T / len(unit))
    shares = eigenvalues[eigenvalues > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _vendi(features: Features, part: int) -> tuple[float, float | None]:
    starts = range(0, len(features) - part + 1, part)
    scores = np.array([vendi_score(features[start : start + part]) for start in starts])
    spread = float(scores.std(ddof=1) / math.sqrt(len(scores))) if len(scores) > 1 else None
    return float(scores.mean()), spread


@one_blas_thread()
def mean_distance(points: Features) -> tuple[float, float]:
    """The mean distance between two different points (a U-statistic), and its jackknife standard error."""
    count = len(points)
    means = np.concatenate([block.sum(axis=1) for _, block in distance_blocks(points, points)]) / (count - 1)
    return float(means.mean()), float(2 * means.std(ddof=1) / math.sqrt(count))


def _spacing(features: Features) -> tuple[float, float]:
    """The median distance to the nearest other picture, and its bootstrap standard error."""
    nearest = np.empty(len(features))
    for rows, block in distance_blocks(features, features):
        np.fill_diagonal(block[:, rows.start :], np.inf)
        nearest[rows] = block.min(axis=1)
    draws = np.random.default_rng(0).choice(nearest, (_RESAMPLES, len(nearest)))
    return float(np.median(nearest)), float(np.median(draws, axis=1).std())


def _ratio(numerator: tuple[float, float], denominator: tuple[float, float]) -> tuple[float, float]:
    """A ratio of independent values and its standard error, to first order."""
    (a, a_se), (b, b_se) = numerator, denominator
    b = max(b, _LEAST)
    return a / b, math.hypot(a_se, a / b * b_se) / b


def _vendi_ratio(
    numerator: tuple[float, float | None], denominator: tuple[float, float | None]
) -> tuple[float, float | None]:
    (a, a_se), (b, b_se) = numerator, denominator
    value, error = _ratio((a, a_se or 0.0), (b, b_se or 0.0))
    return value, None if a_se is None else error
