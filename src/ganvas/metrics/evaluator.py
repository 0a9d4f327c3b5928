"""Scoring generated pictures against one dataset, again and again: what training does at an interval."""

import functools
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import DataError
from ganvas.metrics.classes import class_scores
from ganvas.metrics.described import Described
from ganvas.metrics.features import SLAB
from ganvas.metrics.independence import is_independent
from ganvas.metrics.measures import in_order
from ganvas.metrics.metric import Metric
from ganvas.metrics.real_side import RealSide
from ganvas.metrics.reference import MAX_REAL
from ganvas.metrics.scores import Scores
from ganvas.settings.config import DEFAULT_EXTRACTOR

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
        self._samples, self._name, self._sees_through = samples, extractor, sees_through
        self._real = RealSide(data, real, extractor, "cpu" if device == "mps" else device, cache)

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
        real = self._real.training
        pictures = self.describe(images, labels)
        measured: dict[str, float | None] = {}
        for metric in self._metrics:
            measured |= metric.measure(pictures)
        return Scores.of(
            measured,
            classes=class_scores(pictures, real, self._real.data.class_names) if labels is not None else {},
            extractor=self._name,
            independent=is_independent(self._name, self._sees_through),
            features=pictures.features.shape[1],
            generated=len(pictures),
            real=len(real),
            held_back=len(self._real.held_back or ()),
            seconds=time.perf_counter() - started,
        )

    @functools.cached_property
    def _metrics(self) -> list[Metric]:
        return [metric(self._real) for metric in in_order()]

    def describe(self, images: Iterable[Images], labels: NDArray[np.int64] | None = None) -> Described:
        """Describe generated pictures, which `score` then compares; the arguments are its own."""
        extractor = self._real.extractor
        described = [Described.of(slab, extractor) for slab in _slabs(images, self._samples) if len(slab)]
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
