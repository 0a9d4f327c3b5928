"""Landscapes: the sea under the sun or moon, or hills with trees."""

import numpy as np

from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import waves
from ganvas.data.painter.land import hill_range, house, meadow, trees
from ganvas.data.painter.palettes import Palette, mix, picks
from ganvas.data.painter.sky import paint_sky, paint_sun, sky_colours
from ganvas.data.painter.water import headland, paint_water, sail, shore


def sea(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Open water under a low sun or moon with its reflection, sometimes with a headland, sails or a shore."""
    horizon = rng.uniform(0.42, 0.6)
    sun_x, sun_y = rng.uniform(0.2, 0.8), horizon - rng.uniform(0.1, 0.28)
    sky = sky_colours(palette, rng)
    paint_sky(canvas, palette, rng, sky, glow=(sun_x, sun_y), horizon=horizon)
    paint_sun(canvas, palette, rng, sun_x, sun_y, rng.uniform(0.045, 0.085))
    paint_water(canvas, palette, rng, sky, sun_x, horizon)
    if rng.random() < 0.5:
        headland(canvas, palette, rng, horizon)
    if rng.random() < 0.35:
        shore(canvas, palette, rng)
    for _ in range(rng.integers(0, 3)):
        sail(canvas, palette, rng, rng.uniform(0.12, 0.88), horizon + rng.uniform(0.01, 0.12))


def hills(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Ranges of hills, the nearer the darker and richer in colour, with trees in front."""
    horizon = rng.uniform(0.34, 0.5)
    sky = sky_colours(palette, rng)
    paint_sky(canvas, palette, rng, sky, glow=(rng.uniform(0.0, 1.0), horizon), horizon=horizon + 0.12)
    count = int(rng.integers(3, 6))
    fields = picks(rng, np.concatenate([palette.foliage[1:], palette.ground[2:4], palette.body[3:5]]), count)
    for i in range(count):
        near = (i + 1) / count
        line = waves(rng, horizon + (0.93 - horizon) * (i / count) ** 1.15, 0.11 * (1.1 - near))
        hill_range(
            canvas,
            palette,
            rng,
            line,
            mix(mix(sky[-1], palette.body[2], 0.35), fields[i], 0.2 + 0.7 * near),
            near,
        )
        if i >= count - 2:
            trees(canvas, palette, rng, line, near)
        if i == count - 2 and rng.random() < 0.6:
            house(canvas, palette, rng, rng.uniform(0.15, 0.85), line)
    meadow(canvas, palette, rng, line)
