"""Whether augmentation shows in generated pictures."""

from collections.abc import Mapping

from ganvas.metrics.described import Described
from ganvas.metrics.leaks import leaks
from ganvas.metrics.metric import Metric


class LeakMetric(Metric):
    """Signs of augmentation; see `ganvas.metrics.leaks.Leaks`. The verdict reads them, and tables leave them out."""

    order = 40

    def measure(self, generated: Described) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        return vars(leaks(generated.signs, self.real.training.signs))
