"""The canvas: paint with a relief, which takes strokes and is rendered to a picture."""

import functools
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.painter.brush import PRINTS, Print, Strokes, prints, resolution_for
from ganvas.foundation.arrays import Floats, Images

# Paintings are made at this size in pixels and then reduced, so all sizes show the same painting.
SIDE = 320
# The centre of each row or column of pixels, relative to the side of the picture.
CENTRES: Floats = (np.arange(SIDE) + 0.5) / SIDE

Mask = NDArray[np.float32]

# The strength of the lighter and darker streaks within a stroke.
STREAK = 0.035
# The strength of the light from the upper left on the relief of the paint.
RELIEF = 0.11


class Canvas:
    """A square of paint.

    Attributes:
        paint: float32 [4, SIDE, SIDE]: red, green and blue in [0, 1], and the relief of the paint.
    """

    def __init__(self, ground: Floats) -> None:
        self.paint = np.zeros((4, SIDE, SIDE), np.float32)
        self.paint[:3] = ground[:, None, None]

    def wash(self, colour: Floats, mask: Mask, opacity: float = 1.0) -> None:
        """Cover `mask` [SIDE, SIDE] evenly with thin paint, without changing the relief."""
        rows, columns = (_extent(mask, axis) for axis in (1, 0))
        patch = self.paint[:3, rows, columns]
        patch += np.float32(opacity) * mask[rows, columns] * (colour.astype(np.float32)[:, None, None] - patch)

    def lay(self, strokes: Strokes, clip: Mask | None = None) -> None:
        """Paint strokes on the canvas; with `clip` [SIDE, SIDE], only where it is above 0."""
        marks = prints(strokes.brush)
        numbers = (strokes.x, strokes.y, strokes.angle, strokes.length, strokes.width, strokes.curve)
        colours = strokes.colour.astype(np.float32)
        for i, (x, y, angle, length, width, curve) in enumerate(zip(*(n.tolist() for n in numbers), strict=True)):
            mark = marks[resolution_for(width * SIDE)][i % PRINTS]
            self._stamp(mark, x, y, angle, length, width, curve, colours[i], strokes.opacity, clip)

    def _stamp(
        self,
        mark: Print,
        x: float,
        y: float,
        angle: float,
        length: float,
        width: float,
        curve: float,
        colour: NDArray[np.float32],
        opacity: float,
        clip: Mask | None,
    ) -> None:
        """Paint one stroke: a print bent along a parabola, which is close to an arc for short strokes."""
        cos, sin = math.cos(angle), math.sin(angle)
        reach_along, reach_across = length / 2, width / 2 + abs(curve) * length * length / 8
        columns = _window(x, abs(cos) * reach_along + abs(sin) * reach_across)
        rows = _window(y, abs(sin) * reach_along + abs(cos) * reach_across)
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        dx = (CENTRES[None, columns] - x).astype(np.float32)
        dy = (CENTRES[rows, None] - y).astype(np.float32)
        along = cos * dx + sin * dy
        across = cos * dy - sin * dx - (curve / 2) * along * along
        column = (along * ((mark.columns - 2) / length) + mark.columns / 2).astype(np.int32)
        row = (across * ((mark.rows - 2) / width) + mark.rows / 2).astype(np.int32)
        # The border of a print is empty, so pixels outside the stroke are clamped to it.
        row = np.minimum(np.maximum(row, 0), mark.rows - 1)
        column = np.minimum(np.maximum(column, 0), mark.columns - 1)
        texel = row * mark.columns + column
        alpha = mark.alpha.take(texel) * np.float32(opacity)
        if clip is not None:
            alpha *= clip[rows, columns]
        tone = mark.tone.take(texel)
        patch = self.paint[:, rows, columns]
        patch[:3] += alpha * (colour[:, None, None] + np.float32(STREAK) * tone - patch[:3])
        patch[3] += alpha * (np.float32(1.0) + tone - patch[3])

    def finish(self, size: int) -> Images:
        """The painting, lit from the upper left and reduced to `size`: uint8 [size, size, 3]."""
        relief = self.paint[3] + _weave()
        slope = np.zeros_like(relief)
        slope[1:, 1:] = relief[1:, 1:] - relief[:-1, :-1]
        lit = self.paint[:3] * (1.0 + RELIEF * np.clip(slope, -1.0, 1.0))
        pixels = (np.clip(lit, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8).transpose(1, 2, 0)
        picture = Image.fromarray(np.ascontiguousarray(pixels))
        return np.array(picture.resize((size, size), Image.Resampling.LANCZOS))


def _window(middle: float, reach: float) -> slice:
    """The pixels of the canvas within `reach` of `middle`; empty (start >= stop) if there are none."""
    return slice(max(0, int((middle - reach) * SIDE)), min(SIDE, int((middle + reach) * SIDE) + 1))


def _extent(mask: Mask, axis: int) -> slice:
    """The range of rows (axis 1) or columns (axis 0) in which the mask is above 0."""
    positions = np.flatnonzero(mask.max(axis=axis))
    return slice(int(positions[0]), int(positions[-1]) + 1) if len(positions) else slice(0, 0)


@functools.cache
def _weave() -> Mask:
    """The threads of the canvas under the paint: float32 [SIDE, SIDE]."""
    thread = np.sin(CENTRES * (2.0 * np.pi * SIDE / 5.0))
    return (0.12 * (thread[:, None] + thread[None, :])).astype(np.float32)
