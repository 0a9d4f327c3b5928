"""The number of a dataset's known modes that the generated pictures cover."""

import functools
from collections.abc import Mapping

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.metric import Figure, Metric
from ganvas.metrics.modes import ModeCounter, mode_counter


class ModeMetric(Metric):
    """Covered modes, for datasets with known modes; see `ganvas.metrics.modes`."""

    order = 50
    figures = (Figure("modes_covered", "modes", "known modes covered", "higher", total="modes_total"),)

    @functools.cached_property
    def _counter(self) -> ModeCounter | None:
        # A part of the real pictures may have too few of a mode.
        if (modes := self.real.data.modes) is None or not self.real.is_whole:
            return None
        return mode_counter(self.real.training.for_modes, modes[self.real.reference.rows])

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`. Empty without known modes, or for a part of the real pictures."""
        if self._counter is None:
            return {}
        return {"modes_covered": self._counter.covered(generated.for_modes), "modes_total": self._counter.total}
