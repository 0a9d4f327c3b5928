"""Land: ranges of hills, trees, a house, and a meadow in front."""

import math
from collections.abc import Callable

import numpy as np

from ganvas.data.painter.brush import DRY, LEAF, LINER, Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import below, fill, inside
from ganvas.data.painter.palettes import Palette, blend, jitter, mix, pick, picks
from ganvas.foundation.arrays import Floats

# The crest of a range: y at each x.
Line = Callable[[Floats], Floats]


def hill_range(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    line: Line,
    tone: Floats,
    near: float,
) -> None:
    """A range of hills: strokes along its slopes, furrows of a second colour, and a light crest."""
    mask = below(line)
    furrow = mix(tone, pick(rng, palette.body if near > 0.5 else palette.ground), rng.uniform(0.15, 0.45))
    low = mix(tone, pick(rng, palette.dark), 0.4)
    crest = mix(tone, pick(rng, palette.light), 0.3)
    lean = rng.uniform(-0.5, 0.5)

    def slope(x: Floats, y: Floats) -> Floats:
        return np.arctan((line(x + 0.02) - line(x - 0.02)) / 0.04) * 0.9 + lean * np.clip((y - line(x)) * 4, 0.0, 1.0)

    def colour(x: Floats, y: Floats) -> Floats:
        depth = np.clip((y - line(x)) / 0.28, 0.0, 1.0)
        return mix(blend(np.stack([crest, tone, low]), 0.25 + depth * 0.75), furrow, rng.uniform(-0.6, 1.0, len(x)))

    fill(canvas, rng, mask=mask, colour=colour, angle=slope, width=0.05 + 0.02 * near, aspect=4.0)
    fill(canvas, rng, mask=mask, colour=colour, angle=slope, width=0.024, brush=DRY, cover=1.2, vary=0.035, under=False)


def trees(canvas: Canvas, palette: Palette, rng: np.random.Generator, line: Line, near: float) -> None:
    """A few trees of one shape, from round to columnar: a trunk, and a crown of dabs from shade to light."""
    slim = rng.uniform(0.0, 1.0)
    leaf = palette.foliage if rng.random() < 0.65 else np.stack([palette.dark[0], *picks(rng, palette.body, 2)])
    for x in rng.uniform(0.03, 0.97, int(rng.integers(2, 6))):
        ground = float(line(np.array([x]))[0]) + rng.uniform(0.0, 0.05)
        tall = (0.08 + 0.2 * near) * rng.uniform(0.65, 1.1)
        wide = tall * (0.34 - 0.22 * slim)
        trunk = Strokes.of(
            x,
            ground - tall * 0.22,
            angle=math.pi / 2,
            length=tall * 0.5,
            width=tall * 0.09,
            colour=palette.dark[0],
            brush=LINER,
        )
        canvas.lay(trunk)
        count = 60
        off = rng.uniform(-1.0, 1.0, (count, 2))
        off = off[np.argsort(-off[:, 1] + off[:, 0] * 0.4 + rng.normal(0.0, 0.35, count))]
        narrow = np.sqrt(1.0 - off[:, 1] ** 2)
        light = np.clip(0.5 - off[:, 1] * 0.35 - off[:, 0] * 0.3, 0.0, 1.0)
        canvas.lay(
            Strokes.of(
                x + off[:, 0] * narrow * wide,
                ground - tall * (0.62 - off[:, 1] * 0.4),
                angle=rng.normal(math.pi / 2, 0.25 + 0.9 * (1.0 - slim), count),
                length=tall * (0.16 + 0.16 * slim) * rng.uniform(0.7, 1.3, count),
                width=tall * 0.11,
                curve=rng.normal(0.0, 4.0, count),
                colour=jitter(rng, blend(leaf, light), 0.03),
            )
        )


def house(canvas: Canvas, palette: Palette, rng: np.random.Generator, x: float, line: Line) -> None:
    """A small house with a bright roof."""
    y = float(line(np.array([x]))[0]) + 0.03
    w, h = rng.uniform(0.05, 0.08), rng.uniform(0.04, 0.055)
    wall = mix(palette.light[0], pick(rng, palette.ground), 0.4)
    roof = pick(rng, palette.accent if rng.random() < 0.3 else palette.body)
    box = np.array([(x - w, y), (x - w, y - h), (x + w, y - h), (x + w, y)])
    gable = np.array(
        [
            (x - w * 1.15, y - h),
            (x - w * 0.6, y - h * 1.9),
            (x + w * 0.75, y - h * 1.9),
            (x + w * 1.15, y - h),
        ]
    )
    for outline, colour in ((box, wall), (gable, roof)):
        canvas.wash(colour, inside(outline))
    door = Strokes.of(
        x + w * 0.3, y - h * 0.35, angle=math.pi / 2, length=h * 0.8, width=w * 0.3, colour=palette.dark[0]
    )
    canvas.lay(door)


def meadow(canvas: Canvas, palette: Palette, rng: np.random.Generator, line: Line) -> None:
    """Grass and blossoms on the nearest slope, larger towards the viewer."""
    count = 90
    x = rng.uniform(-0.02, 1.02, count)
    depth = np.sort(rng.uniform(0.0, 1.0, count))
    y = line(x) + 0.03 + depth * 0.24
    blade = jitter(rng, blend(palette.foliage, rng.uniform(0.0, 1.0, count)), 0.03)
    canvas.lay(
        Strokes.of(
            x,
            y,
            angle=rng.normal(math.pi / 2, 0.35, count),
            length=0.03 + 0.05 * depth,
            width=0.006 + 0.008 * depth,
            colour=blade,
            brush=LEAF,
            opacity=0.8,
        )
    )
    blossom = rng.permutation(count)[: rng.integers(0, 60)]
    spark = np.stack([pick(rng, palette.accent), pick(rng, palette.body)])
    canvas.lay(
        Strokes.of(
            x[blossom],
            y[blossom] - 0.012,
            angle=rng.uniform(0.0, 3.0, len(blossom)),
            length=0.014 + 0.016 * depth[blossom],
            width=0.01 + 0.012 * depth[blossom],
            colour=jitter(rng, spark[rng.integers(2, size=len(blossom))], 0.04),
        )
    )
