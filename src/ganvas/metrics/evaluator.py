"""Scoring generated pictures against one dataset, again and again: what training does at an interval."""

import functools
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST
from ganvas.foundation.errors import DataError
from ganvas.metrics.classes import class_scores
from ganvas.metrics.described import Described
from ganvas.metrics.diversity import VENDI_PART, Variety, diversity, variety
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import SLAB, FeatureNetwork
from ganvas.metrics.independence import is_independent
from ganvas.metrics.leaks import leaks
from ganvas.metrics.memorisation import Memory
from ganvas.metrics.modes import ModeCounter, mode_counter
from ganvas.metrics.reference import MAX_REAL, Reference, reference
from ganvas.metrics.scores import Scores, distances
from ganvas.settings.config import DEFAULT_EXTRACTOR, MIN_SCORED

Images = NDArray[np.uint8]


class Evaluator:
    """Scores generated pictures against the real ones of one dataset, again and again.

    Construction costs nothing. The first score loads the network and the real features; from then on they stay in
    memory.

    Args:
        data: the real pictures.
        samples: score no more than this many generated pictures at a time.
        real: hold them against no more than this many real ones.
        extractor: name of the feature network.
        sees_through: names of those that trained the generator, whose scores flatter it.
        device: where the network runs, "cpu" or "cuda"; "mps" stands for "cpu", since not every supported torch can
            resize with antialiasing there.
        cache: directory that keeps real features, by default `ganvas.foundation.cache.cache_directory()`.
    """

    def __init__(
        self,
        data: Dataset,
        *,
        samples: int = 1000,
        real: int = MAX_REAL,
        extractor: str = DEFAULT_EXTRACTOR,
        sees_through: Collection[str] = (),
        device: str = "cpu",
        cache: Path | None = None,
    ) -> None:
        self._data, self._samples, self._most, self._name, self._cache = data, samples, real, extractor, cache
        self._sees_through = sees_through
        self._device = "cpu" if device == "mps" else device

    def score(self, images: Iterable[Images], labels: NDArray[np.int64] | None = None) -> Scores:
        """Measure generated pictures.

        Args:
            images: batches of uint8 [n, H, W, 3], all of one size and in random order; they are taken one by one
                until there are `samples`.
            labels: int64 [N], the classes that were asked for, if any were.

        Raises:
            ConfigError: no feature network of that name.
            DataError: too few pictures, real or generated.
        """
        started = time.perf_counter()
        real = self._reference
        pictures = self.describe(images, labels)
        apart = distances(pictures.features, real)
        part = min(VENDI_PART, len(pictures), len(self._real))
        return Scores(
            **vars(apart),
            **vars(diversity(variety(pictures.features, pictures.pixels, part), self._variety(part))),
            **vars(self._memory.memorisation(pictures.looks)),
            **vars(leaks(pictures.signs, self._real.signs)),
            **self._modes_covered(pictures),
            classes=class_scores(pictures, self._real, self._data.class_names) if labels is not None else {},
            extractor=self._name,
            independent=is_independent(self._name, self._sees_through),
            features=pictures.features.shape[1],
            generated=len(pictures),
            real=len(self._real),
            held_back=len(self._held_back or ()),
            seconds=time.perf_counter() - started,
        )

    @functools.cached_property
    def _extractor(self) -> FeatureNetwork:
        return load_extractor(self._name, self._device)

    @functools.cached_property
    def _reference(self) -> Reference:
        return reference(self._data, self._extractor, self._cache, most=self._most)

    @functools.cached_property
    def _real(self) -> Described:
        return self._known(self._reference)

    @functools.cached_property
    def _held_back(self) -> Described | None:
        """Pictures that were not trained on, if there are enough to go by."""
        if len(self._data.rows(TEST)) < MIN_SCORED:
            return None
        return self._known(reference(self._data, self._extractor, self._cache, TEST, self._most))

    def _known(self, reference: Reference) -> Described:
        rows, data = reference.rows, self._data
        # Part by part, for a large dataset's pictures do not fit in memory together.
        parts = (data.images[rows[start : start + SLAB]] for start in range(0, len(rows), SLAB))
        return Described.known(reference.features, parts, None if data.labels is None else data.labels[rows])

    @functools.cached_property
    def _memory(self) -> Memory:
        held_back = self._held_back
        return Memory(self._real.looks, held_back.looks if held_back else None)

    @functools.lru_cache(maxsize=2)  # noqa: B019 (an evaluator lives as long as its run)
    def _variety(self, part: int) -> Variety:
        return variety(self._real.features, self._real.pixels, part)

    @functools.cached_property
    def _modes(self) -> ModeCounter | None:
        if (modes := self._data.modes) is None:
            return None
        return mode_counter(self._real.descriptors, modes[self._reference.rows])

    def _modes_covered(self, pictures: Described) -> dict[str, int]:
        counter = self._modes
        if counter is None:
            return {}
        return {"modes_covered": counter.covered(pictures.descriptors), "modes_total": counter.total}

    def describe(self, images: Iterable[Images], labels: NDArray[np.int64] | None = None) -> Described:
        """Describe generated pictures, which `score` then compares; the arguments are its own."""
        described = [Described.of(slab, self._extractor) for slab in _slabs(images, self._samples) if len(slab)]
        if not described:
            raise DataError("there are no generated pictures to measure")
        count = sum(map(len, described))
        return Described.together(described, None if labels is None else labels[:count])


def _slabs(batches: Iterable[Images], count: int) -> Iterator[Images]:
    """The first `count` pictures, `SLAB` or a few more at a time; no more batches are asked for than hold them."""
    slab: list[Images] = []
    for batch in batches:
        slab.append(batch[:count])
        count -= len(batch)
        if count <= 0:
            break
        if sum(map(len, slab)) >= SLAB:
            yield np.concatenate(slab)
            slab = []
    if slab:
        yield np.concatenate(slab)
