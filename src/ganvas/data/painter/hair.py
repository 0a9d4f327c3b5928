"""Hair around the head or hanging down, beards, and hats."""

import math

import numpy as np

from ganvas.data.painter.brush import LINER
from ganvas.data.painter.canvas import Canvas, Mask
from ganvas.data.painter.forms import Field, curve_through, disc, fill, inside
from ganvas.data.painter.head import Head
from ganvas.data.painter.palettes import Palette, blend, mix, pick
from ganvas.foundation.arrays import Floats

# Pinned-up hair from the side: over the skull from forehead to nape, and back along the hairline around the ear.
UP = (
    *((0.6, -0.78), (0.3, -1.08), (-0.25, -1.17), (-0.8, -0.88), (-1.02, -0.25), (-0.88, 0.3), (-0.55, 0.5)),
    *((-0.3, 0.26), (-0.24, -0.08), (-0.08, -0.3), (0.14, -0.2), (0.28, -0.46), (0.48, -0.62)),
)
# Hair down the back, from the side.
LOOSE = ((0.1, -0.9), (-0.8, -0.95), (-1.08, -0.1), (-1.12, 1.0), (-0.75, 1.8), (-0.2, 1.4), (-0.1, 0.2))
# A full beard, from the front: right half from the cheek down to the chin and up to the lower lip.
BEARD = ((0.0, 0.42), (0.35, 0.36), (0.62, 0.5), (0.93, 0.1), (0.86, 0.62), (0.5, 1.04), (0.0, 1.2))


def hair_colours(palette: Palette, rng: np.random.Generator) -> Floats:
    """The colours of hair from shadow to light: [3, 3]."""
    hair = pick(rng, palette.hair)
    return np.stack([mix(hair, palette.dark[0], 0.6), hair, mix(hair, pick(rng, palette.light), 0.4)])


def _mass(canvas: Canvas, rng: np.random.Generator, mask: Mask, colour: Field, angle: Field) -> None:
    """Broad locks with single strands on top."""
    fill(canvas, rng, mask=mask, colour=colour, angle=angle, width=0.032, aspect=4.0, vary=0.015)
    fill(
        canvas,
        rng,
        mask=mask,
        colour=colour,
        angle=angle,
        width=0.014,
        aspect=7.0,
        vary=0.022,
        brush=LINER,
        cover=1.1,
        under=False,
    )


def _around(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats, mask: Mask) -> None:
    """Hair around the head with a band of light; below the ears it hangs down."""
    bright = rng.uniform(-0.7, -0.3)

    def colour(x: Floats, y: Floats) -> Floats:
        right, down = head.facing * (x - head.x) / head.wide, (y - head.y) / head.tall
        gleam = np.exp(-((np.arctan2(down, right) / math.pi - bright) ** 2) / 0.02)
        return blend(hair, 0.32 + 0.45 * gleam + rng.normal(0.0, 0.12, len(x)))

    def angle(x: Floats, y: Floats) -> Floats:
        circling = np.arctan2(y - head.y, x - head.x) + math.pi / 2
        directions: Floats = np.where(y > head.y + 0.45 * head.tall, math.pi / 2, circling)
        return directions

    _mass(canvas, rng, mask, colour, angle)


def behind(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats, length: float, volume: float) -> None:
    """The hair behind face and neck; it ends at the ears for `length` 0, and on the shoulders for 1."""
    end = 0.1 + 1.4 * length
    widest = volume * (1.0 + 0.12 * length)
    half = [(0.0, -1.22), (0.72 * volume, -1.04), (volume, -0.3), (widest, 0.6 * end), (0.75 * volume, end)]
    _around(canvas, rng, head, hair, inside(head.mirrored([*half, (0.0, end * 0.9)])))


def front(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats, volume: float) -> None:
    """Hair from a parting down both temples; low ends make a fringe, high ends leave the forehead free."""
    part, fringe, temple = rng.uniform(-0.6, 0.6), rng.uniform(-0.8, -0.42), rng.uniform(-0.3, 0.2)
    pivot = head.at([(part, -0.75)])[0]

    def falling(x: Floats, y: Floats) -> Floats:
        directions: Floats = np.arctan2(y - pivot[1] + 0.35 * head.tall, (x - pivot[0]) * 1.2)
        return directions

    def colour(x: Floats, y: Floats) -> Floats:
        side = np.sign(x - pivot[0])
        lit = 0.38 + 0.22 * side * head.lit * np.exp(-(((y - head.y) / head.tall + 0.7) ** 2) / 0.06)
        return blend(hair, lit + rng.normal(0.0, 0.13, len(x)))

    for side in (-1.0, 1.0):
        over = [(part, -1.2), (side * 0.7 * volume, -1.06), (side * volume, -0.35), (side * 0.98, temple + 0.2)]
        back = [(side * 0.84, temple - 0.2), (side * 0.6 + 0.2 * part, fringe), (part, fringe - 0.24)]
        _mass(canvas, rng, inside(curve_through(head.at([*over, *back]))), colour, falling)


def top_knot(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats) -> None:
    """A knot on the crown."""
    (x, y), size = head.at([(rng.uniform(-0.2, 0.2), -1.3)])[0], head.tall * rng.uniform(0.25, 0.36)
    knot = Head(x, y, size, size, 0.0, 1.0, head.lit)
    _around(canvas, rng, knot, hair, disc(x, y, size))


def beard(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats) -> None:
    """A full beard; paint it before the mouth."""

    def angle(x: Floats, y: Floats) -> Floats:
        return np.arctan2(head.tall, (x - head.x) * 1.3)

    def colour(x: Floats, y: Floats) -> Floats:
        return blend(hair, 0.4 + 0.3 * head.lit * (x - head.x) / head.wide + rng.normal(0.0, 0.12, len(x)))

    _mass(canvas, rng, inside(head.mirrored(BEARD)), colour, angle)


def hat(canvas: Canvas, palette: Palette, rng: np.random.Generator, head: Head) -> None:
    """A hat with a round crown, a band and a brim."""
    felt = pick(rng, np.concatenate([palette.body, palette.dark]))
    tones = np.stack([mix(felt, palette.dark[0], 0.5), felt, mix(felt, palette.light[0], 0.3)])

    def colour(x: Floats, y: Floats) -> Floats:
        return blend(tones, 0.5 + 0.35 * head.lit * (x - head.x) / head.wide)

    brim, high = rng.uniform(1.3, 1.75), rng.uniform(-1.5, -1.3)
    crown = [(0.0, high), (0.7, high + 0.1), (1.0, -0.9), (1.02, -0.6), (0.0, -0.56)]
    fill(canvas, rng, mask=inside(head.mirrored(crown)), colour=colour, angle=0.3 * head.lit, width=0.04, aspect=3.0)
    band = mix(pick(rng, palette.accent), felt, 0.25)
    head.line(canvas, (-1.03, -0.74), (1.03, -0.74), 0.13, band, brush=LINER)
    edge = [(0.0, -0.74), (0.8 * brim, -0.7), (brim, -0.58), (0.7 * brim, -0.5), (0.0, -0.46)]
    fill(canvas, rng, mask=inside(head.mirrored(edge)), colour=colour, angle=head.tilt, width=0.03, aspect=5.0)


def side_hair(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats, loose: bool) -> None:
    """Hair over the skull in profile, with a bun unless it is `loose` (see `loose_hair`)."""
    _around(canvas, rng, head, hair, inside(curve_through(head.at(UP))))
    if not loose:
        (x, y), size = head.at([(-0.95, rng.uniform(-0.65, 0.15))])[0], head.tall * rng.uniform(0.28, 0.46)
        bun = Head(x, y, size, size, 0.0, head.facing, head.lit)
        _around(canvas, rng, bun, hair, disc(x, y, size))


def loose_hair(canvas: Canvas, rng: np.random.Generator, head: Head, hair: Floats) -> None:
    """Hair down the back in profile; paint it before neck and garment."""
    _around(canvas, rng, head, hair, inside(curve_through(head.at(LOOSE))))
