"""Distances between generated and real pictures: KID, FID, precision, recall, density and coverage."""

from collections.abc import Mapping

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.distances import distances
from ganvas.metrics.metric import Figure, Metric


class DistanceMetric(Metric):
    """See `ganvas.metrics.distances.Distances`."""

    order = 10
    figures = (
        Figure("kid", "KID", "distance from the real pictures; 0 is none", "lower", "kid_se"),
        Figure("fid", "FID", "another distance, biased upwards if pictures are few", "lower"),
        Figure("precision", "precision", "share of generated pictures among the real ones", "higher", "precision_se"),
        Figure("recall", "recall", "share of real pictures among the generated ones", "higher", "recall_se"),
        Figure("density", "density", "how densely generated pictures crowd real ones; 1 is right", 1.0, "density_se"),
        Figure(
            "coverage", "coverage", "share of real pictures with a generated one near them", "higher", "coverage_se"
        ),
    )

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`.

        Raises:
            DataError: fewer than `MIN_SCORED` generated pictures.
        """
        return vars(distances(generated.features, self.real.reference))
