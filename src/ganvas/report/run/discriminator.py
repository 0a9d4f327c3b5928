"""The sections of the run page about the discriminator: a ranking of samples by it, and its activation maps."""

import math

import numpy as np
from PIL import Image

from ganvas.artist.grids import grid
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Features, evenly_spaced
from ganvas.report import html
from ganvas.report.heatmap import coloured
from ganvas.report.html import Fields
from ganvas.report.run.models import RunModels

# The size of the pictures of a section in bytes, before base64.
PICTURE_BYTES = 1_500_000

# Pictures at each end of the ranking.
ENDS = 10
# Training pictures to send through the discriminator together, for the statistics of BatchNorm.
BATCH = 64
# The largest number of channels to show, and the least width of each in pixels.
CHANNELS, MAP_SIDE = 32, 32
# Percentages closer to 0 or 100 than this are shown as "<" or ">".
LEAST_PERCENT = 0.01


def ranking(models: RunModels) -> Fields:
    """The samples that the discriminator finds most and least real, for each class.

    Raises:
        GanvasError: the discriminator cannot be used.
    """
    samples, critic = models.samples, models.critic
    by_class = samples.by_class(critic.logits(samples.interleaved, samples.labels))
    limit = PICTURE_BYTES // (2 * ENDS * len(by_class))
    rankings = []
    for label, logits in enumerate(by_class):
        order = np.argsort(-logits, kind="stable")
        ends = {"Most real": order[:ENDS], "Least real": order[: -ENDS - 1 : -1]}
        rankings.append(
            {
                "name": samples.names[label] if samples.names else None,
                "ends": {
                    heading: [
                        {
                            "number": int(number),
                            "score": _score(logits[number], critic.gives_probabilities),
                            "picture": html.inline_pixels(samples.images[label, number], limit),
                        }
                        for number in numbers
                    ]
                    for heading, numbers in ends.items()
                },
            }
        )
    return {
        "rankings": rankings,
        "count": by_class.shape[1],
        "hidden": models.hidden_classes,
        "is_probability": critic.gives_probabilities,
        "critic_kimg": critic.kimg,
        "artist_kimg": models.artist.card.kimg,
        "share_real": float((by_class > 0).mean()) if critic.gives_probabilities else None,
    }


def _score(logit: float, is_probability: bool) -> str:
    """A logit as text: as the probability that the picture is real, or unchanged if it is not a probability."""
    if not is_probability:
        return f"{logit:.2f}"
    # Outside this range the exponential would overflow, and the percentage is 0 or 100 anyway.
    percent = 100 / (1 + math.exp(-min(max(logit, -30), 30)))
    if percent < LEAST_PERCENT:
        return f"< {LEAST_PERCENT} %"
    return (
        f"> {100 - LEAST_PERCENT} %" if percent > 100 - LEAST_PERCENT else f"{percent:.{3 if percent < 99 else 4}g} %"
    )


def activations(models: RunModels) -> Fields:
    """The channels of two layers of the discriminator for a training picture, after activation (paper 2, figure 8).

    Raises:
        GanvasError: the discriminator cannot be used, or has no convolutions, or the dataset is gone or has changed.
    """
    data = models.run.dataset()
    # The first picture is the one to show. The others give BatchNorm its statistics.
    rows = data.rows(TRAIN)[evenly_spaced(data.splits[TRAIN], BATCH)]
    images = data.images[rows]
    layers = models.critic.activation_maps(images, None if data.labels is None else data.labels[rows])
    return {
        "picture": html.inline_pixels(images[0], PICTURE_BYTES // 4),
        "caption": str(data.index["source"].iloc[rows[0]]) if "source" in data.index else "",
        "layers": [
            {"name": name, "count": len(maps), "side": maps.shape[1], **_map_grid(maps)}
            for name, maps in zip(("The first convolution", "A deeper convolution"), layers, strict=False)
        ],
        "critic_kimg": models.critic.kimg,
    }


def _map_grid(maps: Features) -> Fields:
    """A grid of the channels that vary most, in their order. Colours run from the lowest to the highest value of each.

    Args:
        maps: float32 [K, h, w].
    """
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    strongest = np.sort(np.argsort(-(high - low)[:, 0, 0], kind="stable")[:CHANNELS])
    scaled = ((maps - low) / np.maximum(high - low, np.finfo(np.float32).tiny))[strongest]
    factor = max(1, MAP_SIDE // maps.shape[1])
    pictures = np.stack([coloured(channel) for channel in scaled.repeat(factor, axis=1).repeat(factor, axis=2)])
    return {
        **html.inline(Image.fromarray(grid(pictures, columns=8 if len(pictures) > 16 else 4)), PICTURE_BYTES // 4),
        "shown": len(scaled),
    }
