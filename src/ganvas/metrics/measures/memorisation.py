"""Copies of training pictures among generated ones."""

import functools
from collections.abc import Mapping

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.memorisation import Memory
from ganvas.metrics.metric import Figure, Metric


class MemorisationMetric(Metric):
    """See `ganvas.metrics.memorisation.Memorisation`."""

    order = 30
    figures = (
        Figure("copies", "copies", "copies of training pictures (real: {real_copies:.3f})", "lower", "copies_se"),
        Figure(
            "closer",
            "closer",
            "chance to be nearer to training pictures than unseen ones; 0.5 is right",
            0.5,
            "closer_se",
        ),
        Figure("novelty", "novelty", "distance to the training pictures over that of unseen ones", 1.0),
    )

    @functools.cached_property
    def _memory(self) -> Memory:
        held_back = self.real.held_back
        unseen = None if held_back is None else held_back.features
        return Memory(self.real.training.features, unseen, self.real.copies)

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        return vars(self._memory.memorisation(generated.features, generated.thumbnails))
