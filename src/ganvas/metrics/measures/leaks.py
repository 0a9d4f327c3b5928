"""Augmentation leaks in generated pictures."""

from collections.abc import Mapping

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.leaks import leaks
from ganvas.metrics.metric import Metric


class LeakMetric(Metric):
    """See `ganvas.metrics.leaks.Leaks`. The verdict uses these figures; tables do not show them."""

    order = 40

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        return vars(leaks(generated.signs, self.real.training.signs))
