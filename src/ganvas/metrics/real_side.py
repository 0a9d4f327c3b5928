"""The real pictures that generated ones are compared with. They are loaded on first use."""

import functools
from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST
from ganvas.foundation.sharing import once
from ganvas.metrics.copies import CopyDetector
from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import SLAB, FeatureNetwork
from ganvas.metrics.outlines import Outlines
from ganvas.metrics.reference import RealFeatures, Reference
from ganvas.metrics.thumbnails import dataset_thumbnails
from ganvas.settings.config import MIN_SCORED

# Neighbours for the detector of copies of evaluations that compare a part of the real pictures.
FEW_NEIGHBOURS = 300


class RealPictures:
    """All real pictures of a dataset: their features, which are computed when they are needed, and their outlines.

    Args:
        data: the dataset.
        most: the largest number of real pictures to use. From larger datasets, the same random choice is made each
            time.
        extractor: name of the feature network.
        device: device of the feature network.
        cache: directory that keeps the features.

    Attributes:
        data: the dataset.
    """

    def __init__(self, data: Dataset, most: int, extractor: str, device: str, cache: Path) -> None:
        self.data = data
        self._most, self._name, self._device, self._cache = most, extractor, device, cache

    @functools.cached_property
    def extractor(self) -> FeatureNetwork:
        """The feature network."""
        return load_extractor(self._name, self._device)

    @functools.cached_property
    def training(self) -> RealFeatures:
        """The training pictures."""
        return RealFeatures(self.data, self.extractor, self._cache, most=self._most)

    @functools.cached_property
    def held_back(self) -> RealFeatures | None:
        """The pictures that were held back from training; None if there are fewer than `MIN_SCORED`."""
        if len(self.data.rows(TEST)) < MIN_SCORED:
            return None
        return RealFeatures(self.data, self.extractor, self._cache, TEST, self._most)

    @functools.cached_property
    def copies(self) -> CopyDetector:
        """The detector of copies, which searches all training pictures."""
        return CopyDetector(*self._outlines)

    @functools.cached_property
    def copies_soon(self) -> CopyDetector:
        """The same, ready sooner, and less exact."""
        return CopyDetector(*self._outlines, FEW_NEIGHBOURS)

    @functools.cached_property
    def _outlines(self) -> tuple[Outlines, Outlines | None]:
        """The outlines of all training pictures and of all held-back ones."""
        training = Outlines.of(dataset_thumbnails(self.data, self.training.rows))
        if self.held_back is None:
            return training, None
        return training, Outlines.of(dataset_thumbnails(self.data, self.held_back.rows))


def real_pictures(data: Dataset, most: int, extractor: str, device: str, cache: Path) -> RealPictures:
    """The real pictures of a dataset. A run shares those that its forecast has looked at."""
    about = (data, most, extractor, device, cache)
    return once(("real pictures", *about), lambda: RealPictures(*about))


class RealSide:
    """The real side of scores: the first of the real pictures, which are a random sample.

    Args:
        pictures: all of them.
        count: the largest number of training pictures, and of held-back ones; None for all.

    Attributes:
        data: the dataset.
    """

    def __init__(self, pictures: RealPictures, count: int | None = None) -> None:
        self.data = pictures.data
        self._pictures, self._count = pictures, count

    @property
    def is_whole(self) -> bool:
        """Whether these are all real pictures."""
        return self._count is None

    @functools.cached_property
    def reference(self) -> Reference:
        """The features of the training pictures, with the statistics for KID and FID."""
        return self._pictures.training.first(self._count)

    @functools.cached_property
    def training(self) -> Descriptors:
        """The training pictures."""
        return self._describe(self.reference)

    @functools.cached_property
    def held_back(self) -> Descriptors | None:
        """The held-back pictures; None if there are fewer than `MIN_SCORED`."""
        held_back = self._pictures.held_back
        return None if held_back is None else self._describe(held_back.first(self._count))

    @property
    def copies(self) -> CopyDetector:
        """The detector of copies among all training pictures, however few features are computed."""
        return self._pictures.copies if self.is_whole else self._pictures.copies_soon

    def _describe(self, reference: Reference) -> Descriptors:
        rows, data = reference.rows, self.data
        # The pictures of a large dataset do not fit in memory together.
        parts = (data.images[rows[start : start + SLAB]] for start in range(0, len(rows), SLAB))
        return Descriptors.with_features(reference.features, parts, None if data.labels is None else data.labels[rows])
