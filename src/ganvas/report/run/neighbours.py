"""The section of the run page about memory: generated pictures beside the training pictures nearest to them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import GanvasError
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import SLAB, extract
from ganvas.metrics.memorisation import Looks, Memory, Nearest, small
from ganvas.metrics.reference import reference
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.generator import POOL, Images, Studio
from ganvas.settings.config import DEFAULT_EXTRACTOR

# What the pictures of the section may weigh together before base64.
PICTURE_BYTES = 1_000_000

# Pictures that are shown: the first ones, which nobody chose, and those that come nearest of all that are compared.
FIRST, NEAREST = 4, 8


@dataclass(frozen=True)
class Found:
    """What was found for the pictures of a studio.

    Attributes:
        data: the dataset.
        images: the generated pictures, uint8 [N, S, S, 3].
        rows: int64 [M], the training pictures that they were held against, as rows of the dataset.
        nearest: numbers among these, and distances.
        copied: bool [N], which are near copies.
    """

    data: Dataset
    images: Images
    rows: NDArray[np.int64]
    nearest: Nearest
    copied: NDArray[np.bool_]

    @property
    def shown(self) -> NDArray[np.intp]:
        """The first pictures, then those that are nearest to a training picture, near copies first."""
        distances = self.nearest.by_features[1]
        others = np.lexsort((distances, ~self.copied))
        return np.concatenate([np.arange(FIRST), others[others >= FIRST][:NEAREST]])


def neighbours(studio: Studio) -> Fields:
    """Generated pictures beside the training pictures nearest to them; only the scores where these are gone."""
    run = studio.run
    section: Fields = {"best": run.logs.best.record() if run.logs.best else None}
    try:
        found = compared(studio)
    except GanvasError as error:
        return section | {"missing": str(error)}
    limit = PICTURE_BYTES // (3 * len(found.shown))
    return section | {
        "cards": [_card(studio, found, int(number), limit) for number in found.shown],
        "first": FIRST,
        "compared": len(found.images),
        "copied": int(found.copied.sum()),
        "training": len(found.rows),
        "of": run.record.training_count,
        "extractor": _extractor(studio),
    }


def compared(studio: Studio) -> Found:
    """Hold the pool of a studio against the training pictures.

    Raises:
        DataError: the dataset is gone, has changed or has too few pictures, or the weights of the feature network are
            not here.
    """
    data = studio.run.dataset()
    extractor = load_extractor(_extractor(studio))
    real, images = reference(data, extractor), studio.pool.mixed[:POOL]
    parts = [real.rows[start : start + SLAB] for start in range(0, len(real.rows), SLAB)]
    memory = Memory(Looks(real.features, np.concatenate([small(data.images[rows]) for rows in parts])))
    nearest = memory.nearest(Looks(extract(extractor, images), small(images)))
    return Found(data, images, real.rows, nearest, memory.copied(nearest))


def _extractor(studio: Studio) -> str:
    """The feature network of the run's evaluations, by name."""
    return str(studio.run.record.settings.get("extractor", DEFAULT_EXTRACTOR))


def _card(studio: Studio, found: Found, number: int, limit: int) -> Fields:
    """A picture with its nearest by pixels and by features."""
    near = {}
    for name, (numbers, distances) in (
        ("by pixels", found.nearest.by_pixels),
        ("by features", found.nearest.by_features),
    ):
        row = int(found.rows[numbers[number]])
        near[name] = {
            "distance": float(distances[number]),
            "source": str(found.data.index["source"].iloc[row]) if "source" in found.data.index else "",
            "picture": html.inline_pixels(np.asarray(found.data.images[row]), limit),
        }
    return {
        "caption": studio.pool.caption(number),
        "picture": html.inline_pixels(found.images[number], limit),
        "near": near,
        "is_copy": bool(found.copied[number]),
    }
