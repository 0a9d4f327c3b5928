"""Forms: outlines and masks, and the strokes that fill them."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from ganvas.data.painter.brush import FLAT, Brush, Strokes
from ganvas.data.painter.canvas import CENTRES, SIDE, Canvas, Mask
from ganvas.data.painter.palettes import jitter
from ganvas.foundation.arrays import Floats

# A value at each of the points x [N], y [N]: [N] for angles, [N, 3] for colours.
Field = Callable[[Floats, Floats], Floats]

# Polygons are drawn this many times larger and then reduced, for smooth edges.
OVERSAMPLING = 2
# The angle between successive points of a spiral that spreads any number of points evenly.
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
# How often strokes cover each spot of a form on average: enough to hide what is below, with a few gaps.
COVER = 2.2


def plain(colour: Floats) -> Field:
    """The field with one colour [3] everywhere."""
    return lambda x, y: np.tile(colour, (len(x), 1))


def curve_through(points: ArrayLike, closed: bool = True, steps: int = 10) -> Floats:
    """A smooth curve (Catmull-Rom) through `points` [N, 2], as a polyline [M, 2]."""
    knots = np.asarray(points, float)
    ends = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    a = np.concatenate([ends[0], knots, ends[1]])
    p0, p1, p2, p3 = (a[i : len(a) - 3 + i, None, :] for i in range(4))
    t = (np.arange(steps) / steps)[None, :, None]
    line = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * (p1 - p2) + p3 - p0) * t**3)
    smooth: Floats = line.reshape(-1, 2)
    return smooth if closed else np.concatenate([smooth, knots[-1:]])


def inside(outline: Floats) -> Mask:
    """The mask [SIDE, SIDE] of a polygon [N, 2]."""
    drawing = Image.new("L", (SIDE * OVERSAMPLING, SIDE * OVERSAMPLING))
    ImageDraw.Draw(drawing).polygon((outline * SIDE * OVERSAMPLING).ravel().tolist(), fill=255)
    return np.asarray(drawing.reduce(OVERSAMPLING), np.float32) / np.float32(255)


def below(line: Callable[[Floats], Floats]) -> Mask:
    """The mask [SIDE, SIDE] of the area under y = line(x)."""
    return np.clip((CENTRES[:, None] - line(CENTRES)[None, :]) * SIDE + 0.5, 0.0, 1.0).astype(np.float32)


def disc(x: float, y: float, radius: float) -> Mask:
    """The mask [SIDE, SIDE] of a circle."""
    distance = np.sqrt((CENTRES[None, :] - x) ** 2 + (CENTRES[:, None] - y) ** 2)
    return np.clip((radius - distance) * SIDE + 0.5, 0.0, 1.0).astype(np.float32)


def waves(rng: np.random.Generator, height: float, swing: float, octaves: int = 4) -> Callable[[Floats], Floats]:
    """A wavy line y(x) around `height`: a sum of sines, each shorter and lower than the one before."""
    phase = rng.uniform(0.0, 2 * np.pi, octaves)
    pace = rng.uniform(3.0, 5.0) * 1.9 ** np.arange(octaves)
    weight = swing * rng.uniform(0.6, 1.0, octaves) * 0.5 ** np.arange(octaves)

    def line(x: Floats) -> Floats:
        heights: Floats = height + (weight * np.sin(x[:, None] * pace + phase)).sum(axis=1)
        return heights

    return line


def scatter(rng: np.random.Generator, spacing: float, mask: Mask | None = None) -> tuple[Floats, Floats]:
    """Points about `spacing` apart, evenly spread over the canvas or a mask, in random order: x [N], y [N]."""
    rows = max(1, round(1.1 / spacing))
    grid = (np.stack(np.meshgrid(np.arange(rows), np.arange(rows)), -1).reshape(-1, 2) + 0.5) / rows * 1.1 - 0.05
    points = rng.permutation(grid + rng.uniform(-0.5, 0.5, grid.shape) * spacing)
    if mask is not None:
        column, row = np.clip((points * SIDE).astype(np.int64), 0, SIDE - 1).T
        points = points[mask[row, column] > 0.1]
    return points[:, 0], points[:, 1]


def fill(
    canvas: Canvas,
    rng: np.random.Generator,
    *,
    colour: Field,
    angle: Field | float,
    width: float,
    aspect: float = 4.0,
    curve: Field | float = 0.0,
    mask: Mask | None = None,
    under: bool = True,
    brush: Brush = FLAT,
    cover: float = COVER,
    sway: float = 0.18,
    vary: float = 0.025,
    opacity: float = 0.92,
) -> None:
    """Cover a form with strokes.

    Args:
        canvas: the canvas to paint on.
        rng: the random generator.
        colour: the colour at each point.
        angle: the direction at each point.
        width: the mean width of the strokes; single strokes differ from it by up to a quarter.
        aspect: their length divided by their width.
        curve: their curvature at each point.
        mask: the form; None for the whole canvas.
        under: whether to put a wash of the mean colour under the strokes, so that no gaps show.
        brush: the brush.
        cover: how often strokes cover each spot on average.
        sway: the standard deviation from `angle`, in radians.
        vary: the strength of the variation around `colour`.
        opacity: of each stroke.
    """
    x, y = scatter(rng, width * float(np.sqrt(aspect / cover)), mask)
    if not len(x):
        return
    colours = colour(x, y)
    if under and mask is not None:
        canvas.wash(colours.mean(axis=0), mask)
    widths = width * rng.uniform(0.75, 1.25, len(x))
    strokes = Strokes.of(
        x,
        y,
        colour=jitter(rng, colours, vary),
        angle=(angle(x, y) if callable(angle) else angle) + rng.normal(0.0, sway, len(x)),
        length=widths * aspect * rng.uniform(0.7, 1.2, len(x)),
        width=widths,
        curve=curve(x, y) if callable(curve) else curve,
        brush=brush,
        opacity=opacity,
    )
    canvas.lay(strokes, mask)


def fill_disc(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    radius: float,
    *,
    colour: Field,
    width: float,
    vary: float = 0.025,
) -> None:
    """Cover a disc with strokes that run around its middle; see `fill`."""

    def circling(px: Floats, py: Floats) -> Floats:
        tangent: Floats = np.arctan2(py - y, px - x) + math.pi / 2
        return tangent

    def bend(px: Floats, py: Floats) -> Floats:
        # Strokes cannot follow very small circles, so near the middle they bend less than the circle.
        curve: Floats = 1.0 / np.maximum(np.sqrt((px - x) ** 2 + (py - y) ** 2), 1.5 * width)
        return curve

    fill(
        canvas,
        rng,
        mask=disc(x, y, radius),
        colour=colour,
        angle=circling,
        curve=bend,
        width=width,
        aspect=3.2,
        sway=0.06,
        vary=vary,
    )
