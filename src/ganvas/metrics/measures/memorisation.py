"""Whether generated pictures are copies of training pictures."""

import functools
from collections.abc import Mapping

from ganvas.metrics.described import Described
from ganvas.metrics.memorisation import Memory
from ganvas.metrics.metric import Figure, Metric


class MemorisationMetric(Metric):
    """How near generated pictures come to the training pictures; see `ganvas.metrics.memorisation.Memorisation`."""

    order = 30
    figures = (
        Figure("copies", "copies", "near copies of training pictures (real: {real_copies:.3f})", "lower", "copies_se"),
        Figure(
            "closer", "closer", "nearer to the training pictures than an unseen one; 0.5 is right", 0.5, "closer_se"
        ),
        Figure("novelty", "novelty", "distance from the training pictures over an unseen one's", 1.0),
    )

    @functools.cached_property
    def _memory(self) -> Memory:
        held_back = self.real.held_back
        return Memory(self.real.training.looks, held_back.looks if held_back else None)

    def measure(self, generated: Described) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        return vars(self._memory.memorisation(generated.looks))
