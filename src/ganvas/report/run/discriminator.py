"""Sections of the run page about the discriminator: which pictures it finds most and least real, and what it sees."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.report import html
from ganvas.report.heatmap import coloured
from ganvas.report.html import Fields
from ganvas.report.run.generator import Studio

# What the pictures of a section may weigh together before base64.
PICTURE_BYTES = 1_500_000

# Pictures at either end of the ranking.
ENDS = 10
# Channels of a layer that are shown, and the width in pixels of each.
CHANNELS, MAP_SIDE = 32, 32
# Probabilities nearer to 0 or 1 are not told apart.
LEAST_PERCENT = 0.01


def ranking(studio: Studio) -> Fields:
    """The pictures that D finds most and least real, of each class or of all.

    Raises:
        GanvasError: D cannot be asked.
    """
    pool, critic = studio.pool, studio.critic
    said = pool.by_class(critic.logits(pool.mixed, pool.labels))
    limit = PICTURE_BYTES // (2 * ENDS * len(said))
    walls = []
    for kind, logits in enumerate(said):
        order = np.argsort(-logits, kind="stable")
        walls.append(
            {
                "name": pool.names[kind] if pool.names else None,
                "ends": {
                    heading: [
                        {
                            "number": int(number),
                            "said": _said(logits[number], critic.gives_probabilities),
                            "picture": html.inline_pixels(pool.images[kind, number], limit),
                        }
                        for number in chosen
                    ]
                    for heading, chosen in (("Most real", order[:ENDS]), ("Least real", order[: -ENDS - 1 : -1]))
                },
            }
        )
    return {
        "walls": walls,
        "count": said.shape[1],
        "hidden": studio.hidden,
        "is_probability": critic.gives_probabilities,
        "critic_kimg": critic.kimg,
        "artist_kimg": studio.artist.card.kimg,
        "believed": float((said > 0).mean()) if critic.gives_probabilities else None,
    }


def _said(logit: float, is_probability: bool) -> str:
    """What D says of a picture: the probability that it is real, or a score that is none."""
    if not is_probability:
        return f"{logit:.2f}"
    # Further from 0 the exponential would overflow, and the percentage is at its end already.
    percent = 100 / (1 + math.exp(-min(max(logit, -30), 30)))
    if percent < LEAST_PERCENT:
        return f"< {LEAST_PERCENT} %"
    return (
        f"> {100 - LEAST_PERCENT} %" if percent > 100 - LEAST_PERCENT else f"{percent:.{3 if percent < 99 else 4}g} %"
    )


def activations(studio: Studio) -> Fields:
    """What two layers of D answer to in one picture (the figure of paper 2).

    Raises:
        GanvasError: D cannot be asked, or has no convolutions.
    """
    pool = studio.pool
    company = slice(0, max(2, len(pool.images) * CHANNELS))
    labels = pool.labels
    layers = studio.critic.activation_maps(pool.mixed[company], None if labels is None else labels[company])
    return {
        "picture": html.inline_pixels(pool.mixed[0], PICTURE_BYTES // 4),
        "caption": pool.caption(0),
        "layers": [
            {"name": name, "count": len(maps), "side": maps.shape[1], **_sheet(maps)}
            for name, maps in zip(("The first convolution", "A deeper one"), layers, strict=False)
        ],
        "critic_kimg": studio.critic.kimg,
    }


def _sheet(maps: NDArray[np.float32]) -> Fields:
    """The channels that vary most over the picture, in their order, each from its own lowest to its own highest."""
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    strongest = np.sort(np.argsort(-(high - low)[:, 0, 0], kind="stable")[:CHANNELS])
    shown = ((maps - low) / np.maximum(high - low, np.finfo(np.float32).tiny))[strongest]
    times = max(1, MAP_SIDE // maps.shape[1])
    heats = np.stack([coloured(each) for each in shown.repeat(times, axis=1).repeat(times, axis=2)])
    return {
        **html.inline(Image.fromarray(grid(heats, columns=8 if len(heats) > 16 else 4)), PICTURE_BYTES // 4),
        "shown": len(shown),
    }
