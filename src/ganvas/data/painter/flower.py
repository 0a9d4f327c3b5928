"""Flowers: a single large bloom, or a bouquet in a vase."""

import math

import numpy as np

from ganvas.data.painter.bloom import Bloom, large_bloom, petal_colours, small_bloom
from ganvas.data.painter.brush import DRY, LEAF, LINER, Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import GOLDEN_ANGLE, fill, inside
from ganvas.data.painter.palettes import Palette, blend, darkest_first, jitter, mix, pick, picks
from ganvas.data.painter.vase import paint_vase
from ganvas.foundation.arrays import Floats


def single(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A bloom that fills the picture, with a stem and one or two leaves on a loose ground."""
    x, y = rng.uniform(0.42, 0.58), rng.uniform(0.38, 0.5)
    _backdrop(canvas, palette, rng, (x, y))
    bloom = Bloom(
        x,
        y,
        radius=rng.uniform(0.3, 0.42),
        squash=rng.uniform(0.72, 1.0),
        lean=rng.uniform(-0.6, 0.6),
        petals=int(rng.integers(5, 17)),
        rings=int(rng.integers(1, 5)),
        heart=rng.uniform(0.14, 0.3),
        colours=petal_colours(palette, rng),
        seed_colours=np.stack([pick(rng, palette.dark), pick(rng, palette.accent)]),
    )
    foot = (x + rng.uniform(-0.18, 0.18), 1.05)
    _stem(canvas, palette, rng, (x, y), foot, 0.026)
    for side in rng.permutation([-1.0, 1.0])[: rng.integers(1, 3)]:
        _leaf(canvas, palette, rng, _between((x, y), foot, rng.uniform(0.6, 0.9)), side, rng.uniform(0.22, 0.36))
    large_bloom(canvas, rng, bloom)


def bouquet(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Many blossoms in a vase on a table."""
    _backdrop(canvas, palette, rng, (rng.uniform(0.2, 0.8), 0.35))
    table = rng.uniform(0.74, 0.84)
    cloth = mix(pick(rng, palette.body), pick(rng, palette.ground), rng.uniform(0.2, 0.55))
    shade = mix(cloth, pick(rng, palette.dark), 0.5)
    edge = rng.uniform(-0.03, 0.03)
    under = inside(np.array([(-0.1, table - edge), (1.1, table + edge), (1.1, 1.1), (-0.1, 1.1)]))
    fill(
        canvas,
        rng,
        mask=under,
        colour=lambda x, y: mix(cloth, shade, (y - table) * 2.0),
        angle=edge,
        width=0.07,
    )
    x, rim = rng.uniform(0.42, 0.58), rng.uniform(0.56, 0.64)
    foot = rng.uniform(table + 0.06, 0.94)
    paint_vase(canvas, palette, rng, x, rim, foot, shade)
    spread, height = rng.uniform(0.24, 0.33), rng.uniform(0.2, 0.27)
    _greenery(canvas, palette, rng, (x, rim), spread, height)
    _blossoms(canvas, palette, rng, (x, rim - height * 0.95), spread, height)


def _backdrop(canvas: Canvas, palette: Palette, rng: np.random.Generator, glow: tuple[float, float]) -> None:
    """Loose broad strokes, lighter on one side, with a glow around one spot."""
    colours = darkest_first(picks(rng, palette.ground, 3))
    way = rng.uniform(-math.pi, 0.0)
    angle = rng.uniform(0.0, math.pi)
    colours[0] = mix(colours[0], pick(rng, palette.body), rng.uniform(0.1, 0.45))
    halo = mix(pick(rng, palette.light), pick(rng, palette.body), rng.uniform(0.2, 0.7))

    def colour(x: Floats, y: Floats) -> Floats:
        wall = blend(colours, 0.5 + (x - 0.5) * math.cos(way) * 1.1 + (y - 0.5) * math.sin(way) * 1.1)
        near = np.exp(-((x - glow[0]) ** 2 + (y - glow[1]) ** 2) / 0.1)
        return mix(wall, halo, 0.3 * near)

    fill(canvas, rng, colour=colour, angle=angle, width=0.16, aspect=3.0, sway=0.5)
    fill(
        canvas,
        rng,
        colour=colour,
        angle=angle,
        width=0.08,
        aspect=4.0,
        sway=0.6,
        brush=DRY,
        cover=1.3,
        vary=0.035,
    )


def _stem(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
) -> None:
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    x, y = _between(start, end, 0.5)
    offset = np.linspace(-0.35, 0.35, 4) * width
    colours = blend(palette.foliage, np.linspace(0.2, 0.9, 4))
    curve = rng.normal(0.0, 0.25)
    canvas.lay(
        Strokes.of(
            x + offset,
            y,
            angle=angle,
            length=length,
            width=width * 0.6,
            curve=curve,
            colour=colours,
            brush=LINER,
        )
    )


def _leaf(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    root: tuple[float, float],
    side: float,
    length: float,
) -> None:
    """A long leaf in two halves, one in the light, with its midrib."""
    angle = -math.pi / 2 + side * rng.uniform(0.5, 1.1)
    x, y = root[0] + math.cos(angle) * length / 2, root[1] + math.sin(angle) * length / 2
    curve = side * rng.uniform(0.4, 1.6)
    across = np.array([0.0, -0.045, 0.045, -0.02, 0.0]) * length * 2.0
    tone = np.array([0.25, 0.15, 0.75, 0.5, 1.0])
    canvas.lay(
        Strokes.of(
            x - math.sin(angle) * across,
            y + math.cos(angle) * across,
            angle=angle,
            length=length * np.array([1.0, 0.9, 0.9, 0.8, 0.85]),
            width=length * np.array([0.3, 0.18, 0.18, 0.12, 0.025]),
            curve=curve,
            colour=jitter(rng, blend(palette.foliage, tone), 0.03),
            brush=LEAF,
        )
    )


def _between(start: tuple[float, float], end: tuple[float, float], share: float) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _greenery(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    root: tuple[float, float],
    spread: float,
    height: float,
) -> None:
    """Leaves that fan out from the mouth of the vase, dark ones behind."""
    count = int(rng.integers(38, 60))
    fan = -math.pi / 2 + rng.uniform(-1.35, 1.35, count)
    reach = rng.uniform(0.2, 1.0, count)
    x = root[0] + np.cos(fan) * reach * spread * 1.3
    y = root[1] + np.sin(fan) * reach * height * 1.9
    length = rng.uniform(0.12, 0.24, count)
    canvas.lay(
        Strokes.of(
            x,
            y,
            angle=fan + rng.normal(0.0, 0.3, count),
            length=length,
            width=length * rng.uniform(0.18, 0.32, count),
            curve=rng.normal(0.0, 2.0, count),
            colour=jitter(rng, blend(palette.foliage, np.linspace(0.0, 1.0, count)), 0.03),
            brush=LEAF,
        )
    )


def _blossoms(
    canvas: Canvas,
    palette: Palette,
    rng: np.random.Generator,
    middle: tuple[float, float],
    spread: float,
    height: float,
) -> None:
    """Blossoms over the greenery: first the small ones at the rim, last the largest."""
    count = int(rng.integers(6, 13))
    colours = [petal_colours(palette, rng) for _ in range(int(rng.integers(2, 4)))]
    angle = np.arange(count) * GOLDEN_ANGLE + rng.uniform(0.0, 6.0)
    reach = np.sqrt((np.arange(count)[::-1] + 0.3) / count) + rng.normal(0.0, 0.05, count)
    for i in range(count):
        radius = rng.uniform(0.075, 0.12) * (1.2 - 0.4 * reach[i])
        bloom = Bloom(
            x=middle[0] + math.cos(angle[i]) * reach[i] * spread,
            y=middle[1] + math.sin(angle[i]) * reach[i] * height,
            radius=radius,
            squash=rng.uniform(0.65, 1.0),
            lean=rng.uniform(-0.7, 0.7),
            petals=int(rng.integers(6, 11)),
            rings=2,
            heart=rng.uniform(0.2, 0.32),
            colours=colours[rng.integers(len(colours))],
            seed_colours=np.stack([pick(rng, palette.dark), pick(rng, palette.accent)]),
        )
        small_bloom(canvas, rng, bloom)
