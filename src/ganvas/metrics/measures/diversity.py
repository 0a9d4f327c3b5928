"""The diversity of generated pictures relative to that of real ones."""

from collections.abc import Mapping

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.diversity import VENDI_PART, Variety, diversity, variety
from ganvas.metrics.metric import Figure, Metric
from ganvas.metrics.real_side import RealSide


class DiversityMetric(Metric):
    """See `ganvas.metrics.diversity.Diversity`."""

    order = 20
    figures = (
        Figure(
            "diversity",
            "diversity",
            "distance of two generated pictures over that of two real ones",
            1.0,
            "diversity_se",
        ),
        Figure("pixel_diversity", "  in pixels", "the same in pixels", 1.0, "pixel_diversity_se"),
        Figure("vendi", "  Vendi", "effective number of different pictures, over that of real ones", 1.0, "vendi_se"),
        Figure(
            "spacing", "  spacing", "distance to the most similar picture, over that of real ones", 1.0, "spacing_se"
        ),
    )

    def __init__(self, real: RealSide) -> None:
        super().__init__(real)
        # By the size of the parts, which usually stays the same during a run.
        self._varieties: dict[int, Variety] = {}

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        real = self.real.training
        part = min(VENDI_PART, len(generated), len(real))
        if part not in self._varieties:
            self._varieties[part] = variety(real.features, real.pixels, part)
        return vars(diversity(variety(generated.features, generated.pixels, part), self._varieties[part]))
