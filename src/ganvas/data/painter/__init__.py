"""The embedded paintings: a procedural painter, so that ganvas works without any download.

There are 24 modes: four genres, each in three palettes and two compositions, painted stroke by stroke. The mode of
every picture is known, so the modes that a generator covers can be counted.

The picture at an index depends on the seed alone, so any number of processes can share the work:

>>> mode_of(0, seed=0).name in {mode.name for mode in MODES}
True
>>> paint(0, seed=0, size=16).shape
(16, 16, 3)
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganvas.data.painter import abstract, flower, landscape, portrait
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.palettes import PALETTES, Palette
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError

__all__ = ["GENRES", "MODES", "SIZES", "Mode", "mode_of", "paint"]

# The smallest and the largest side of a painting in pixels.
SIZES = (16, 256)

Composition = Callable[[Canvas, Palette, np.random.Generator], None]

COMPOSITIONS: dict[str, dict[str, Composition]] = {
    "abstract": {"blocks": abstract.blocks, "arcs": abstract.arcs},
    "flower": {"single": flower.single, "bouquet": flower.bouquet},
    "landscape": {"sea": landscape.sea, "hills": landscape.hills},
    "portrait": {"frontal": portrait.frontal, "profile": portrait.profile},
}
GENRES: tuple[str, ...] = tuple(sorted(COMPOSITIONS))

# The random streams of a seed. Without them, block 3 would be shuffled by the same stream that paints picture 3.
ORDER_STREAM, PAINT_STREAM = 0, 1


class Mode(NamedTuple):
    """One kind of painting."""

    genre: str
    palette: str
    composition: str

    @property
    def name(self) -> str:
        """The name of the mode in the index: `genre/palette/composition`."""
        return "/".join(self)


MODES: tuple[Mode, ...] = tuple(
    Mode(genre, palette, composition) for genre in GENRES for palette in PALETTES for composition in COMPOSITIONS[genre]
)


def mode_of(index: int, seed: int) -> Mode:
    """The mode of a picture. Every block of 24 pictures has each mode once, so any number of pictures is balanced.

    Args:
        index: number of the picture, 0 or more.
        seed: of the collection, 0 or more.
    """
    block, place = divmod(index, len(MODES))
    order = _stream(seed, block, ORDER_STREAM).permutation(len(MODES))
    return MODES[int(order[place])]


def paint(index: int, seed: int = 0, size: int = 64) -> Images:
    """Paint a picture. The same arguments give the same bytes, and every size shows the same painting.

    Args:
        index: number of the picture, 0 or more.
        seed: of the collection, 0 or more.
        size: height and width in pixels, 16 to 256.

    Returns:
        uint8 [size, size, 3].

    Raises:
        DataError: the size is out of range.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise DataError(f"paintings of {size} px cannot be made; choose a size from {SIZES[0]} to {SIZES[1]} px")
    mode, rng = mode_of(index, seed), _stream(seed, index, PAINT_STREAM)
    palette = PALETTES[mode.palette].varied(rng)
    canvas = Canvas(palette.ground[0])
    COMPOSITIONS[mode.genre][mode.composition](canvas, palette, rng)
    return canvas.finish(size)


def _stream(seed: int, number: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, number], spawn_key=(stream,)))
