"""The sections of the run page about latents: interpolations, and the same latents for every class."""

import math

import numpy as np
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.foundation.arrays import Images
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.models import RunModels

# The size of the pictures of a section in bytes, before base64.
PICTURE_BYTES = 1_000_000

# Rows of each kind of interpolation, and pictures per row. If each class gets a row, there are up to `MOST_ROWS`.
ROWS, MOST_ROWS, STEPS = 6, 12, 9
# Latents that are shown for every class.
LATENTS = 10
# The approximate height of small pictures in a strip, and the gap between them, in pixels.
STRIP_SIDE, GAP = 112, 6


def interpolations(models: RunModels) -> Fields:
    """Interpolations between pairs of latents: linear as in paper 3, and on the sphere if the latents are normal."""
    artist = models.artist
    ways = {"On the sphere": True} if artist.interpolates_on_sphere else {}
    ways["Linear, in each dimension"] = False
    names = artist.class_names
    rows = min(math.ceil(ROWS / len(names)) * len(names), MOST_ROWS) if names else ROWS
    return {
        "ways": {
            heading: [
                {"name": names[row % len(names)] if names else None, **_strip(images, len(ways) * rows)}
                for row, images in enumerate(artist.interpolate(rows, STEPS, spherical=spherical))
            ]
            for heading, spherical in ways.items()
        },
        "kimg": artist.card.kimg,
    }


def labels(models: RunModels) -> Fields | None:
    """The same latents for every class; None for a generator without classes."""
    names = models.class_names
    if not names:
        return None
    rows = models.samples.images[:, :LATENTS]
    return {
        "strips": [{"name": name, **_strip(images, len(names))} for name, images in zip(names, rows, strict=True)],
        "column": models.artist.card.label_column,
        "hidden": models.hidden_classes,
    }


def _strip(images: Images, rows: int) -> Fields:
    """Join pictures to one. Small pictures are enlarged first, because a browser would blur the gaps."""
    side = max(1, round(STRIP_SIDE / images.shape[1])) * images.shape[1]
    larger = [Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC) for image in images]
    return html.inline_pixels(grid(np.stack(list(map(np.asarray, larger))), len(images), GAP), PICTURE_BYTES // rows)
