"""Whether augmentation shows in generated pictures: grey cut-outs, empty borders, odd colours.

Augmentation shows the discriminator changed pictures. Where the generator learns the changes too, its pictures have
them (Karras et al. 2020, "Training generative adversarial networks with limited data", section 2.2, "leaks"). Each
sign here is a property of single pictures that real ones may have as well, so what counts is how many more of the
generated ones have it.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

# What is cut out or moved in from outside is 0 in [-1, 1]; a generator paints it about that grey, and about even.
_GREY, _OFF_GREY, _UNEVEN = 127.5, 16.0, 8.0
# A border is empty if a strip of this share of the side is.
_STRIP = 1 / 16
# A cut-out is a grey square of this share of the side; what augmentation cuts out is twice that and may hang over.
_SQUARE = 1 / 4
# Tones are odd beyond these quantiles of the real pictures', by more than so many grey values: real pictures that are
# all grey must not make every hint of a colour odd.
_ORDINARY, _HINT = (0.005, 0.995), 8.0


@dataclass(frozen=True)
class Signs:
    """What each of a set of pictures shows.

    Attributes:
        cutout: whether there is an even grey square in it, bool [N].
        border: whether it has an even grey strip along an edge, bool [N].
        tone: its brightness, contrast and saturation, float64 [N, 3], in grey values.
    """

    cutout: Flags
    border: Flags
    tone: Floats

    @classmethod
    def of(cls, images: Images) -> Self:
        """Look at pictures, uint8 [N, S, S, 3]."""
        pixels = images.astype(np.float64)
        return cls(_has_grey_square(pixels), _has_grey_border(pixels), _tone(pixels))

    @classmethod
    def together(cls, parts: list[Self]) -> Self:
        """The signs of several sets as one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("cutout", "border", "tone")))


@dataclass(frozen=True)
class Leaks:
    """How many more of the generated pictures than of the real ones show a sign of augmentation; -1 to 1.

    Attributes:
        leak_cutout: even grey squares.
        leak_border: even grey borders.
        leak_colour: a brightness that one real picture in a hundred has, or a contrast or saturation as high as one in
            two hundred has it. Too little of these is no sign: generators that have not learnt much yet paint dully.
        leak_se: the largest of their standard errors.
    """

    leak_cutout: float
    leak_border: float
    leak_colour: float
    leak_se: float


def leaks(generated: Signs, real: Signs) -> Leaks:
    """Compare generated pictures with real ones."""
    low, high = np.quantile(real.tone, _ORDINARY, axis=0) + np.array([[-_HINT], [_HINT]])
    low[1:] = -np.inf
    pairs = [
        (generated.cutout, real.cutout),
        (generated.border, real.border),
        (_is_odd(generated.tone, low, high), _is_odd(real.tone, low, high)),
    ]
    cutout, border, colour = (float(ours.mean() - theirs.mean()) for ours, theirs in pairs)
    errors = [math.hypot(_error(ours), _error(theirs)) for ours, theirs in pairs]
    return Leaks(cutout, border, colour, max(errors))


def _is_odd(tone: Floats, low: Floats, high: Floats) -> Flags:
    return _any((tone < low) | (tone > high), 1)


def _error(flags: Flags) -> float:
    share = flags.mean()
    return math.sqrt(share * (1 - share) / len(flags))


def _has_grey_square(pixels: Floats) -> Flags:
    """Whether some square of `_SQUARE` of the side, on a grid of half its size, is even and grey."""
    half = max(1, round(pixels.shape[1] * _SQUARE / 2))
    mean, spread = _window_moments(pixels, half)
    return _any(_is_empty(mean, spread), (1, 2))


def _window_moments(pixels: Floats, half: int) -> tuple[Floats, Floats]:
    """Mean [N, h, w, 3] and standard deviation, over places, of squares of 2 x 2 cells of `half` pixels."""
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
    found: Flags = np.logical_or.reduce(flags, axis=axes)
    return found


def _is_empty(mean: Floats, spread: Floats) -> Flags:
    """Whether an area is even and grey, by its channels' means and standard deviations in the last axis."""
    empty: Flags = np.all((np.abs(mean - _GREY) < _OFF_GREY) & (spread < _UNEVEN), axis=-1)
    return empty


def _tone(pixels: Floats) -> Floats:
    grey = pixels.mean(axis=3)
    saturation = (pixels.max(axis=3) - pixels.min(axis=3)).mean(axis=(1, 2))
    return np.stack([grey.mean(axis=(1, 2)), grey.std(axis=(1, 2)), saturation], axis=1)
