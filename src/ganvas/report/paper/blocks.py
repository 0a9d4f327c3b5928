"""What a figure of the page consists of: galleries of pictures, charts, tables and notes.

Each block has a template of its kind in `templates/paper/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from PIL import Image

from ganvas.foundation.arrays import Images
from ganvas.report import html
from ganvas.report.charts import Chart
from ganvas.report.html import Fields

# The largest size of a picture in a gallery in bytes before base64, by the size at which it is shown.
TileSize = Literal["small", "medium", "wide", "row"]
BYTES: dict[TileSize, int] = {"small": 30_000, "medium": 150_000, "wide": 500_000, "row": 500_000}
# Pictures with a smaller side than this are enlarged, by whole factors, so that a browser shows them without a blur.
SHARP_SIDE = 256


@dataclass(frozen=True)
class Tile:
    """A picture in a gallery.

    Attributes:
        picture: the fields of `html.inline`.
        caption: the text under it; may be empty.
    """

    picture: Fields
    caption: str = ""


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side; of size "row", one below the other, so that they align."""

    kind: ClassVar[str] = "gallery"

    tiles: Sequence[Tile]
    size: TileSize = "medium"
    heading: str = ""


@dataclass(frozen=True)
class Charts:
    """Charts side by side."""

    kind: ClassVar[str] = "charts"

    charts: Sequence[Chart]


@dataclass(frozen=True)
class Table:
    """A table. The first cell of each row is its head."""

    kind: ClassVar[str] = "table"

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    heading: str = ""


@dataclass(frozen=True)
class Note:
    """A sentence in small type."""

    kind: ClassVar[str] = "note"

    text: str


Block = Gallery | Charts | Table | Note


def tile(pixels: Images, caption: str = "", size: TileSize = "medium") -> Tile:
    """A picture, uint8 [H, W, 3], as a tile of a gallery. A small one is enlarged."""
    factor = max(1, SHARP_SIDE // pixels.shape[0]) if size != "small" else 1
    larger = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    return Tile(html.inline(Image.fromarray(np.ascontiguousarray(larger)), BYTES[size]), caption)
