"""Brushes: the textures that they leave on the canvas, and strokes as arrays of numbers.

Lengths are relative to the side of the picture (1.0 is its whole width). Angles are in radians, clockwise from the
right, because y points down.
"""

import functools
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganvas.foundation.arrays import Floats

# The height (across the stroke) and width (along it) of a print in texels, finest first.
RESOLUTIONS = ((64, 128), (32, 128), (16, 64), (8, 64), (4, 32))
# The number of prints of each brush. Strokes use them in turn, so that neighbouring strokes differ.
PRINTS = 6


@dataclass(frozen=True)
class Brush:
    """The character of a brush.

    Attributes:
        taper: 0 for a flat brush with parallel edges; the higher, the sooner the stroke narrows to its pointed ends.
        ragged: how late single bristles start and how early they lift, as a share of the stroke's length.
        dry: 0 for a full load of paint; towards 1 the paint runs out and leaves gaps.
    """

    taper: float
    ragged: float
    dry: float


FLAT = Brush(taper=0.0, ragged=0.16, dry=0.25)
DRY = Brush(taper=0.0, ragged=0.25, dry=0.9)
ROUND = Brush(taper=0.5, ragged=0.03, dry=0.1)
LEAF = Brush(taper=0.9, ragged=0.02, dry=0.1)
LINER = Brush(taper=0.25, ragged=0.02, dry=0.0)


@dataclass(frozen=True)
class Print:
    """The texture of one stroke, with an empty border of one texel.

    Attributes:
        alpha: float32 [rows * columns], coverage in [0, 1].
        tone: float32 [rows * columns], streaks of lighter and darker paint, about [-1, 1].
        rows: texels across the stroke, border included.
        columns: texels along the stroke, border included.
    """

    alpha: NDArray[np.float32]
    tone: NDArray[np.float32]
    rows: int
    columns: int


@functools.cache
def prints(brush: Brush) -> tuple[tuple[Print, ...], ...]:
    """The prints of a brush, [resolution][print]: always the same ones, made once in each process."""
    rng = np.random.default_rng(20)
    masters = [_print(brush, rng) for _ in range(PRINTS)]
    return tuple(
        tuple(_at_resolution(alpha, tone, rows, columns) for alpha, tone in masters) for rows, columns in RESOLUTIONS
    )


def resolution_for(pixels: float) -> int:
    """The index of the resolution for a stroke `pixels` wide: the coarsest with at least 1.5 texels per pixel.

    With a finer one, a thin stroke would show single bristles; with a coarser one, texels would be visible.
    """
    return sum(rows > 1.5 * pixels for rows, _ in RESOLUTIONS[1:])


def _print(brush: Brush, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The coverage and the streaks of a print at the finest resolution, float64 [rows, columns] each."""
    rows, columns = RESOLUTIONS[0]
    across = np.abs((np.arange(rows)[:, None] + 0.5) / rows * 2.0 - 1.0)
    along = (np.arange(columns)[None, :] + 0.5) / columns
    half_width = np.sin(np.pi * along) ** brush.taper
    edge = np.clip((half_width - across) * rows / 6.0, 0.0, 1.0)
    start, end = brush.ragged * np.abs(_smooth(rng.normal(size=(2, rows)), axis=1, times=2))[:, :, None]
    tips = np.clip((along - start) / 0.04, 0.0, 1.0) * np.clip((1.0 - end - along) / 0.05, 0.0, 1.0)
    streaks = _smooth(_smooth(rng.normal(size=(rows, columns)), axis=1, times=60), axis=0, times=1)
    streaks = streaks / streaks.std() * 0.5
    load = np.clip(1.35 - brush.dry * (0.3 + along + 0.7 * streaks), 0.0, 1.0)
    return edge * tips * load, streaks


def _smooth(noise: Floats, axis: int, times: int) -> Floats:
    for _ in range(times):
        noise = (np.roll(noise, 1, axis) + noise + np.roll(noise, -1, axis)) / 3.0
    even: Floats = noise / noise.std()
    return even


def _at_resolution(alpha: Floats, tone: Floats, rows: int, columns: int) -> Print:
    def reduced(texture: Floats) -> NDArray[np.float32]:
        blocks = texture.reshape(rows, texture.shape[0] // rows, columns, texture.shape[1] // columns)
        return np.pad(blocks.mean(axis=(1, 3)), 1).astype(np.float32).ravel()

    return Print(reduced(alpha), reduced(tone), rows + 2, columns + 2)


@dataclass(frozen=True)
class Strokes:
    """Strokes of one brush, in the order of painting.

    Attributes:
        x: float64 [N], the middle of each stroke, to the right.
        y: float64 [N], the middle of each stroke, downwards.
        angle: float64 [N], the direction in the middle.
        length: float64 [N], from tip to tip.
        width: float64 [N], across the brush.
        curve: float64 [N], 1 / radius of curvature; positive is clockwise.
        colour: float64 [N, 3].
        brush: the brush.
        opacity: of the strokes, in [0, 1].
    """

    x: Floats
    y: Floats
    angle: Floats
    length: Floats
    width: Floats
    curve: Floats
    colour: Floats
    brush: Brush
    opacity: float

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        *,
        colour: Floats,
        angle: ArrayLike = 0.0,
        length: ArrayLike,
        width: ArrayLike,
        curve: ArrayLike = 0.0,
        brush: Brush = ROUND,
        opacity: float = 0.95,
    ) -> Self:
        """Strokes from arrays and from single values, which apply to all strokes."""
        numbers = (np.atleast_1d(np.asarray(value, float)) for value in (x, y, angle, length, width, curve))
        xs, ys, angles, lengths, widths, curves = np.broadcast_arrays(*numbers)
        colours = np.broadcast_to(colour, (len(xs), 3))
        return cls(xs, ys, angles, lengths, widths, curves, colours, brush, opacity)
