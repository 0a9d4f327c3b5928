"""The embedded paintings: a procedural painter, so that everything works with nothing downloaded.

Four genres, each in three palettes and two compositions, painted stroke by stroke: 24 modes. The mode of every
picture is known, which makes it possible to count how many of them a generator covers.

Which picture an index holds depends on the seed alone, so that any number of processes may share the work:

>>> mode_of(0, seed=0).name in {mode.name for mode in MODES}
True
>>> paint(0, seed=0, size=16).shape
(16, 16, 3)
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.data.painter import abstract, flower, landscape, portrait
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.palettes import PALETTES, Palette
from ganvas.foundation.errors import DataError

__all__ = ["GENRES", "MODES", "SIZES", "Mode", "mode_of", "paint"]

# The smallest and the largest side in pixels of a painting.
SIZES = (16, 256)

Composition = Callable[[Canvas, Palette, np.random.Generator], None]

COMPOSITIONS: dict[str, dict[str, Composition]] = {
    "abstract": {"blocks": abstract.blocks, "arcs": abstract.arcs},
    "flower": {"single": flower.single, "bouquet": flower.bouquet},
    "landscape": {"sea": landscape.sea, "hills": landscape.hills},
    "portrait": {"frontal": portrait.frontal, "profile": portrait.profile},
}
GENRES: tuple[str, ...] = tuple(sorted(COMPOSITIONS))

# Random streams of one seed: without these numbers block 3 would be shuffled by the stream that paints picture 3.
ORDER_STREAM, PAINT_STREAM = 0, 1


class Mode(NamedTuple):
    """One kind of painting."""

    genre: str
    palette: str
    composition: str

    @property
    def name(self) -> str:
        """How the mode is written in the index: `genre/palette/composition`."""
        return "/".join(self)


MODES: tuple[Mode, ...] = tuple(
    Mode(genre, palette, composition) for genre in GENRES for palette in PALETTES for composition in COMPOSITIONS[genre]
)


def mode_of(index: int, seed: int) -> Mode:
    """The mode of a picture: every block of 24 holds each mode once, so that any count is balanced.

    Args:
        index: number of the picture, 0 or more.
        seed: of the collection, 0 or more.
    """
    block, place = divmod(index, len(MODES))
    order = _stream(seed, block, ORDER_STREAM).permutation(len(MODES))
    return MODES[int(order[place])]


def paint(index: int, seed: int = 0, size: int = 64) -> NDArray[np.uint8]:
    """Paint one picture: the same bytes for the same arguments, and the same painting at every size.

    Args:
        index: number of the picture, 0 or more.
        seed: of the collection, 0 or more.
        size: height and width in pixels, 16 to 256.

    Returns:
        uint8 [size, size, 3].

    Raises:
        DataError: a size out of range.
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
