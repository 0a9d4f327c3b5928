"""A turned vase on a table."""

import math

import numpy as np

from ganvas.data.painter.brush import Strokes
from ganvas.data.painter.canvas import CENTRES, Canvas, Mask
from ganvas.data.painter.forms import curve_through, fill, inside, plain
from ganvas.data.painter.palettes import Palette, blend, mix, pick
from ganvas.foundation.arrays import Floats


def paint_vase(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    x: float,
    rim: float,
    foot: float,
    shade: Floats,
) -> None:
    """Paint a vase with a cast shadow, and in half of the pictures with a band.

    Args:
        canvas: the canvas to paint on.
        palette: the pigments.
        rng: the random generator.
        x: the position of its axis.
        rim: the position of its rim, downwards.
        foot: the position of its foot, downwards.
        shade: float64 [3], the colour of the table in the shade.
    """
    tall = foot - rim
    neck, belly, base = rng.uniform(0.055, 0.1), rng.uniform(0.11, 0.17), rng.uniform(0.06, 0.1)
    where = rng.uniform(0.45, 0.7)
    right = [(neck * 1.2, 0.0), (neck, 0.14), (belly, where), (base, 1.0)]
    half = [(x + w, rim + tall * h) for w, h in right]
    line = curve_through(half, closed=False)
    mirrored = np.stack([2 * x - line[::-1, 0], line[::-1, 1]], axis=1)
    mask = inside(np.concatenate([line, mirrored]))
    glaze = pick(rng, palette.body if rng.random() < 0.6 else palette.light)
    tones = np.stack([mix(glaze, pick(rng, palette.light), 0.55), glaze, mix(glaze, pick(rng, palette.dark), 0.6)])
    # 1 for light from the left and shadow on the right; -1 for the reverse.
    away = rng.choice([-1.0, 1.0])
    shadow = Strokes.of(x + away * 0.14, foot - 0.01, length=0.4, width=0.07, colour=mix(shade, palette.dark[0], 0.5))
    canvas.lay(shadow)
    fill(
        canvas,
        rng,
        mask=mask,
        colour=lambda px, py: blend(tones, 0.5 + away * (px - x) / (2.2 * belly)),
        angle=math.pi / 2,
        curve=lambda px, py: (x - px) * away * 6.0,
        width=0.035,
        aspect=4.0,
        vary=0.02,
    )
    if rng.random() < 0.5:
        _band(canvas, palette, rng, mask, rim + tall * where)
    gleam = Strokes.of(
        x - away * belly * 0.5,
        rim + tall * where,
        angle=1.45,
        length=tall * 0.35,
        width=0.02,
        colour=palette.light[0],
    )
    canvas.lay(gleam, mask)


def _band(canvas: Canvas, palette: Palette, rng: np.random.Generator, mask: Mask, y: float) -> None:
    """A horizontal band around the vase, whose mask is given, at height `y`."""
    fill(
        canvas,
        rng,
        mask=mask * (np.abs(CENTRES[:, None] - y) < 0.022).astype(np.float32),
        colour=plain(palette.accent[0]),
        angle=0.0,
        width=0.022,
    )
