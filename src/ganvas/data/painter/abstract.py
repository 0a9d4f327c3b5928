"""Abstract paintings: blocks of colour that fit together, or rings and arcs."""

import math

import numpy as np

from ganvas.data.painter.brush import DRY, FLAT, LINER, Strokes
from ganvas.data.painter.canvas import Canvas
from ganvas.data.painter.forms import disc, fill, fill_disc, inside, plain
from ganvas.data.painter.palettes import Palette, jitter, mix, pick, picks
from ganvas.foundation.arrays import Floats

# A block: left, top, right, bottom.
Box = tuple[float, float, float, float]


def blocks(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """A tilted arrangement of blocks in palette-knife strokes; some contain a disc, a half disc or stripes."""
    fill(canvas, rng, colour=plain(pick(rng, palette.ground)), angle=0.8, width=0.15, sway=0.5)
    lean = rng.normal(0.0, 0.12)
    gap = rng.uniform(0.004, 0.012)
    pigments, sparks = _pigments(palette, rng), np.concatenate([palette.accent, palette.dark])
    boxes = _divided(rng, (-0.1, -0.1, 1.1, 1.1), 4)
    for box, colour in zip(boxes, jitter(rng, picks(rng, pigments, len(boxes)), 0.03), strict=True):
        outline = _leaning(_corners(box, gap) + rng.normal(0.0, 0.006, (4, 2)), lean)
        _block(canvas, rng, outline, colour, lean + rng.choice([0.0, math.pi / 2]))
        if min(box[2] - box[0], box[3] - box[1]) > 0.14 and rng.random() < 0.5:
            _inset(canvas, rng, box, lean, pick(rng, pigments if rng.random() < 0.7 else sparks))


def arcs(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Overlapping rings around a few centres on a loose ground, with long curved lines across."""
    first, second = pick(rng, palette.ground), pick(rng, palette.ground)
    way = rng.uniform(0.0, math.pi)

    def colour(x: Floats, y: Floats) -> Floats:
        return mix(first, second, 0.5 + (x - 0.5) * math.cos(way) + (y - 0.5) * math.sin(way))

    fill(canvas, rng, colour=colour, angle=way, width=0.16, aspect=3.0, sway=0.5)
    fill(canvas, rng, colour=colour, angle=way, width=0.08, aspect=4.0, sway=0.5, brush=DRY, cover=1.2, vary=0.04)
    pigments = _pigments(palette, rng)
    for size in sorted(rng.uniform(0.16, 0.5, int(rng.integers(2, 5))), reverse=True):
        _rings(canvas, rng, rng.uniform(0.12, 0.88), rng.uniform(0.12, 0.88), size, pigments)
    _curved_lines(canvas, palette, rng)


def _pigments(palette: Palette, rng: np.random.Generator) -> Floats:
    """The colours of a picture, half of them subdued: [6, 3]."""
    return np.concatenate([picks(rng, palette.body, 3), picks(rng, palette.ground, 3)])


def _divided(rng: np.random.Generator, box: Box, depth: int) -> list[Box]:
    """Cut a box unevenly across its longer side, and its parts again, up to `depth` times."""
    left, top, right, bottom = box
    if depth == 0 or (depth < 3 and rng.random() < 0.15):
        return [box]
    share = rng.uniform(0.3, 0.7)
    if (right - left) * rng.uniform(0.7, 1.4) > bottom - top:
        cut = left + (right - left) * share
        halves = (left, top, cut, bottom), (cut, top, right, bottom)
    else:
        cut = top + (bottom - top) * share
        halves = (left, top, right, cut), (left, cut, right, bottom)
    return [piece for half in halves for piece in _divided(rng, half, depth - 1)]


def _corners(box: Box, gap: float) -> Floats:
    left, top, right, bottom = box
    return np.array(
        [(left + gap, top + gap), (right - gap, top + gap), (right - gap, bottom - gap), (left + gap, bottom - gap)]
    )


def _leaning(points: Floats, lean: float) -> Floats:
    """`points` [N, 2] rotated about the middle of the picture."""
    x, y = points.T - 0.5
    return np.stack([math.cos(lean) * x - math.sin(lean) * y, math.sin(lean) * x + math.cos(lean) * y], axis=1) + 0.5


def _block(canvas: Canvas, rng: np.random.Generator, outline: Floats, colour: Floats, angle: float) -> None:
    """One block: a slight colour gradient in palette-knife strokes, with dry strokes on top."""
    mask = inside(outline)
    other = jitter(rng, colour[None], 0.09)[0]
    middle = outline.mean(axis=0)

    def drift(x: Floats, y: Floats) -> Floats:
        return mix(colour, other, 0.5 + 2.0 * (x - middle[0] + y - middle[1]))

    fill(canvas, rng, mask=mask, colour=drift, angle=angle, width=0.07, aspect=2.5, sway=0.08, vary=0.015)
    fill(canvas, rng, mask=mask, colour=drift, angle=angle, width=0.035, brush=DRY, cover=0.8, vary=0.045, under=False)


def _inset(canvas: Canvas, rng: np.random.Generator, box: Box, lean: float, colour: Floats) -> None:
    """A smaller form within a block: a disc, a half disc or stripes."""
    left, top, right, bottom = box
    size = min(right - left, bottom - top)
    (x, y), *_ = _leaning(np.array([((left + right) / 2, (top + bottom) / 2)]), lean)
    form = rng.integers(3)
    if form == 2:
        count = int(rng.integers(3, 6))
        offset = (np.arange(count) - (count - 1) / 2) * size * 0.8 / count
        stripes = Strokes.of(
            x - math.sin(lean) * offset,
            y + math.cos(lean) * offset,
            angle=lean,
            length=size * 0.75,
            width=size * 0.4 / count,
            colour=colour,
            brush=FLAT,
        )
        canvas.lay(stripes)
        return
    mask = disc(x, y, size * rng.uniform(0.28, 0.4))
    if form == 1:
        half = np.array([(left, (top + bottom) / 2), (right, (top + bottom) / 2), (right, bottom), (left, bottom)])
        mask = mask * inside(_leaning(half, lean))
    fill(canvas, rng, mask=mask, colour=plain(colour), angle=lean, width=0.04, aspect=2.5)


def _rings(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, pigments: Floats) -> None:
    """Rings of colour around (x, y), the outermost first, each cut into arcs of two or three colours."""
    inner = np.sort(rng.uniform(0.18, 0.95, int(rng.integers(2, 5))))[::-1]
    cuts = np.sort(rng.uniform(-math.pi, math.pi, int(rng.integers(2, 4))))

    for radius in np.concatenate([[1.0], inner]) * size:
        chosen = pigments[rng.integers(len(pigments), size=len(cuts))]

        def colour(px: Floats, py: Floats, chosen: Floats = chosen) -> Floats:
            return chosen[np.searchsorted(cuts, np.arctan2(py - y, px - x)) % len(cuts)]

        fill_disc(canvas, rng, x, y, radius, colour=colour, width=0.045)


def _curved_lines(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Long curved lines in dark and bright paint."""
    count = int(rng.integers(3, 8))
    colours = np.stack([pick(rng, palette.dark if rng.random() < 0.5 else palette.accent) for _ in range(count)])
    canvas.lay(
        Strokes.of(
            rng.uniform(0.15, 0.85, count),
            rng.uniform(0.15, 0.85, count),
            angle=rng.uniform(0.0, math.pi, count),
            length=rng.uniform(0.4, 0.9, count),
            width=rng.uniform(0.008, 0.03, count),
            curve=rng.normal(0.0, 1.6, count),
            colour=colours,
            brush=LINER,
        )
    )
