"""Scores of each class. Two classes of ten can collapse while the other eight hide it (paper 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ganvas.foundation.arrays import Features
from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.diversity import VENDI_PART, diversity, variety
from ganvas.metrics.kid import between, kid, within
from ganvas.metrics.precision_recall import precision_recall
from ganvas.settings.config import MIN_SCORED


@dataclass(frozen=True)
class ClassScores:
    """Scores of the generated pictures of a class against its real pictures.

    Attributes:
        kid: kernel inception distance.
        kid_se: its standard error.
        recall: share of the class's real pictures that lie among its generated ones.
        coverage: share of its real pictures with a generated one in their neighbourhood.
        diversity: mean feature distance between two generated pictures over that between two real ones.
        pixel_diversity: the same in pixels.
        vendi: Vendi score over that of the real pictures.
        spacing: median distance to the nearest other picture over that of the real pictures.
        generated: number of generated pictures.
        real: number of real pictures.
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


def class_scores(generated: Descriptors, real: Descriptors, names: Sequence[str]) -> dict[str, ClassScores]:
    """Score each class.

    Args:
        generated: the generated pictures, with labels.
        real: the real pictures, with labels.
        names: class names in the order of the labels.

    Returns:
        The scores by class name. Classes with fewer than `MIN_SCORED` pictures on either side are left out.
    """
    scores = {}
    for label, name in enumerate(names):
        generated_of_class, real_of_class = _of_class(generated, label), _of_class(real, label)
        if min(len(generated_of_class[0]), len(real_of_class[0])) >= MIN_SCORED:
            scores[name] = _scores(generated_of_class, real_of_class)
    return scores


def _of_class(pictures: Descriptors, label: int) -> tuple[Features, Features]:
    """Features and pixels of one class."""
    rows = pictures.labels == label
    return pictures.features[rows], pictures.pixels[rows]


def _scores(generated: tuple[Features, Features], real: tuple[Features, Features]) -> ClassScores:
    count = min(len(generated[0]), len(real[0]))
    value, error = kid(within(generated[0]), within(real[0]), between(generated[0], real[0]))
    overlap = precision_recall(generated[0][:count], real[0][:count])
    part = min(count, VENDI_PART)
    ratios = diversity(variety(*generated, part), variety(*real, part))
    return ClassScores(
        kid=value,
        kid_se=error,
        recall=overlap.recall,
        coverage=overlap.coverage,
        diversity=ratios.diversity,
        pixel_diversity=ratios.pixel_diversity,
        vendi=ratios.vendi,
        spacing=ratios.spacing,
        generated=len(generated[0]),
        real=len(real[0]),
    )
