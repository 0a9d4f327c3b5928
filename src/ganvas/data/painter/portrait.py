"""Portraits: head and shoulders from the front, or in profile in front of a disc."""

import math
from collections.abc import Sequence

import numpy as np

from ganvas.data.painter import hair
from ganvas.data.painter.brush import ROUND, Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import curve_through, fill, fill_disc, inside, plain
from ganvas.data.painter.head import Head, Point, front_features, paint_skin, side_ear, side_features
from ganvas.data.painter.palettes import Palette, blend, darkest_first, mix, pick, picks
from ganvas.foundation.arrays import Floats

# The right half of a face from crown to chin: (right, down) in half widths and half heights of the head.
FACE = ((0.0, -1.0), (0.6, -0.88), (0.93, -0.45), (0.96, 0.05), (0.84, 0.48), (0.46, 0.88), (0.0, 1.0))
NECK = ((-0.42, 0.5), (0.42, 0.5), (0.5, 1.6), (-0.5, 1.6))
# A face from the side, looking right: forehead, nose, lips, chin, jaw and the back of the skull.
SIDE_FACE = (
    *((0.0, -1.0), (0.48, -0.86), (0.7, -0.55), (0.74, -0.28), (0.68, -0.13), (0.8, 0.06), (0.95, 0.2)),
    *((0.76, 0.3), (0.81, 0.42), (0.75, 0.49), (0.79, 0.57), (0.7, 0.66), (0.73, 0.82), (0.55, 0.97)),
    *((0.2, 0.86), (-0.1, 0.6), (-0.6, 0.4), (-0.86, -0.1), (-0.7, -0.65)),
)
SIDE_NECK = ((0.34, 0.6), (0.3, 1.6), (-0.62, 1.7), (-0.6, 0.2))


def frontal(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A bust from the front before a wall: hair of any length, sometimes a beard, a knot or a hat."""
    tall = rng.uniform(0.21, 0.27)
    head = Head(
        rng.uniform(0.42, 0.58),
        rng.uniform(0.38, 0.46),
        wide=tall * rng.uniform(0.68, 0.8),
        tall=tall,
        tilt=rng.normal(0.0, 0.1),
        facing=1.0,
        lit=rng.choice([-1.0, 1.0]),
    )
    colours = hair.hair_colours(palette, rng)
    volume, bearded, adorned = rng.uniform(1.08, 1.4), rng.random() < 0.25, rng.random()
    _wall(canvas, palette, rng, head.lit)
    hair.behind(canvas, rng, head, colours, 0.1 if bearded else rng.uniform(0.0, 1.0), volume)
    if adorned < 0.2:
        hair.top_knot(canvas, rng, head, colours)
    _neck(canvas, palette, rng, head, NECK)
    _garment(canvas, palette, rng, head)
    paint_skin(canvas, palette, rng, head, inside(head.mirrored(FACE)))
    if bearded:
        hair.beard(canvas, rng, head, colours)
    front_features(canvas, palette, rng, head, turn=rng.normal(0.0, 0.08), brow=colours[0])
    hair.front(canvas, rng, head, colours, volume)
    if adorned > 0.75:
        hair.hat(canvas, palette, rng, head)


def profile(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A bust in profile in front of a disc, with hair pinned up or loose."""
    tall = rng.uniform(0.21, 0.27)
    facing = rng.choice([-1.0, 1.0])
    head = Head(
        0.5 - facing * rng.uniform(-0.02, 0.07),
        rng.uniform(0.38, 0.44),
        wide=tall * rng.uniform(0.92, 1.02),
        tall=tall,
        tilt=facing * rng.normal(0.0, 0.1),
        facing=facing,
        lit=facing,
    )
    colours = hair.hair_colours(palette, rng)
    loose = rng.random() < 0.5
    _disc(canvas, palette, rng, head)
    if loose:
        hair.loose_hair(canvas, rng, head, colours)
    _neck(canvas, palette, rng, head, SIDE_NECK)
    _garment(canvas, palette, rng, head)
    paint_skin(canvas, palette, rng, head, inside(curve_through(head.at(SIDE_FACE))))
    side_features(canvas, palette, rng, head, brow=colours[0])
    hair.side_hair(canvas, rng, head, colours, loose)
    side_ear(canvas, palette, rng, head)


def _wall(canvas: Canvas, palette: Palette, rng: np.random.Generator, lit: float) -> None:
    """A wall that is darker away from the light, in half of the pictures above a wainscot of another colour."""
    colours = darkest_first(picks(rng, palette.ground, 2))
    colours[0] = mix(colours[0], pick(rng, palette.body), rng.uniform(0.1, 0.45))
    angle = math.pi / 2 + rng.normal(0.0, 0.3)
    rail = rng.uniform(0.5, 0.75) if rng.random() < 0.5 else 1.2
    wood = mix(colours[0], pick(rng, palette.dark), 0.35)

    def colour(x: Floats, y: Floats) -> Floats:
        wall = mix(colours[0], colours[1], 0.5 + lit * (x - 0.5) + 0.3 * (0.5 - y))
        return np.where((y > rail)[:, None], wood, wall)

    fill(canvas, rng, colour=colour, angle=angle, width=0.15, aspect=3.0, sway=0.4)
    fill(canvas, rng, colour=colour, angle=angle, width=0.07, aspect=3.5, sway=0.5, vary=0.035)


def _disc(canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head) -> None:
    """A large disc of strokes around the head, in two shades, on a plain ground."""
    ground, outer, inner = pick(rng, palette.ground), pick(rng, palette.body), pick(rng, palette.light)
    outer = mix(outer, ground, 0.25)
    inner = mix(outer, inner, rng.uniform(0.25, 0.6))
    fill(canvas, rng, colour=plain(ground), angle=0.6, width=0.12, sway=0.6, vary=0.03)
    radius = head.tall * rng.uniform(1.45, 1.75)

    def colour(x: Floats, y: Floats) -> Floats:
        within = np.sqrt((x - head.x) ** 2 + (y - head.y) ** 2) < radius * 0.82
        return np.where(within[:, None], inner, outer)

    fill_disc(canvas, rng, head.x, head.y, radius, colour=colour, width=0.045, vary=0.03)


def _garment(canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head) -> None:
    """Shoulders in a coat or dress: strokes down from the neck, a collar, and sometimes a pattern of dabs."""
    x, top = head.x - head.facing * 0.02, head.y + head.tall * 1.25
    slope, broad = rng.uniform(0.1, 0.18), rng.uniform(0.34, 0.42)
    neck = head.tall * rng.uniform(0.42, 0.62)
    right = [(neck, 0.0), (broad * 0.7, slope * 0.55), (broad, slope * 1.3), (broad * 1.12, 0.6)]
    dip = rng.uniform(0.03, 0.16)
    half = np.array([(0.0, dip), (neck * 0.6, dip * 0.5), *right])
    outline = np.concatenate([half, half[::-1] * (-1.0, 1.0)]) + np.array([x, top])
    mask = inside(curve_through(outline, closed=False))
    cloth = pick(rng, palette.body)
    tones = np.stack([mix(cloth, pick(rng, palette.dark), 0.6), cloth, mix(cloth, pick(rng, palette.light), 0.35)])

    def colour(px: Floats, py: Floats) -> Floats:
        return blend(tones, 0.5 + head.lit * (px - x) * 1.2 - (py - top) * 0.4)

    def falling(px: Floats, py: Floats) -> Floats:
        return np.arctan2(0.35 + (py - top), (px - x) * 1.5)

    fill(canvas, rng, mask=mask, colour=colour, angle=falling, width=0.07, aspect=3.5)
    fill(canvas, rng, mask=mask, colour=colour, angle=falling, width=0.035, cover=1.2, vary=0.035, under=False)
    if rng.random() < 0.45:
        spark = mix(pick(rng, palette.accent), cloth, 0.2)
        dots = rng.uniform(0.02, 0.035)
        fill(
            canvas,
            rng,
            mask=mask,
            colour=plain(spark),
            angle=0.5,
            width=dots,
            aspect=1.2,
            brush=ROUND,
            cover=0.18,
            under=False,
        )
    collar = mix(tones[0 if rng.random() < 0.5 else 2], pick(rng, palette.accent), rng.uniform(0.0, 0.7))
    for side in (-1.0, 1.0):
        edge = Strokes.of(
            x + side * neck * 0.52,
            top + dip * 0.5,
            angle=math.atan2(dip, -side * neck),
            length=math.hypot(dip, neck) * 1.15,
            width=0.024,
            colour=collar,
        )
        canvas.lay(edge)


def _neck(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    head: Head,
    outline: Sequence[Point],
) -> None:
    """The neck, darker under the chin."""
    top = head.y + head.tall * 0.8

    def colour(x: Floats, y: Floats) -> Floats:
        light = 0.4 + head.lit * (x - head.x) / head.wide * 0.35
        return blend(palette.skin, light + np.clip((y - top) / head.tall, -0.3, 0.3))

    fill(canvas, rng, mask=inside(head.at(outline)), colour=colour, angle=math.pi / 2, width=0.04, aspect=3.0)
