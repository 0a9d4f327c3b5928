"""A bloom: rings of petals around a heart. Small blooms have one stroke for each petal."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ganvas.data.painter.brush import Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import GOLDEN_ANGLE, disc, inside
from ganvas.data.painter.palettes import Palette, blend, jitter, mix, pick
from ganvas.foundation.arrays import Floats


@dataclass(frozen=True)
class Bloom:
    """A flower as seen by the viewer.

    Attributes:
        x: the position of its heart, to the right.
        y: the position of its heart, downwards.
        radius: from the heart to the tips of the longest petals.
        squash: its height divided by its width, in (0, 1]; 1 faces the viewer.
        lean: its rotation in the picture plane, in radians.
        petals: the number of petals in each ring.
        rings: the number of rings; the outermost is painted first.
        heart: the radius of the heart as a share of `radius`.
        colours: float64 [3, 3], the colours of the petals from heart to tip.
        seed_colours: float64 [2, 3], the colours of the heart in shade and in light.
    """

    x: float
    y: float
    radius: float
    squash: float
    lean: float
    petals: int
    rings: int
    heart: float
    colours: Floats
    seed_colours: Floats

    def at(self, angle: ArrayLike, reach: ArrayLike) -> tuple[Floats, Floats]:
        """The positions x, y in the picture of points at `angle` and `reach` (1 at the tips) from the heart."""
        turn, out = np.asarray(angle, float), np.asarray(reach, float) * self.radius
        across, down = np.cos(turn) * out, np.sin(turn) * out * self.squash
        cos, sin = math.cos(self.lean), math.sin(self.lean)
        return self.x + cos * across - sin * down, self.y + sin * across + cos * down


def petal_colours(palette: Palette, rng: np.random.Generator) -> Floats:
    """The colours of petals from heart to tip, [3, 3]: dark or bright inside, light at the rim."""
    body = pick(rng, palette.body)
    heart = mix(body, pick(rng, palette.dark if rng.random() < 0.6 else palette.accent), rng.uniform(0.35, 0.8))
    tip = mix(body, pick(rng, palette.light), rng.uniform(0.25, 0.7))
    return np.stack([heart, body, tip])


def large_bloom(canvas: Canvas, rng: np.random.Generator, bloom: Bloom) -> None:
    """Rings of petals from the outside in, each with its own strokes, and the heart on top."""
    plumpness = rng.uniform(0.65, 1.35)
    point = rng.uniform(0.25, 0.9)
    turn = rng.uniform(0.0, 2.0 * math.pi)
    light = rng.uniform(-math.pi, 0.0)
    for ring in range(bloom.rings):
        reach = 1.0 - 0.27 * ring
        angles = turn + (np.arange(bloom.petals) + 0.5 * (ring % 2)) * (2 * math.pi / bloom.petals)
        for angle in rng.permutation(angles + rng.normal(0.0, 0.06, bloom.petals)):
            half = plumpness * math.pi / bloom.petals
            _petal(canvas, rng, bloom, angle, reach * rng.uniform(0.9, 1.05), min(half, 0.62), point, light)
    _heart(canvas, rng, bloom, light)


def _petal(
    canvas: Canvas,
    rng: np.random.Generator,
    bloom: Bloom,
    angle: float,
    reach: float,
    half: float,
    point: float,
    light: float,
) -> None:
    """One petal: a dark edge below, strokes that radiate from the heart, a light rim.

    Args:
        canvas: the canvas to paint on.
        rng: the random generator.
        bloom: the flower that the petal belongs to.
        angle: the direction of the petal.
        reach: its length as a share of the flower's radius.
        half: half its width, as an angle at the heart.
        point: 0 for a broad tip, 1 for a pointed one.
        light: the direction that the light comes from.
    """
    along = np.linspace(0.0, 1.0, 20)
    # A petal with a broad tip is widest far from the heart, one with a pointed tip close to it.
    profile = half * np.sin(np.pi * along ** (1.7 - 1.0 * point)) ** 0.7 * (0.6 + 0.5 * along)
    edge_angle = np.concatenate([-profile, profile[::-1]])
    edge_reach = np.concatenate([along, along[::-1]]) * reach
    mask = inside(np.stack(bloom.at(angle + edge_angle, edge_reach), axis=1))
    shadow = inside(np.stack(bloom.at(angle + edge_angle * 1.07, edge_reach * 1.01), axis=1))
    lit = 0.5 + 0.5 * math.cos(angle - light)
    tone = rng.normal(0.0, 0.035) + 0.09 * (lit - 0.6)

    count = max(10, int(46 * half))
    share = np.sort(rng.uniform(0.1, 1.0, count))[::-1]
    off = rng.uniform(-1.0, 1.0, count)
    width_there = np.interp(share, along, profile)
    x, y = bloom.at(angle + off * width_there, share * reach)
    x1, y1 = bloom.at(angle + off * width_there, share * reach + 0.02)
    # One side of a petal faces the light, the other one is in shade.
    side = 0.05 * off * math.sin(light - angle)
    colour = blend(bloom.colours, share + 0.1 * np.abs(off) - 0.08) + (tone + side)[:, None]
    length = bloom.radius * rng.uniform(0.3, 0.5, count)
    direction = np.arctan2(y1 - y, x1 - x)
    canvas.wash(mix(bloom.colours[0], np.zeros(3), 0.5), shadow, 0.5)
    canvas.wash(np.clip(bloom.colours[1] + tone, 0.0, 1.0), mask)
    canvas.lay(
        Strokes.of(
            x,
            y,
            angle=direction,
            length=length,
            width=bloom.radius * 0.16 * rng.uniform(0.6, 1.2, count),
            colour=jitter(rng, np.clip(colour, 0.0, 1.0), 0.018),
            curve=off * 0.8,
        ),
        mask,
    )


def _heart(canvas: Canvas, rng: np.random.Generator, bloom: Bloom, light: float) -> None:
    """Dabs in a spiral, like the seeds of a flower, darker at the rim and away from the light."""
    count = 46
    spiral = np.arange(count) * GOLDEN_ANGLE + rng.uniform(0.0, 6.0)
    reach = bloom.heart * np.sqrt((np.arange(count) + 0.5) / count)
    x, y = bloom.at(spiral[::-1], reach[::-1])
    share = 0.35 + 0.45 * np.cos(spiral[::-1] - light) * reach[::-1] / bloom.heart + rng.normal(0.0, 0.2, count)
    canvas.lay(
        Strokes.of(
            x,
            y,
            angle=spiral[::-1],
            length=bloom.radius * bloom.heart * 0.5,
            width=bloom.radius * bloom.heart * 0.34,
            colour=jitter(rng, mix(bloom.seed_colours[0], bloom.seed_colours[1], share), 0.03),
        )
    )


def small_bloom(canvas: Canvas, rng: np.random.Generator, bloom: Bloom) -> None:
    """A blossom with one stroke for each petal, over a shadow that separates it from its neighbours."""
    shade = mix(bloom.colours[0], bloom.seed_colours[0], 0.7)
    canvas.wash(shade, disc(bloom.x, bloom.y + bloom.radius * 0.25, bloom.radius * 0.9), 0.6)
    turn = rng.uniform(0.0, 6.0)
    for ring, reach in enumerate((0.6, 0.36)):
        angle = turn + (np.arange(bloom.petals) + 0.5 * ring) * (2 * math.pi / bloom.petals)
        x, y = bloom.at(angle, reach)
        colour = mix(bloom.colours[1], bloom.colours[2], 0.5 - 0.5 * np.sin(angle) + 0.35 * ring)
        canvas.lay(
            Strokes.of(
                x,
                y,
                angle=np.arctan2(y - bloom.y, x - bloom.x),
                length=bloom.radius * (1.0 - 0.3 * ring),
                width=bloom.radius * rng.uniform(0.55, 0.75),
                colour=jitter(rng, colour, 0.04),
            )
        )
    count = 9
    x, y = bloom.at(rng.uniform(0.0, 6.3, count), bloom.heart * rng.uniform(0.0, 0.9, count))
    share = np.linspace(0.0, 1.0, count)
    canvas.lay(
        Strokes.of(
            x,
            y,
            angle=rng.uniform(0.0, 3.0, count),
            length=bloom.radius * 0.3,
            width=bloom.radius * 0.2,
            colour=mix(bloom.seed_colours[0], bloom.seed_colours[1], share),
        )
    )
