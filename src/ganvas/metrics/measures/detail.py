"""The fine detail of generated pictures relative to that of real ones."""

from collections.abc import Mapping

import numpy as np

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.detail import decibels, shared
from ganvas.metrics.metric import Figure, Metric


class DetailMetric(Metric):
    """See `ganvas.metrics.detail`."""

    order = 45
    figures = (
        Figure("sharpness", "sharpness", "median sharpness over that of real pictures", 1.0),
        Figure(
            "spectrum_db", "spectrum", "largest difference of the radial spectrum from the real one, in dB", "lower"
        ),
        Figure(
            "shared_detail", "shared", "share of fine detail that all pictures have in common, beyond real", "lower"
        ),
    )

    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """See `Metric.measure`. The spectrum is unknown if the real pictures have another size."""
        ours, real = generated.detail, self.real.training.detail
        is_same_size = ours.spectra.shape[1] == real.spectra.shape[1]
        return {
            "sharpness": float(np.median(ours.sharpness) / max(float(np.median(real.sharpness)), 1e-3)),
            "spectrum_db": float(np.abs(decibels(ours.spectra, real.spectra)).max()) if is_same_size else None,
            "shared_detail": shared(ours.texture) - shared(real.texture) if len(generated) > 1 else None,
        }
