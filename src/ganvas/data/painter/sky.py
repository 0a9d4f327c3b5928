"""Sky: its colours from zenith to horizon, clouds, and the sun or moon."""

import math

import numpy as np

from ganvas.data.painter.brush import DRY, Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import fill, fill_disc, plain, waves
from ganvas.data.painter.palettes import Palette, blend, darkest_first, jitter, mix, pick, picks
from ganvas.foundation.arrays import Floats


def sky_colours(palette: Palette, rng: np.random.Generator) -> Floats:
    """The colours of the sky from the zenith down to the horizon, which is the lightest: [3, 3]."""
    colours = darkest_first(picks(rng, palette.ground, 3))
    colours[0] = mix(colours[0], pick(rng, palette.body), rng.uniform(0.15, 0.5))
    colours[2] = mix(colours[2], pick(rng, palette.light), rng.uniform(0.1, 0.35))
    return colours


def paint_sky(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    colours: Floats,
    glow: tuple[float, float],
    horizon: float,
) -> None:
    """Paint the sky, warmer and lighter near the glow, and clouds."""
    warm, spread = pick(rng, palette.light), rng.uniform(0.14, 0.3)
    drift = waves(rng, rng.normal(0.0, 0.12), 0.25, octaves=2)

    def colour(x: Floats, y: Floats) -> Floats:
        near = np.exp(-((x - glow[0]) ** 2 + 1.5 * (y - glow[1]) ** 2) / spread**2)
        return mix(blend(colours, y / horizon), warm, 0.75 * near)

    fill(canvas, rng, colour=colour, angle=lambda x, y: drift(x + y), width=0.11, aspect=3.5, cover=3.5)
    fill(canvas, rng, colour=colour, angle=lambda x, y: drift(x + y), width=0.045, aspect=5.0, cover=1.3)
    for _ in range(rng.integers(1, 5)):
        _cloud(canvas, palette, rng, colours, rng.uniform(0.0, 1.0), horizon * rng.uniform(0.15, 0.8))


def _cloud(canvas: Canvas, palette: Palette, rng: np.random.Generator, sky: Floats, x: float, y: float) -> None:
    """A cloud with a flat base in shade and rounded tops in the light."""
    count, long = int(rng.integers(24, 48)), rng.uniform(0.12, 0.28)
    top = mix(sky[2], pick(rng, palette.light), rng.uniform(0.3, 0.8))
    base = mix(sky[0], sky[1], rng.uniform(0.0, 0.8))
    off = np.sort(rng.normal(0.0, 0.5, count).clip(-1.0, 1.0))
    lift = np.sort(rng.uniform(0.0, 1.0, count)) * (1.0 - np.abs(off))
    canvas.lay(
        Strokes.of(
            x + rng.permutation(off) * long,
            y - lift * long * 0.4,
            angle=rng.normal(0.0, 0.25, count) + 0.5 * off,
            length=long * rng.uniform(0.3, 0.7, count),
            width=long * rng.uniform(0.1, 0.2, count),
            curve=rng.uniform(1.0, 6.0, count),
            colour=jitter(rng, mix(base, top, lift * 1.4 + 0.25), 0.02),
            brush=DRY,
            opacity=0.7,
        )
    )


def paint_sun(canvas: Canvas, palette: Palette, rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    """Paint the sun or moon: a halo of dabs around it, and the disc."""
    core = mix(pick(rng, palette.light), palette.accent[0], rng.uniform(0.0, 0.3))
    for ring in range(int(rng.integers(1, 4)), 0, -1):
        reach = radius * (1.0 + 0.55 * ring)
        count = 8 + 5 * ring
        angle = np.arange(count) * (2 * math.pi / count) + rng.normal(0.0, 0.1, count)
        canvas.lay(
            Strokes.of(
                x + np.cos(angle) * reach,
                y + np.sin(angle) * reach,
                angle=angle + math.pi / 2,
                length=radius * 1.1,
                width=radius * 0.38,
                curve=1.0 / reach,
                colour=jitter(rng, np.tile(core, (count, 1)), 0.02),
                opacity=0.55 - 0.12 * ring,
            )
        )
    fill_disc(canvas, rng, x, y, radius, colour=plain(core), width=radius * 0.45, vary=0.015)
