"""The metrics of an evaluation, one file each.

These files declare the figures. The computations are in `ganvas.metrics`, because other parts of ganvas share them.
"""

from typing import TYPE_CHECKING

from ganvas.foundation.registry import Registry, subclass_of

if TYPE_CHECKING:
    from ganvas.metrics.metric import Figure, Metric

METRICS: Registry["type[Metric]"] = Registry("metric", __name__, subclass_of("ganvas.metrics.metric:Metric"))


def in_order() -> "list[type[Metric]]":
    """All metrics in the order of tables."""
    return sorted(METRICS.all().values(), key=lambda metric: metric.order)


def declared(key: str) -> "Figure":
    """The declaration of a figure.

    Raises:
        KeyError: no metric declares this key.
    """
    return {figure.key: figure for metric in in_order() for figure in metric.figures}[key]
