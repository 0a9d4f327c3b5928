"""Augmentation leaks: grey cutouts, empty borders and unusual colours in generated pictures.

Augmentation shows the discriminator changed pictures. The generator may learn these changes (Karras et al. 2020,
"Training generative adversarial networks with limited data", section 2.2). Real pictures can show the same signs, so a
leak is measured as the difference between the shares of generated and of real pictures that show a sign.
"""

import math
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from ganvas.foundation.arrays import Flags, Floats, Images

# Augmentation fills with 0 in [-1, 1], which is this grey. The tolerances are for the mean and the standard deviation.
_GREY, _OFF_GREY, _UNEVEN = 127.5, 16.0, 8.0
# Width of the strip along an edge that is tested, as a share of the side.
_STRIP = 1 / 16
# Side of the square that is tested, as a share of the side. A cutout is twice as large, and may be partly outside.
_SQUARE = 1 / 4
# Tones are unusual outside these quantiles of the real pictures, with a margin in grey values. Without the margin, any
# trace of colour would be unusual next to real pictures that are all grey.
_QUANTILES, _MARGIN = (0.005, 0.995), 8.0


@dataclass(frozen=True)
class Signs:
    """Signs of augmentation in N pictures.

    Attributes:
        cutout: whether a picture has a uniform grey square, bool [N].
        border: whether it has a uniform grey strip along an edge, bool [N].
        tone: brightness, contrast and saturation, float64 [N, 3], in grey values.
    """

    cutout: Flags
    border: Flags
    tone: Floats

    @classmethod
    def of(cls, images: Images) -> Self:
        """Examine pictures, uint8 [N, S, S, 3]."""
        pixels = images.astype(np.float64)
        return cls(_has_grey_square(pixels), _has_grey_border(pixels), _tone(pixels))

    @classmethod
    def concatenate(cls, parts: list[Self]) -> Self:
        """Join the signs of several sets."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in SIGNS))


# The fields of `Signs`, in their order.
SIGNS = tuple(field.name for field in fields(Signs))


@dataclass(frozen=True)
class Leaks:
    """Share of generated pictures with a sign of augmentation minus that of real pictures, -1 to 1.

    Attributes:
        leak_cutout: uniform grey squares.
        leak_border: uniform grey borders.
        leak_colour: a brightness as rare as in one real picture of a hundred, or a contrast or saturation as high as in
            one of two hundred. Low contrast and saturation are not signs, because generators start out dull.
        leak_se: the largest of the three standard errors.
    """

    leak_cutout: float
    leak_border: float
    leak_colour: float
    leak_se: float


def leaks(generated: Signs, real: Signs) -> Leaks:
    """Compare generated pictures with real ones."""
    low, high = np.quantile(real.tone, _QUANTILES, axis=0) + np.array([[-_MARGIN], [_MARGIN]])
    low[1:] = -np.inf
    pairs = [
        (generated.cutout, real.cutout),
        (generated.border, real.border),
        (_is_unusual(generated.tone, low, high), _is_unusual(real.tone, low, high)),
    ]
    cutout, border, colour = (float(fakes.mean() - reals.mean()) for fakes, reals in pairs)
    errors = [math.hypot(_error(fakes), _error(reals)) for fakes, reals in pairs]
    return Leaks(cutout, border, colour, max(errors))


def _is_unusual(tone: Floats, low: Floats, high: Floats) -> Flags:
    return _any((tone < low) | (tone > high), 1)


def _error(flags: Flags) -> float:
    share = flags.mean()
    return math.sqrt(share * (1 - share) / len(flags))


def _has_grey_square(pixels: Floats) -> Flags:
    """Whether a picture has a uniform grey square. Squares are tested at steps of half their size."""
    half = max(1, round(pixels.shape[1] * _SQUARE / 2))
    mean, spread = _window_moments(pixels, half)
    return _any(_is_empty(mean, spread), (1, 2))


def _window_moments(pixels: Floats, half: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation [N, h, w, 3] of the pixels of squares. A square has 2 x 2 cells of `half` pixels."""
    count, side = len(pixels), pixels.shape[1] // half * half
    cells = pixels[:, :side, :side].reshape(count, side // half, half, side // half, half, 3)
    first, second = cells.mean(axis=(2, 4)), np.square(cells).mean(axis=(2, 4))
    mean, square = (
        (each[:, :-1, :-1] + each[:, 1:, :-1] + each[:, :-1, 1:] + each[:, 1:, 1:]) / 4 for each in (first, second)
    )
    return mean, np.sqrt(np.maximum(square - np.square(mean), 0))


def _has_grey_border(pixels: Floats) -> Flags:
    width = max(1, round(pixels.shape[1] * _STRIP))
    strips = (pixels[:, :width], pixels[:, -width:], pixels[:, :, :width], pixels[:, :, -width:])
    flags = [_is_empty(strip.mean(axis=(1, 2)), strip.std(axis=(1, 2))) for strip in strips]
    return _any(np.stack(flags), 0)


def _any(flags: Flags, axes: int | tuple[int, ...]) -> Flags:
    result: Flags = np.logical_or.reduce(flags, axis=axes)
    return result


def _is_empty(mean: Floats, spread: Floats) -> Flags:
    """Whether an area is uniform and grey, from the mean and standard deviation of each channel (the last axis)."""
    empty: Flags = np.all((np.abs(mean - _GREY) < _OFF_GREY) & (spread < _UNEVEN), axis=-1)
    return empty


def _tone(pixels: Floats) -> Floats:
    grey = pixels.mean(axis=3)
    saturation = (pixels.max(axis=3) - pixels.min(axis=3)).mean(axis=(1, 2))
    return np.stack([grey.mean(axis=(1, 2)), grey.std(axis=(1, 2)), saturation], axis=1)
