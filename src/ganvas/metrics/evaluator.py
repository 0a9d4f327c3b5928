"""Scoring generated pictures against one dataset, again and again: what training does at an interval."""

import functools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset import Dataset
from ganvas.errors import DataError
from ganvas.metrics.features import DEFAULT_EXTRACTOR, SLAB, EfficientNetLite, extract, load_extractor
from ganvas.metrics.modes import Descriptors, ModeCounter, colours, mode_counter
from ganvas.metrics.reference import Reference, reference
from ganvas.metrics.scores import Scores, distances

Images = NDArray[np.uint8]


class Evaluator:
    """Scores generated pictures against the real ones of one dataset, again and again.

    Construction costs nothing. The first score loads the network and the real features; from then on they stay in
    memory.

    Args:
        data: the real pictures.
        samples: score no more than this many generated pictures at a time.
        extractor: name of the feature network.
        device: where the network runs, "cpu" or "cuda"; "mps" stands for "cpu", since not every supported torch can
            resize with antialiasing there.
        cache: directory that keeps real features, by default `ganvas.metrics.reference.cache_directory()`.
    """

    def __init__(
        self,
        data: Dataset,
        *,
        samples: int = 1000,
        extractor: str = DEFAULT_EXTRACTOR,
        device: str = "cpu",
        cache: Path | None = None,
    ) -> None:
        self._data, self._samples, self._name, self._cache = data, samples, extractor, cache
        self._device = "cpu" if device == "mps" else device

    def score(self, images: Iterable[Images]) -> Scores:
        """Measure generated pictures.

        Args:
            images: batches of uint8 [n, H, W, 3], all of one size and in random order; they are taken one by one
                until there are `samples`.

        Raises:
            ConfigError: no feature network of that name.
            DataError: too few pictures, real or generated.
        """
        started = time.perf_counter()
        real, modes = self._reference, self._modes
        pictures = self._described(_slabs(images, self._samples))
        apart = distances(pictures.features, real)
        return Scores(
            **vars(apart),
            extractor=self._name,
            generated=len(pictures),
            real=len(real.features),
            seconds=time.perf_counter() - started,
            modes_covered=modes.covered(pictures) if modes else None,
            modes_total=modes.total if modes else None,
        )

    @functools.cached_property
    def _extractor(self) -> EfficientNetLite:
        return load_extractor(self._name, self._device)

    @functools.cached_property
    def _reference(self) -> Reference:
        return reference(self._data, self._extractor, self._cache)

    @functools.cached_property
    def _modes(self) -> ModeCounter | None:
        if (modes := self._data.modes) is None:
            return None
        real = self._reference
        # One by one, for a large dataset's pictures do not fit in memory together.
        looks = np.concatenate([colours(self._data.images[[row]]) for row in real.rows])
        return mode_counter(Descriptors(real.features, looks), modes[real.rows])

    def _described(self, slabs: Iterable[Images]) -> Descriptors:
        described = [(extract(self._extractor, slab), colours(slab)) for slab in slabs]
        if not described:
            raise DataError("there are no generated pictures to measure")
        features, looks = zip(*described, strict=True)
        return Descriptors(np.concatenate(features), np.concatenate(looks))


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
