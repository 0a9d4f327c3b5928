"""The section of the run page about copies: generated pictures next to the nearest training pictures."""

from dataclasses import dataclass

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Flags, Images, Indices, Integers
from ganvas.foundation.errors import GanvasError
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import SLAB, extract
from ganvas.metrics.memorisation import CopyDescriptors, CopyDetector, Nearest, thumbnails
from ganvas.metrics.reference import reference
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.models import SAMPLES, RunModels
from ganvas.settings.config import DEFAULT_EXTRACTOR

# The size of the pictures of the section in bytes, before base64.
PICTURE_BYTES = 1_000_000

# Generated pictures to show: the first ones, without selection, and those nearest to a training picture.
FIRST, NEAREST = 4, 8


@dataclass(frozen=True)
class Comparison:
    """Samples of a run compared with its training pictures.

    Attributes:
        data: the dataset.
        images: the samples, uint8 [N, S, S, 3].
        rows: rows of the training pictures in the dataset, int64 [M].
        nearest: the nearest training picture of each sample, as a position in `rows`.
        is_copy: whether each sample is a near copy, bool [N].
    """

    data: Dataset
    images: Images
    rows: Integers
    nearest: Nearest
    is_copy: Flags

    @property
    def shown(self) -> Indices:
        """The samples to show: the first ones, then the nearest to a training picture, near copies before others."""
        distances = self.nearest.by_features[1]
        others = np.lexsort((distances, ~self.is_copy))
        return np.concatenate([np.arange(FIRST), others[others >= FIRST][:NEAREST]])


def neighbours(models: RunModels) -> Fields:
    """Samples next to the nearest training pictures. If the dataset is gone, only the scores of the best evaluation."""
    run = models.run
    section: Fields = {"best": run.logs.best.record() if run.logs.best else None}
    try:
        comparison = compare(models)
    except GanvasError as error:
        return section | {"missing": str(error)}
    limit = PICTURE_BYTES // (3 * len(comparison.shown))
    return section | {
        "cards": [_card(models, comparison, int(number), limit) for number in comparison.shown],
        "first": FIRST,
        "compared": len(comparison.images),
        "copies": int(comparison.is_copy.sum()),
        "training": len(comparison.rows),
        "of": run.record.training_count,
        "extractor": _extractor(models),
    }


def compare(models: RunModels) -> Comparison:
    """Compare the samples of a run with its training pictures.

    Raises:
        DataError: the dataset is gone, has changed or has too few pictures, or the weights of the feature network
            cannot be loaded.
    """
    data = models.run.dataset()
    extractor = load_extractor(_extractor(models))
    real, images = reference(data, extractor), models.samples.interleaved[:SAMPLES]
    parts = [real.rows[start : start + SLAB] for start in range(0, len(real.rows), SLAB)]
    small = np.concatenate([thumbnails(data.images[rows]) for rows in parts])
    detector = CopyDetector(CopyDescriptors(real.features, small))
    nearest = detector.nearest(CopyDescriptors(extract(extractor, images), thumbnails(images)))
    return Comparison(data, images, real.rows, nearest, detector.near_copies(nearest))


def _extractor(models: RunModels) -> str:
    """The name of the feature network of the run's evaluations."""
    return str(models.run.record.settings.get("extractor", DEFAULT_EXTRACTOR))


def _card(models: RunModels, comparison: Comparison, number: int, limit: int) -> Fields:
    """A sample with the nearest training pictures by pixels and by features."""
    near = {}
    for name, (positions, distances) in (
        ("by pixels", comparison.nearest.by_pixels),
        ("by features", comparison.nearest.by_features),
    ):
        row = int(comparison.rows[positions[number]])
        near[name] = {
            "distance": float(distances[number]),
            "source": str(comparison.data.index["source"].iloc[row]) if "source" in comparison.data.index else "",
            "picture": html.inline_pixels(np.asarray(comparison.data.images[row]), limit),
        }
    return {
        "caption": models.samples.caption(number),
        "picture": html.inline_pixels(comparison.images[number], limit),
        "near": near,
        "is_copy": bool(comparison.is_copy[number]),
    }
