"""A head: its coordinate system, its skin, and its features from the front and from the side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganvas.data.painter.brush import LEAF, ROUND, Brush, Strokes
from ganvas.data.painter.canvas import Canvas, Mask
from ganvas.data.painter.forms import curve_through, fill
from ganvas.data.painter.palettes import Palette, blend, mix, pick
from ganvas.foundation.arrays import Floats

Point = tuple[float, float]


@dataclass(frozen=True)
class Head:
    """The coordinate system of a head: (0, 0) is the middle of the face, 1 its edge to the right or downwards.

    Attributes:
        x: the position of its middle, to the right.
        y: the position of its middle, downwards.
        wide: half its width.
        tall: half its height.
        tilt: its rotation in radians.
        facing: 1, or -1 to mirror it.
        lit: 1 for light from the right of the picture, -1 from the left.
    """

    x: float
    y: float
    wide: float
    tall: float
    tilt: float
    facing: float
    lit: float

    def at(self, points: Sequence[Point] | Floats) -> Floats:
        """The positions in the picture of points [N, 2] of the head: [N, 2]."""
        right, down = np.asarray(points, float).T * np.array([[self.wide * self.facing], [self.tall]])
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        return np.stack([self.x + cos * right - sin * down, self.y + sin * right + cos * down], axis=1)

    def mirrored(self, half: Sequence[Point]) -> Floats:
        """The closed outline in the picture of a symmetric form, from its right half, top to bottom."""
        other = [(-x, y) for x, y in half[-2:0:-1]]
        return curve_through(self.at([*half, *other]))

    def line(
        self,
        canvas: Canvas,
        start: Point,
        end: Point,
        width: float,
        colour: Floats,
        *,
        bend: float = 0.0,
        brush: Brush = LEAF,
        opacity: float = 0.9,
    ) -> None:
        """Paint a stroke between two points of the head; `width` and `bend` (its rise) are in half heights."""
        (x0, y0), (x1, y1) = self.at([start, end])
        length = math.hypot(x1 - x0, y1 - y0)
        rise = bend * self.tall
        stroke = Strokes.of(
            (x0 + x1) / 2,
            (y0 + y1) / 2 - rise,
            angle=math.atan2(y1 - y0, x1 - x0),
            length=length,
            width=width * self.tall,
            colour=colour,
            curve=8 * rise / length**2 * math.copysign(1.0, x1 - x0),
            brush=brush,
            opacity=opacity,
        )
        canvas.lay(stroke)


def paint_skin(canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head, mask: Mask) -> None:
    """The skin from light to shade, warmer on the cheeks, in strokes that follow the face."""
    blush = mix(palette.skin[1], palette.blush[0], 0.5)
    strength = rng.uniform(0.2, 0.6)
    depth = rng.uniform(0.28, 0.42)

    def colour(x: Floats, y: Floats) -> Floats:
        across, down = (x - head.x) / head.wide, (y - head.y) / head.tall
        tone = blend(palette.skin, 0.72 + depth * head.lit * across - 0.12 * down)
        cheek = np.exp(-((np.abs(across) - 0.5) ** 2 + (down - 0.28) ** 2) / 0.05)
        return mix(tone, blush, strength * cheek)

    def around(x: Floats, y: Floats) -> Floats:
        return math.pi / 2 - 0.6 * (x - head.x) * (y - head.y) / (head.wide * head.tall)

    fill(canvas, rng, mask=mask, colour=colour, angle=around, width=0.055, aspect=2.0, vary=0.012, cover=3.0)
    fill(
        canvas,
        rng,
        mask=mask,
        colour=colour,
        angle=around,
        width=0.026,
        aspect=2.8,
        vary=0.015,
        sway=0.3,
        brush=LEAF,
        under=False,
        opacity=0.75,
    )


def front_features(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head, turn: float, brow: Floats
) -> None:
    """Almond eyes, a long nose and a small mouth; `turn` shifts them sideways, `brow` is the colour of the brows."""
    level = rng.uniform(-0.1, 0.02)
    shade = mix(palette.skin[0], palette.skin[1], 0.3)
    _eyes(canvas, palette, rng, head, turn, level, brow)
    tip = level + rng.uniform(0.44, 0.54)
    far = -head.lit * 0.12
    head.line(canvas, (turn + far, level - 0.14), (turn * 1.6 + far * 1.2, tip), 0.08, shade, opacity=0.6)
    head.line(canvas, (turn * 1.4, level), (turn * 1.6, tip - 0.05), 0.07, palette.skin[2], opacity=0.7)
    head.line(canvas, (turn * 1.6 - 0.17, tip), (turn * 1.6 + 0.17, tip), 0.055, shade, bend=-0.03)
    lip = mix(palette.skin[0], palette.blush[0], rng.uniform(0.5, 0.95))
    line = mix(palette.dark[0], lip, 0.4)
    mouth, half, smile = tip + rng.uniform(0.18, 0.23), rng.uniform(0.2, 0.32), rng.uniform(-0.05, 0.0)
    soft = mix(lip, palette.skin[2], 0.3)
    head.line(canvas, (turn - half * 0.8, mouth + 0.05), (turn + half * 0.8, mouth + 0.05), 0.1, soft, bend=smile)
    head.line(canvas, (turn - half, mouth), (turn + half, mouth), 0.075, lip, bend=smile + 0.01)
    head.line(canvas, (turn - half, mouth + 0.02), (turn + half, mouth + 0.02), 0.03, line, bend=smile, opacity=0.7)
    head.line(canvas, (turn - 0.18, mouth + 0.16), (turn + 0.18, mouth + 0.16), 0.06, shade, opacity=0.35)


def _eyes(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head, turn: float, level: float, brow: Floats
) -> None:
    """Both eyes at height `level`: socket, white, iris, the line of the lid, and the brow."""
    shade = mix(palette.skin[0], palette.skin[1], 0.4)
    line = mix(palette.dark[0], palette.skin[0], 0.2)
    iris = mix(line, pick(rng, np.concatenate([palette.water, palette.foliage[1:], palette.hair[1:2]])), 0.45)
    white = mix(palette.light[1], palette.skin[2], 0.4)
    distance, slant = rng.uniform(0.38, 0.45), rng.normal(0.0, 0.025)
    arch, height = rng.uniform(0.01, 0.06), level - rng.uniform(0.18, 0.24)
    gaze = rng.uniform(-0.06, 0.06)
    for side in (-1.0, 1.0):
        x, inner, outer = turn + side * distance, turn + side * (distance - 0.2), turn + side * (distance + 0.23)
        head.line(canvas, (inner, level - 0.04), (outer, level - 0.04), 0.28, shade, opacity=0.4)
        head.line(canvas, (inner, level), (outer, level - slant), 0.12, white, bend=0.02)
        head.line(canvas, (x + gaze, level - 0.065), (x + gaze, level + 0.055), 0.12, iris, brush=ROUND)
        head.line(canvas, (inner, level - 0.01), (outer, level - 0.03 - slant), 0.055, line, bend=0.055)
        head.line(canvas, (inner, height), (outer + side * 0.06, height - slant), 0.075, brow, bend=arch)


def side_features(canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head, brow: Floats) -> None:
    """The features in profile: one eye, brow, nostril, lips and jaw."""
    shade = mix(palette.skin[0], palette.skin[1], 0.3)
    line = mix(palette.dark[0], palette.skin[0], 0.2)
    lip = mix(palette.skin[0], palette.blush[0], rng.uniform(0.5, 0.95))
    level, lid = rng.uniform(-0.18, -0.1), rng.uniform(-0.02, 0.05)
    head.line(canvas, (0.34, level), (0.64, level), 0.26, shade, opacity=0.4)
    head.line(canvas, (0.42, level + 0.02), (0.63, level + 0.02), 0.11, mix(palette.light[1], palette.skin[2], 0.35))
    head.line(canvas, (0.57, level - 0.05), (0.57, level + 0.07), 0.1, line, brush=ROUND)
    head.line(canvas, (0.36, level + lid), (0.66, level - 0.04), 0.055, line, bend=0.03)
    head.line(canvas, (0.32, level - 0.2), (0.7, level - 0.19), 0.075, brow, bend=rng.uniform(0.01, 0.05))
    head.line(canvas, (0.66, 0.26), (0.8, 0.27), 0.06, shade)
    head.line(canvas, (0.56, 0.45), (0.8, 0.43), 0.09, lip)
    head.line(canvas, (0.58, 0.55), (0.78, 0.56), 0.1, mix(lip, palette.skin[2], 0.25))
    head.line(canvas, (0.54, 0.5), (0.77, 0.49), 0.03, line, opacity=0.7)
    head.line(canvas, (0.0, 0.62), (0.5, 0.92), 0.1, shade, bend=-0.03, opacity=0.45)


def side_ear(canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head) -> None:
    """The ear below pinned-up hair, with an earring in most pictures."""
    head.line(canvas, (-0.1, -0.12), (-0.06, 0.22), 0.17, mix(palette.skin[1], palette.skin[2], 0.5), brush=ROUND)
    head.line(canvas, (-0.09, -0.04), (-0.07, 0.12), 0.06, mix(palette.skin[0], palette.skin[1], 0.4))
    if rng.random() < 0.6:
        head.line(canvas, (-0.07, 0.25), (-0.07, 0.38), 0.1, palette.accent[0], brush=ROUND)
