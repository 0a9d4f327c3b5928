"""Sections of the run page about the latent space: what lies between two pictures, and one latent under every label."""

import math

import numpy as np
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.generator import Images, Studio

# What the pictures of a section may weigh together before base64.
PICTURE_BYTES = 1_000_000

# Ways through the latent space, and pictures on each; more ways where that gives each class one.
WAYS, MOST_WAYS, STEPS = 6, 12, 9
# Latents that are shown under every label.
LATENTS = 10
# Height in pixels that pictures in a strip have at least, about, and the gap between them.
STRIP_SIDE, GAP = 112, 6


def interpolations(studio: Studio) -> Fields:
    """Ways from one picture to another."""
    names = studio.artist.class_names
    rows = min(math.ceil(WAYS / len(names)) * len(names), MOST_WAYS) if names else WAYS
    painted = studio.artist.interpolate(rows, STEPS)
    return {
        "strips": [
            {"name": names[row % len(names)] if names else None, **_strip(images, rows)}
            for row, images in enumerate(painted)
        ],
        "spherical": studio.artist.card.options.get("latent") != "uniform",
        "kimg": studio.artist.card.kimg,
    }


def labels(studio: Studio) -> Fields | None:
    """The same latents under every label; None for a generator that is told no class."""
    names = studio.class_names
    if not names:
        return None
    rows = studio.pool.images[:, :LATENTS]
    return {
        "strips": [{"name": name, **_strip(images, len(names))} for name, images in zip(names, rows, strict=True)],
        "column": studio.artist.card.label_column,
        "hidden": studio.hidden,
    }


def _strip(images: Images, rows: int) -> Fields:
    """Pictures in a row as one, small ones enlarged before they are joined: a browser would blur the gaps."""
    side = max(1, round(STRIP_SIDE / images.shape[1])) * images.shape[1]
    larger = [Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC) for image in images]
    return html.inline_pixels(grid(np.stack(list(map(np.asarray, larger))), len(images), GAP), PICTURE_BYTES // rows)
