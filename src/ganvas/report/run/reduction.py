"""The section of the run page about preparation: a picture next to its reduction, with the counts (paper 2, figure 9).

Paper 2 writes that "the model goes from processing on average 162,240 parameters per picture to 4,864". Both numbers
count something, but not the same thing. 162,240 values are a picture of 208 x 260 pixels in three colours, say. 4,864
are the parameters of the first convolution of its discriminator, 5 x 5 x 3 x 64 weights and 64 biases, and that layer
has as many for pictures of any size. What preparation reduces is the number of values: to 64 x 64 x 3 = 12,288.
"""

import numpy as np
import pandas as pd

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.survey.originals import folders_of, thumbnail
from ganvas.foundation.arrays import Floats, Integers
from ganvas.foundation.errors import GanvasError
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.models import RunModels

# The size of the pictures of the section in bytes, before base64, and the longest side of the original in pixels.
PICTURE_BYTES, SIDE = 500_000, 480
COLOURS = 3


def reduction(models: RunModels) -> Fields | None:
    """A training picture before and after its preparation, and how many values both have.

    The picture is the one whose number of values is nearest to the mean.

    Returns:
        None if the dataset does not know the sizes of the originals.

    Raises:
        DataError: the dataset is gone or has changed.
    """
    data = models.run.dataset()
    rows, sizes = _sizes(data)
    if not len(rows):
        return None
    values = COLOURS * sizes.prod(axis=1)
    place = int(np.abs(values - values.mean()).argmin())
    row, (width, height) = int(rows[place]), sizes[place].astype(int).tolist()
    after = COLOURS * data.size**2
    return {
        "original": _original(data, row),
        "width": width,
        "height": height,
        "before": COLOURS * width * height,
        "picture": html.inline_pixels(np.asarray(data.images[row]), PICTURE_BYTES // 2),
        "side": data.size,
        "after": after,
        "mean": float(values.mean()),
        "ratio": float(values.mean()) / after,
        "layer": _first_layer(models),
    }


def _sizes(data: Dataset) -> tuple[Integers, Floats]:
    """The training pictures with an original of known size: rows, int64 [M], and width and height, float64 [M, 2]."""
    rows = data.rows(TRAIN)
    table = data.index.reindex(columns=["width", "height"]).iloc[rows].apply(pd.to_numeric, errors="coerce")
    sizes = table.to_numpy(np.float64)
    known = np.isfinite(sizes).all(axis=1) & (sizes >= 1).all(axis=1)
    return rows[known], sizes[known]


def _original(data: Dataset, row: int) -> Fields | None:
    """The original, reduced for the page; None if it is not where it was."""
    name = str(data.index["source"].iloc[row]) if "source" in data.index else ""
    picture = thumbnail(folders_of(data), name, SIDE)
    return None if picture is None else html.inline(picture, PICTURE_BYTES // 2)


def _first_layer(models: RunModels) -> Fields | None:
    """The parameters of the discriminator's first convolution; None if there is none."""
    try:
        layer = models.critic.first_convolution
    except GanvasError:
        return None
    if layer is None:
        return None
    return {
        "factors": [*layer.kernel_size, layer.in_channels, layer.out_channels],
        "biases": 0 if layer.bias is None else len(layer.bias),
        "count": sum(each.numel() for each in layer.parameters()),
    }
