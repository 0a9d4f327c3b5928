"""The metrics, one file each: what is measured of generated pictures at every evaluation.

The computations that several parts of ganvas share lie in `ganvas.metrics`; these files say which are measured, and
what their figures are called.
"""

from typing import TYPE_CHECKING

from ganvas.foundation.registry import Registry, subclass_of

if TYPE_CHECKING:
    from ganvas.metrics.metric import Metric

METRICS: Registry["type[Metric]"] = Registry("metric", __name__, subclass_of("ganvas.metrics.metric:Metric"))


def in_order() -> "list[type[Metric]]":
    """Every metric, in the order in which tables show them."""
    return sorted(METRICS.all().values(), key=lambda metric: metric.order)
