"""The section of the run page about copies: generated pictures next to the nearest training pictures."""

from dataclasses import dataclass

import numpy as np

from ganvas.artist.explore.neighbours import Matches, by_pixels
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Flags, Images, Indices
from ganvas.foundation.errors import GanvasError
from ganvas.metrics.copies import CopyDetector
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import extract
from ganvas.metrics.memorisation import nearest_by_features
from ganvas.metrics.outlines import Outlines
from ganvas.metrics.reference import reference
from ganvas.metrics.thumbnails import dataset_thumbnails, thumbnails
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
        by_outlines: the nearest training pictures by outlines, as copies are told. At most `reference.MAX_REAL` are
            searched.
        by_features: the same by features.
        searched: the number of training pictures that were searched by outlines and by features.
        is_copy: whether each sample is a near copy, bool [N].
        limit: the distance by outlines below which it is.
    """

    data: Dataset
    images: Images
    by_outlines: Matches
    by_features: Matches
    searched: int
    is_copy: Flags
    limit: float

    @property
    def shown(self) -> Indices:
        """The samples to show: the first ones, then the nearest to a training picture by outlines."""
        others = np.argsort(self.by_outlines.distances, kind="stable")
        return np.concatenate([np.arange(FIRST), others[others >= FIRST][:NEAREST]])


def neighbours(models: RunModels) -> Fields:
    """Samples next to the nearest training pictures. If the dataset is gone, only the scores of the best evaluation."""
    run = models.run
    section: Fields = {"best": run.logs.best.record() if run.logs.best else None}
    try:
        comparison = compare(models)
    except GanvasError as error:
        return section | {"missing": str(error)}
    return section | {
        "cards": _cards(models, comparison),
        "first": FIRST,
        "compared": len(comparison.images),
        "copies": int(comparison.is_copy.sum()),
        "training": comparison.data.splits[TRAIN],
        "searched": comparison.searched,
        "limit": comparison.limit,
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
    detector = CopyDetector(Outlines.of(dataset_thumbnails(data, real.rows)))
    copies = detector.matches(Outlines.of(thumbnails(images)))
    positions, distances = nearest_by_features(extract(extractor, images), real.features)
    return Comparison(
        data,
        images,
        by_outlines=Matches(real.rows[copies.rows], copies.distances),
        by_features=Matches(real.rows[positions], distances),
        searched=len(real.rows),
        is_copy=detector.is_copy(copies),
        limit=detector.limit,
    )


def _extractor(models: RunModels) -> str:
    """The name of the feature network of the run's evaluations."""
    return str(models.run.record.settings.get("extractor", DEFAULT_EXTRACTOR))


def _cards(models: RunModels, comparison: Comparison) -> list[Fields]:
    """The samples to show, each with the nearest training pictures by outlines, pixels and features."""
    shown = comparison.shown
    limit = PICTURE_BYTES // (4 * len(shown))
    found = by_pixels(comparison.images[shown], comparison.data)
    cards = []
    for place, number in enumerate(shown.tolist()):
        nearest = {
            "by outlines": (comparison.by_outlines, number),
            "by pixels": (found, place),
            "by features": (comparison.by_features, number),
        }
        cards.append(
            {
                "caption": models.samples.caption(number),
                "picture": html.inline_pixels(comparison.images[number], limit),
                "near": {name: _near(comparison.data, *match, limit) for name, match in nearest.items()},
                "is_copy": bool(comparison.is_copy[number]),
            }
        )
    return cards


def _near(data: Dataset, matches: Matches, place: int, limit: int) -> Fields:
    """The picture at one place of the matches, with its distance and the name of its file."""
    row = int(matches.rows[place])
    return {
        "distance": float(matches.distances[place]),
        "source": str(data.index["source"].iloc[row]) if "source" in data.index else "",
        "picture": html.inline_pixels(np.asarray(data.images[row]), limit),
    }
