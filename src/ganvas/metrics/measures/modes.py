"""How many of a dataset's known modes the generated pictures show."""

import functools
from collections.abc import Mapping

from ganvas.metrics.described import Described
from ganvas.metrics.metric import Figure, Metric
from ganvas.metrics.modes import ModeCounter, mode_counter


class ModeMetric(Metric):
    """Modes that are covered, where the dataset knows its modes; see `ganvas.metrics.modes`."""

    order = 50
    figures = (Figure("modes_covered", "modes", "known modes shown", "higher", total="modes_total"),)

    @functools.cached_property
    def _counter(self) -> ModeCounter | None:
        if (modes := self.real.data.modes) is None:
            return None
        return mode_counter(self.real.training.descriptors, modes[self.real.reference.rows])

    def measure(self, generated: Described) -> Mapping[str, float | None]:
        """See `Metric.measure`; nothing where no modes are known."""
        if self._counter is None:
            return {}
        return {"modes_covered": self._counter.covered(generated.descriptors), "modes_total": self._counter.total}
