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
    sizes = _sizes(data)
    if sizes.empty:
        return None
    values = COLOURS * sizes["width"] * sizes["height"]
    row = int((values - values.mean()).abs().idxmin())
    width, height = (int(side) for side in sizes.loc[row])
    prepared = COLOURS * data.size**2
    return {
        "original": _original(data, row),
        "width": width,
        "height": height,
        "values": width * height * COLOURS,
        "picture": html.inline_pixels(np.asarray(data.images[row]), PICTURE_BYTES // 2),
        "side": data.size,
        "prepared": prepared,
        "mean": float(values.mean()),
        "ratio": float(values.mean()) / prepared,
        "layer": _first_layer(models),
    }


def _sizes(data: Dataset) -> pd.DataFrame:
    """Width and height of the originals of the training pictures, by row; without rows whose size is unknown."""
    table = data.index.reset_index(drop=True).reindex(columns=["width", "height"]).iloc[data.rows(TRAIN)]
    table = table.apply(pd.to_numeric, errors="coerce").astype("float64")
    return table[np.isfinite(table).all(axis="columns") & (table >= 1).all(axis="columns")]


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
