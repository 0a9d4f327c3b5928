"""Repeated scoring of generated pictures against one dataset, as training needs it."""

import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.distributed.world import ALONE, World
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.cache import cache_directory
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.metrics.classes import class_scores
from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.features import SLAB
from ganvas.metrics.independence import is_independent
from ganvas.metrics.measures import in_order
from ganvas.metrics.metric import Metric
from ganvas.metrics.real_side import RealSide, real_pictures
from ganvas.metrics.reference import MAX_REAL
from ganvas.metrics.scores import RESERVED, Scores
from ganvas.settings.config import DEFAULT_EXTRACTOR


class Evaluator:
    """Scores generated pictures against the real ones of a dataset.

    Construction is cheap. The first call of `score` loads the network and the features of the real pictures, and keeps
    them in memory.

    Args:
        data: the dataset.
        samples: the largest number of generated pictures to score at a time.
        real: the largest number of real pictures to compare them with.
        extractor: name of the feature network.
        sees_through: names of the feature networks that the discriminator sees pictures through. Their own scores would
            flatter the generator.
        device: device of the feature network, "cpu" or "cuda". "mps" means "cpu", because some supported versions of
            torch cannot resize with antialiasing on MPS.
        cache: directory that keeps the features; by default `ganvas.foundation.cache.cache_directory()`.
        world: the processes that describe generated pictures together.
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
        world: World = ALONE,
    ) -> None:
        self._world = world
        self._samples, self._name, self._sees_through = samples, extractor, sees_through
        device = "cpu" if device == "mps" else device
        self._pictures = real_pictures(data, real, extractor, device, cache or cache_directory())
        self._metrics_of: dict[int | None, list[Metric]] = {}

    def score(self, images: Iterable[Images], labels: Integers | None = None, real: int | None = None) -> Scores:
        """Score generated pictures.

        Args:
            images: batches of pictures of one size in random order, uint8 [n, H, W, 3]. Batches are consumed until
                there are `samples` pictures.
            labels: the classes that the pictures were generated for, int64 [N]; None without classes.
            real: the largest number of training pictures to compare with, a random sample; None for all. The features
                of the others are not computed. Copies are searched among all in any case.

        Raises:
            ConfigError: the feature network is unknown, or two metrics return the same key.
            DataError: there are too few real or generated pictures.
        """
        started = time.perf_counter()
        metrics = self._metrics(real)
        side = metrics[0].real
        pictures = self.describe(images, labels)
        measured: dict[str, float | None] = {}
        for metric in metrics:
            figures = metric.measure(pictures)
            if taken := sorted(figures.keys() & (measured.keys() | RESERVED)):
                name = type(metric).__name__
                raise ConfigError(f"the metric {name} returns {taken[0]!r}, which is taken; choose another key")
            measured |= figures
        return Scores.of(
            measured,
            classes=class_scores(pictures, side.training, side.data.class_names) if labels is not None else {},
            extractor=self._name,
            independent=is_independent(self._name, self._sees_through),
            features=pictures.features.shape[1],
            generated=len(pictures),
            real=len(side.training),
            held_back=len(side.held_back or ()),
            seconds=time.perf_counter() - started,
        )

    def _metrics(self, count: int | None) -> list[Metric]:
        """The metrics for this number of real pictures. Those of the last number and of all pictures are kept."""
        if count not in self._metrics_of:
            self._metrics_of = {kept: metrics for kept, metrics in self._metrics_of.items() if kept is None}
            side = RealSide(self._pictures, count)
            self._metrics_of[count] = [metric(side) for metric in in_order()]
        return self._metrics_of[count]

    def describe(self, images: Iterable[Images], labels: Integers | None = None) -> Descriptors:
        """Compute the descriptors of generated pictures. The arguments are those of `score`.

        The processes of `world` share the work, so all must call this, or `score`, with the same pictures.
        """
        extractor = self._pictures.extractor
        parts = [
            Descriptors.shared_out(slab, extractor, self._world) for slab in _slabs(images, self._samples) if len(slab)
        ]
        if not parts:
            raise DataError("there are no generated pictures to measure")
        count = sum(map(len, parts))
        return Descriptors.concatenate(parts, None if labels is None else labels[:count])


def _slabs(batches: Iterable[Images], count: int) -> Iterator[Images]:
    """The first `count` pictures, `SLAB` or slightly more at a time. Consumes no more batches than needed."""
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
