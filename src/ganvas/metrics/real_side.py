"""The real pictures that generated ones are compared with. They are loaded on first use."""

import functools
from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST
from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import SLAB, FeatureNetwork
from ganvas.metrics.reference import Reference, reference
from ganvas.settings.config import MIN_SCORED


class RealSide:
    """The real side of every score.

    Args:
        data: the dataset.
        most: the largest number of real pictures to use. From larger datasets, the same random choice is made each
            time.
        extractor: name of the feature network.
        device: device of the feature network.
        cache: directory that keeps the features; None for the default cache.

    Attributes:
        data: the dataset.
    """

    def __init__(self, data: Dataset, most: int, extractor: str, device: str, cache: Path | None) -> None:
        self.data = data
        self._most, self._name, self._device, self._cache = most, extractor, device, cache

    @functools.cached_property
    def extractor(self) -> FeatureNetwork:
        """The feature network."""
        return load_extractor(self._name, self._device)

    @functools.cached_property
    def reference(self) -> Reference:
        """The features of the training pictures, with the statistics for KID and FID."""
        return reference(self.data, self.extractor, self._cache, most=self._most)

    @functools.cached_property
    def training(self) -> Descriptors:
        """The training pictures."""
        return self._describe(self.reference)

    @functools.cached_property
    def held_back(self) -> Descriptors | None:
        """The pictures that were held back from training; None if there are fewer than `MIN_SCORED`."""
        if len(self.data.rows(TEST)) < MIN_SCORED:
            return None
        return self._describe(reference(self.data, self.extractor, self._cache, TEST, self._most))

    def _describe(self, reference: Reference) -> Descriptors:
        rows, data = reference.rows, self.data
        # The pictures of a large dataset do not fit in memory together.
        parts = (data.images[rows[start : start + SLAB]] for start in range(0, len(rows), SLAB))
        return Descriptors.with_features(reference.features, parts, None if data.labels is None else data.labels[rows])
