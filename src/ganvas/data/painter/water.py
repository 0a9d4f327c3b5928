"""Sea: water with reflected light, coasts and boats."""

import numpy as np

from ganvas.data.painter.brush import Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import below, curve_through, fill, inside, waves
from ganvas.data.painter.palettes import Palette, blend, jitter, mix, pick
from ganvas.foundation.arrays import Floats


def paint_water(
    canvas: Canvas, palette: Palette, rng: np.random.Generator, sky: Floats, sun_x: float, horizon: float
) -> None:
    """Paint horizontal strokes of water, and the reflection of the sun broken by the waves."""
    deep = mix(pick(rng, palette.water), pick(rng, palette.dark), rng.uniform(0.0, 0.3))
    mid = mix(deep, sky[1], 0.55)
    far = mix(deep, sky[2], rng.uniform(0.4, 0.7))
    tones = np.stack([far, mid, deep])
    mask = below(lambda x: np.full_like(x, horizon))

    def colour(x: Floats, y: Floats) -> Floats:
        return blend(tones, (y - horizon) / (1.0 - horizon) + rng.normal(0.0, 0.12, len(x)))

    fill(canvas, rng, mask=mask, colour=colour, angle=0.0, width=0.06, aspect=5.0, sway=0.03)
    fill(
        canvas,
        rng,
        mask=mask,
        colour=colour,
        angle=0.0,
        width=0.022,
        under=False,
        aspect=7.0,
        sway=0.06,
        cover=1.4,
        vary=0.04,
    )
    count = 110
    depth = rng.uniform(0.0, 1.0, count) ** 1.5
    y = horizon + 0.006 + depth * (0.99 - horizon)
    glint = mix(pick(rng, palette.light), palette.accent[0], rng.uniform(0.0, 0.5))
    canvas.lay(
        Strokes.of(
            sun_x + rng.normal(0.0, 1.0, count) * (0.025 + 0.09 * depth),
            y,
            angle=rng.normal(0.0, 0.05, count),
            length=0.03 + 0.09 * depth * rng.uniform(0.5, 1.3, count),
            width=0.008 + 0.016 * depth,
            colour=jitter(rng, mix(mid, glint, rng.uniform(0.55, 1.0, count)), 0.02),
        )
    )


def headland(canvas: Canvas, palette: Palette, rng: np.random.Generator, horizon: float) -> None:
    """Paint a distant coast that reaches into the water from one side."""
    left = rng.random() < 0.5
    reach, tall = rng.uniform(0.25, 0.6), rng.uniform(0.05, 0.14)
    profile = [(-0.1, 0.9), (0.25, 1.0), (0.5, 0.62), (0.75, 0.5), (1.0, 0.0)]
    crest = [(px * reach, horizon + 0.006 - h * tall * rng.uniform(0.75, 1.1)) for px, h in profile]
    outline = np.concatenate([curve_through(crest, closed=False), [(reach, horizon + 0.006), (-0.1, horizon + 0.006)]])
    if not left:
        outline[:, 0] = 1.0 - outline[:, 0]
    tones = np.stack([mix(pick(rng, palette.ground), pick(rng, palette.water), 0.6), pick(rng, palette.dark)])
    tones[1] = mix(tones[0], tones[1], 0.6)
    slope = 0.35 if left else -0.35
    fill(
        canvas,
        rng,
        mask=inside(outline),
        colour=lambda x, y: blend(tones, (y - horizon + tall) / tall),
        angle=slope,
        width=0.03,
        aspect=3.0,
    )


def shore(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Paint a sandy shore in the foreground with a line of foam."""
    slope = rng.uniform(-0.14, 0.14)
    wave = waves(rng, rng.uniform(0.86, 0.93), 0.015, octaves=2)

    def line(x: Floats) -> Floats:
        return wave(x) + slope * (x - 0.5)

    sand = mix(pick(rng, palette.ground), palette.skin[1], 0.4)
    damp = mix(sand, pick(rng, palette.dark), 0.4)
    fill(
        canvas,
        rng,
        mask=below(line),
        colour=lambda x, y: mix(damp, sand, (y - line(x)) * 12.0),
        angle=slope,
        width=0.04,
        aspect=5.0,
    )
    x = np.linspace(-0.02, 1.02, 22)
    foam = mix(sand, palette.light[0], 0.8)
    canvas.lay(Strokes.of(x, line(x), angle=slope, length=0.09, width=0.014, colour=foam, curve=-2.0, opacity=0.85))


def sail(canvas: Canvas, palette: Palette, rng: np.random.Generator, x: float, y: float) -> None:
    """Paint a small boat: a hull, two sails and their broken reflection."""
    tall = 0.05 + (y - 0.4) * rng.uniform(0.2, 0.45)
    side = rng.choice([-1.0, 1.0])
    cloth = mix(pick(rng, palette.light), pick(rng, palette.accent), rng.uniform(0.0, 0.6))
    main = np.array([(0.0, -1.0), (0.42 * side, -0.14), (0.0, -0.14)]) * tall + (x, y)
    jib = np.array([(-0.05 * side, -0.85), (-0.3 * side, -0.14), (-0.05 * side, -0.14)]) * tall + (x, y)
    shade = mix(cloth, pick(rng, palette.dark), 0.25)
    for outline, colour in ((main, cloth), (jib, shade)):
        canvas.wash(colour, inside(outline))
    hull = Strokes.of(
        x, y - 0.05 * tall, length=tall * 0.95, width=tall * 0.2, curve=-1.5 / tall, colour=palette.dark[0]
    )
    canvas.lay(hull)
    drop = np.linspace(0.12, 0.7, 5) * tall
    mirror = Strokes.of(
        x + rng.normal(0.0, 0.05, 5) * tall,
        y + drop,
        length=tall * 0.45,
        width=0.008,
        colour=cloth,
        opacity=0.5,
    )
    canvas.lay(mirror)
