"""Scores of single classes: two of ten can collapse while the rest hide it (paper 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.metrics.described import Described
from ganvas.metrics.diversity import VENDI_PART, diversity, variety
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.manifold import manifold
from ganvas.settings.config import MIN_SCORED

Features = NDArray[np.float32]


@dataclass(frozen=True)
class ClassScores:
    """What is measured of the pictures of one class, against the real ones of that class.

    Attributes:
        kid: the kernel distance.
        kid_se: its standard error.
        recall: share of the class's real pictures that lie among its generated ones.
        coverage: share of them with a generated one of the class in their surroundings.
        diversity: ratio of the mean distance of two pictures' features.
        pixel_diversity: ratio of the mean distance of two pictures' pixels.
        vendi: ratio of the Vendi scores.
        spacing: ratio of the median distances of a picture from the nearest other one.
        generated: how many generated pictures there were.
        real: how many real ones.
    """

    kid: float
    kid_se: float
    recall: float
    coverage: float
    diversity: float
    pixel_diversity: float
    vendi: float
    spacing: float
    generated: int
    real: int


def class_scores(generated: Described, real: Described, names: Sequence[str]) -> dict[str, ClassScores]:
    """The scores of each class by name, in the order of `names`, which the labels number.

    Classes with fewer than `MIN_SCORED` pictures on either side are left out.
    """
    scores = {}
    for label, name in enumerate(names):
        ours, theirs = _of_class(generated, label), _of_class(real, label)
        if min(len(ours[0]), len(theirs[0])) >= MIN_SCORED:
            scores[name] = _scores(ours, theirs)
    return scores


def _of_class(pictures: Described, label: int) -> tuple[Features, Features]:
    """Features and pixels of one class."""
    rows = pictures.labels == label
    return pictures.features[rows], pictures.pixels[rows]


def _scores(generated: tuple[Features, Features], real: tuple[Features, Features]) -> ClassScores:
    count = min(len(generated[0]), len(real[0]))
    value, error = kid(within(generated[0]), within(real[0]), between(generated[0], real[0]))
    among = manifold(generated[0][:count], real[0][:count])
    part = min(count, VENDI_PART)
    varied = diversity(variety(*generated, part), variety(*real, part))
    return ClassScores(
        kid=value,
        kid_se=error,
        recall=among.recall,
        coverage=among.coverage,
        diversity=varied.diversity,
        pixel_diversity=varied.pixel_diversity,
        vendi=varied.vendi,
        spacing=varied.spacing,
        generated=len(generated[0]),
        real=len(real[0]),
    )
