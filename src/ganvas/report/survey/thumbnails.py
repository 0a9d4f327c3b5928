"""Pictures of a dataset for its page: thumbnails, and a mosaic of many pictures in the order of their colours."""

import math
from typing import TypedDict

import numpy as np
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.survey.palette import to_lab
from ganvas.foundation.arrays import Images, Integers
from ganvas.report import html
from ganvas.report.html import Fields

# The mosaic: the largest numbers of columns and rows, and the number of pictures that it takes.
COLUMNS, ROWS, FEWEST = 24, 8, 12
# Its width in pixels, and its size in bytes before base64.
MOSAIC_WIDTH, MOSAIC_BYTES = 1536, 400_000

# The longest side of a thumbnail in pixels, and its size in bytes before base64.
SIDE, THUMBNAIL_BYTES = 192, 6_000


class Thumbnail(TypedDict):
    """A small picture of the dataset as templates take it: a data URI, and where the picture belongs."""

    uri: str
    width: int
    height: int
    source: str
    class_name: str | None
    split: str


class Thumbnails:
    """Makes thumbnails of a dataset's pictures.

    Args:
        data: the dataset.
        total: about how many will be made; the more there are, the smaller each file has to be.
        budget: the size of all of them in bytes before base64.
    """

    def __init__(self, data: Dataset, total: int, budget: int) -> None:
        self._data = data
        self._limit = min(THUMBNAIL_BYTES, budget // max(total, 1))
        self._names = data.index["source"].astype(str).to_numpy(object) if "source" in data.index else None

    def of_row(self, row: int) -> Thumbnail:
        """The thumbnail of a row of the dataset, with the picture's name, class and split."""
        labels, picture = self._data.labels, self.of_pixels(self._data.images[row])
        return {
            "uri": picture["uri"],
            "width": picture["width"],
            "height": picture["height"],
            "source": f"picture {row:,}" if self._names is None else self._names[row],
            "class_name": None if labels is None else self._data.class_names[labels[row]],
            "split": self._data.index["split"].iloc[row] if "split" in self._data.index else "train",
        }

    def of_pixels(self, image: Images) -> Fields:
        """The thumbnail of a picture, uint8 [H, W, 3]."""
        picture = Image.fromarray(image)
        picture.thumbnail((SIDE, SIDE))
        return html.inline(picture, self._limit)


def mosaic(data: Dataset, seed: int) -> Fields | None:
    """One picture of many: lighter pictures to the right, warmer ones above.

    Args:
        data: the dataset.
        seed: of the choice of pictures.

    Returns:
        The fields of `html.inline`, and `count`, the number of pictures; None if there are fewer than `FEWEST`.
    """
    if len(data) < FEWEST:
        return None
    down = min(ROWS, max(1, round(math.sqrt(len(data) * ROWS / COLUMNS))))
    across = min(COLUMNS, len(data) // down)
    rows = np.sort(np.random.default_rng(seed).choice(len(data), across * down, replace=False))
    tiles = np.stack([_tile(data.images[row], MOSAIC_WIDTH // across) for row in rows])
    order = _by_colour(tiles, across, down)
    return {**html.inline_pixels(grid(tiles[order], across, gap=0), MOSAIC_BYTES), "count": len(rows)}


def _tile(image: Images, side: int) -> Images:
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def _by_colour(tiles: Images, across: int, down: int) -> Integers:
    """The order of the tiles, row by row: columns by lightness, within a column the warmest first."""
    means = np.rint(tiles.mean(axis=(1, 2))).astype(np.uint8)
    lightness, _, warmth = to_lab(means).T
    columns = np.argsort(lightness, kind="stable").reshape(across, down)
    return np.stack([column[np.argsort(-warmth[column], kind="stable")] for column in columns]).T.ravel()
