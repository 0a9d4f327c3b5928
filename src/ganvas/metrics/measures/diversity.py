"""How varied generated pictures are, next to the real ones."""

from collections.abc import Mapping

from ganvas.metrics.described import Described
from ganvas.metrics.diversity import VENDI_PART, Variety, diversity, variety
from ganvas.metrics.metric import Figure, Metric
from ganvas.metrics.real_side import RealSide


class DiversityMetric(Metric):
    """Four views of variety; see `ganvas.metrics.diversity.Diversity`."""

    order = 20
    figures = (
        Figure("diversity", "diversity", "distance of two generated pictures over two real ones", 1.0, "diversity_se"),
        Figure("pixel_diversity", "  in pixels", "the same in pixels", 1.0, "pixel_diversity_se"),
        Figure("vendi", "  Vendi", "number of different pictures, over the real ones'", 1.0, "vendi_se"),
        Figure("spacing", "  spacing", "distance from the most similar picture, over real ones'", 1.0, "spacing_se"),
    )

    def __init__(self, real: RealSide) -> None:
        super().__init__(real)
        # By the size of the parts, which is the same at each evaluation of a run.
        self._varieties: dict[int, Variety] = {}

    def measure(self, generated: Described) -> Mapping[str, float | None]:
        """See `Metric.measure`."""
        real = self.real.training
        part = min(VENDI_PART, len(generated), len(real))
        if part not in self._varieties:
            self._varieties[part] = variety(real.features, real.pixels, part)
        return vars(diversity(variety(generated.features, generated.pixels, part), self._varieties[part]))
