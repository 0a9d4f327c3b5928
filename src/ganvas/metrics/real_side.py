"""The real pictures that generated ones are held against, loaded when they are first needed."""

import functools
from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST
from ganvas.metrics.described import Described
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import SLAB, FeatureNetwork
from ganvas.metrics.reference import Reference, reference
from ganvas.settings.config import MIN_SCORED


class RealSide:
    """The real side of every score.

    Args:
        data: the real pictures.
        most: no more of them than this many, chosen at random, always the same.
        extractor: name of the feature network.
        device: where the network runs.
        cache: directory that keeps real features.

    Attributes:
        data: the real pictures.
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
        """The features of the training pictures, with what KID and FID need of them."""
        return reference(self.data, self.extractor, self._cache, most=self._most)

    @functools.cached_property
    def training(self) -> Described:
        """The training pictures."""
        return self._known(self.reference)

    @functools.cached_property
    def held_back(self) -> Described | None:
        """Pictures that were not trained on, if there are enough to go by."""
        if len(self.data.rows(TEST)) < MIN_SCORED:
            return None
        return self._known(reference(self.data, self.extractor, self._cache, TEST, self._most))

    def _known(self, reference: Reference) -> Described:
        rows, data = reference.rows, self.data
        # Part by part, for a large dataset's pictures do not fit in memory together.
        parts = (data.images[rows[start : start + SLAB]] for start in range(0, len(rows), SLAB))
        return Described.known(reference.features, parts, None if data.labels is None else data.labels[rows])
