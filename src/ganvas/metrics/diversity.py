"""How varied generated pictures are, next to the real ones: 1 is as varied, 0 is one picture again and again.

KID grows with whatever is wrong; these say whether it is variety that is missing. Four views, for each is blind
where another sees: the mean distance of two pictures in features and in pixels (which a few distant modes keep high),
the Vendi score, the effective number of different pictures (which they do not), and the spacing, how far a picture is
from the one most like it: 0 where pictures come again and again, however many there are (the birthday paradox test
of Arora and Zhang 2018, without eyes).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.manifold import distance_blocks

Features = NDArray[np.float32]
Floats = NDArray[np.float64]

# The Vendi score grows with the number of pictures it is given, so both sides are cut into parts of this size.
VENDI_PART = 200
_RESAMPLES = 200
# Real pictures that are all alike, so that a ratio to their variety stays a number.
_NOTHING = 1e-6


@dataclass(frozen=True)
class Diversity:
    """The variety of generated pictures over that of real ones.

    Attributes:
        diversity: ratio of the mean distance of two pictures' features.
        diversity_se: its standard error.
        pixel_diversity: ratio of the mean distance of two pictures' pixels.
        pixel_diversity_se: its standard error.
        vendi: ratio of the Vendi scores (Friedman and Dieng 2023, eq. 2) over features.
        vendi_se: its standard error; None with too few pictures to tell.
        spacing: ratio of the median distances of a picture from the nearest other one, by features.
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
    """The variety of one set of pictures; see `Diversity` for its four views.

    Attributes:
        apart: mean distance of two pictures' features, and its standard error.
        pixels_apart: mean distance of two pictures' pixels, and its standard error.
        vendi: mean Vendi score of parts of the set, and its standard error, None of a single part.
        spacing: median distance of a picture's features from the nearest other one in a part of the set, and its
            standard error.
    """

    apart: tuple[float, float]
    pixels_apart: tuple[float, float]
    vendi: tuple[float, float | None]
    spacing: tuple[float, float]


@one_blas_thread()
def variety(features: Features, pixels: Features, part: int = VENDI_PART) -> Variety:
    """The variety of a set of pictures.

    Args:
        features: float32 [N, D], in no particular order, N at least 2.
        pixels: float32 [N, P], small versions of the pictures, in the same order.
        part: how many pictures to take the Vendi score and the spacing of, at most N; equal for what is to be compared.
    """
    return Variety(mean_distance(features), mean_distance(pixels), _vendi(features, part), _spacing(features[:part]))


def diversity(generated: Variety, real: Variety) -> Diversity:
    """Generated over real, for sets whose Vendi scores are of parts of one size."""
    return Diversity(
        *_ratio(generated.apart, real.apart),
        *_ratio(generated.pixels_apart, real.pixels_apart),
        *_vendi_ratio(generated.vendi, real.vendi),
        *_ratio(generated.spacing, real.spacing),
    )


def vendi_score(features: Features) -> float:
    """exp of the entropy of the eigenvalues of K/n, K being the cosine similarities (Friedman and Dieng 2023, eq. 2).

    Between 1, for n copies of one picture, and n, for pictures that have nothing in common.
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
    """The mean distance of two different points, a U-statistic, and its standard error by the jackknife."""
    count = len(points)
    means = np.concatenate([block.sum(axis=1) for _, block in distance_blocks(points, points)]) / (count - 1)
    return float(means.mean()), float(2 * means.std(ddof=1) / math.sqrt(count))


def _spacing(features: Features) -> tuple[float, float]:
    """The median distance from the nearest other picture, and its standard error by the bootstrap."""
    nearest = np.empty(len(features))
    for rows, block in distance_blocks(features, features):
        np.fill_diagonal(block[:, rows.start :], np.inf)
        nearest[rows] = block.min(axis=1)
    draws = np.random.default_rng(0).choice(nearest, (_RESAMPLES, len(nearest)))
    return float(np.median(nearest)), float(np.median(draws, axis=1).std())


def _ratio(above: tuple[float, float], below: tuple[float, float]) -> tuple[float, float]:
    """A quotient and its standard error, to first order; both sides were drawn independently."""
    (a, a_se), (b, b_se) = above, below
    b = max(b, _NOTHING)
    return a / b, math.hypot(a_se, a / b * b_se) / b


def _vendi_ratio(above: tuple[float, float | None], below: tuple[float, float | None]) -> tuple[float, float | None]:
    (a, a_se), (b, b_se) = above, below
    value, error = _ratio((a, a_se or 0.0), (b, b_se or 0.0))
    return value, None if a_se is None else error
