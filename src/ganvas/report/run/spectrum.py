"""The section of the run page about fine detail: the radial spectrum of generated pictures and of real ones."""

from typing import Final

import numpy as np
import pandas as pd

from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Features, Floats, Images
from ganvas.metrics.descriptors import CHUNK
from ganvas.metrics.detail import ROUNDING, Detail, decibels
from ganvas.report.charts import BLUE, RUST, Chart, blank, line
from ganvas.report.html import Fields
from ganvas.report.run.models import SAMPLES, RunModels

# A difference from the real spectrum, in dB, that is not worth a word.
NEAR: Final = 3.0


def spectrum(models: RunModels) -> Fields:
    """The spectra of samples and of training pictures, and where they differ most.

    Raises:
        DataError: the dataset is gone or has changed.
    """
    pictures = models.run.dataset().examples(TRAIN, SAMPLES)
    real, generated = (_spectra(images) for images in (pictures, models.samples.interleaved))
    difference = decibels(generated, real)
    frequencies = (np.arange(len(difference)) + 0.5) / (2 * len(difference))
    worst = int(np.abs(difference).argmax())
    figure = blank(
        xaxis_title={"text": "cycles per pixel", "standoff": 6},
        xaxis_hoverformat=".2f",
        yaxis_title={"text": "dB", "standoff": 6},
    )
    for name, spectra, colour in (("real", real, BLUE), ("generated", generated, RUST)):
        line(figure, pd.Series(frequencies), pd.Series(_levels(spectra)), name, colour)
    note = (
        "How the contrast of pictures is spread over frequencies: broad shapes on the left, single pixels on the "
        "right. A line that falls below the real one means blur; a bump above it means a grid or noise."
    )
    return {
        "charts": [Chart("spectrum", "Radial spectrum", note, figure)],
        "difference": float(difference[worst]),
        "frequency": float(frequencies[worst]),
        "is_near": bool(abs(difference[worst]) <= NEAR),
        "pictures": [len(generated), len(real)],
    }


def _spectra(images: Images) -> Features:
    parts = [Detail.of(images[start : start + CHUNK]).spectra for start in range(0, len(images), CHUNK)]
    return np.concatenate(parts)


def _levels(spectra: Features) -> Floats:
    """The mean energy of each ring, in dB."""
    levels: Floats = 10 * np.log10(spectra.mean(axis=0, dtype=np.float64) + ROUNDING)
    return levels
