"""Pictures of a dataset for its page: a wall of many in the order of their colours, and small ones one by one."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.survey.palette import to_lab
from ganvas.report import html
from ganvas.report.html import Fields

Images = NDArray[np.uint8]
Numbers = NDArray[np.int64]

# The wall: pictures across and down at most, how many there must be for one, its width in pixels, and its weight.
ACROSS, DOWN, FEWEST, WIDTH, WALL_BYTES = 24, 8, 12, 1536, 400_000

# Side in pixels that small pictures have at most, and what each may weigh before base64.
SIDE, PICTURE_BYTES = 192, 6_000


class Hanging:
    """Hangs pictures of a dataset on its page, each picture being read once.

    Args:
        data: the dataset.
        total: about how many will be hung; the more, the less each may weigh.
        budget: what they may weigh together, in bytes before base64.
    """

    def __init__(self, data: Dataset, total: int, budget: int) -> None:
        self._data = data
        self._limit = min(PICTURE_BYTES, budget // max(total, 1))
        self._names = data.index["source"].astype(str).to_numpy(object) if "source" in data.index else None

    def row(self, row: int) -> Fields:
        """A picture by its row, with its name and its place among the splits and classes."""
        labels = self._data.labels
        return {
            **self.pixels(self._data.images[row]),
            "source": f"picture {row:,}" if self._names is None else self._names[row],
            "kind": None if labels is None else self._data.class_names[labels[row]],
            "split": self._data.index["split"].iloc[row] if "split" in self._data.index else "train",
        }

    def pixels(self, image: Images) -> Fields:
        """A picture, uint8 [H, W, 3]."""
        picture = Image.fromarray(image)
        picture.thumbnail((SIDE, SIDE))
        return html.inline(picture, self._limit)


def wall(data: Dataset, seed: int) -> Fields | None:
    """Pictures chosen at random, from dark to light and from warm to cool, as one; None for too few pictures."""
    if len(data) < FEWEST:
        return None
    down = min(DOWN, max(1, round(math.sqrt(len(data) * DOWN / ACROSS))))
    across = min(ACROSS, len(data) // down)
    rows = np.sort(np.random.default_rng(seed).choice(len(data), across * down, replace=False))
    tiles = np.stack([_tile(data.images[row], WIDTH // across) for row in rows])
    order = _by_colour(tiles, across, down)
    return {**html.inline_pixels(grid(tiles[order], across, gap=0), WALL_BYTES), "count": len(rows)}


def _tile(image: Images, side: int) -> Images:
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def _by_colour(tiles: Images, across: int, down: int) -> Numbers:
    """The place of each picture on the wall, row by row: lighter ones to the right, warmer ones above."""
    means = np.rint(tiles.mean(axis=(1, 2))).astype(np.uint8)
    light, _, warm = to_lab(means).T
    columns = np.argsort(light, kind="stable").reshape(across, down)
    return np.stack([column[np.argsort(-warm[column], kind="stable")] for column in columns]).T.ravel()
