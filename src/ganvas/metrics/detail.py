"""The fine detail of pictures: how sharp they are, how their energy is spread over frequencies, and what they share.

Upsampling leaves its traces here. A blurred picture lacks high frequencies, a grid adds some, and a generator that
paints the same texture on every picture has detail that its pictures share, which real ones do not.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ganvas.foundation.arrays import Features, Floats, Images

# Luminance of sRGB values (ITU-R BT.601).
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
# Rings of a spectrum: one for each of this many pixels of the side, up to the largest number.
PIXELS_PER_RING, MOST_RINGS = 4, 32
# Side of the middle part of a picture whose detail is compared with that of the others.
MIDDLE = 32
# Energy below this, in squared grey values per pixel, is that of rounding to bytes.
ROUNDING = 1 / 12
# The attributes of `Detail`, in order.
DETAIL = ("spectra", "sharpness", "texture")


@dataclass(frozen=True)
class Detail:
    """The detail of N pictures.

    Attributes:
        spectra: mean energy in each ring of frequencies from 0 to 1/2 cycle per pixel, float32 [N, R].
        sharpness: mean absolute difference of a pixel from the mean of its four neighbours, in grey values, float32
            [N].
        texture: those differences in the middle of a picture, float16 [N, P].
    """

    spectra: Features
    sharpness: Features
    texture: Floats

    @classmethod
    def of(cls, images: Images) -> Self:
        """Examine pictures, uint8 [N, S, S, 3]."""
        grey = images.astype(np.float32) @ LUMINANCE
        neighbours = (grey[:, 1:-1, 2:] + grey[:, 1:-1, :-2] + grey[:, 2:, 1:-1] + grey[:, :-2, 1:-1]) / 4
        fine = grey[:, 1:-1, 1:-1] - neighbours
        side = min(MIDDLE, fine.shape[1])
        start = (fine.shape[1] - side) // 2
        middle = fine[:, start : start + side, start : start + side].reshape(len(images), -1)
        return cls(_spectra(grey), np.abs(fine).mean(axis=(1, 2)), middle.astype(np.float16))

    @classmethod
    def concatenate(cls, parts: list[Self]) -> Self:
        """Join the detail of several sets."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in DETAIL))


def decibels(generated: Features, real: Features) -> Floats:
    """The energy of generated pictures in each ring relative to that of real ones, in dB, float64 [R].

    Args:
        generated: spectra, float32 [N, R].
        real: the same of pictures of the same size.
    """
    means = [spectra.mean(axis=0, dtype=np.float64) + ROUNDING for spectra in (generated, real)]
    ratio: Floats = 10 * np.log10(means[0] / means[1])
    return ratio


def shared(texture: Floats) -> float:
    """The share of the energy of detail that is the same in all pictures, unbiased; 1 if all have the same detail.

    Args:
        texture: [N, P], N at least 2.
    """
    values, count = texture.astype(np.float32), len(texture)
    energy = float(np.square(values).sum(axis=1).mean())
    common = float(np.square(values.mean(axis=0)).sum())
    share: float = (count * common - energy) / ((count - 1) * max(energy, ROUNDING * values.shape[1]))
    return share


def _spectra(grey: Features) -> Features:
    """The mean energy of luminance [N, S, S] in rings, float32 [N, R]. A window hides the edges of pictures."""
    side = grey.shape[1]
    window = np.hanning(side).astype(np.float32)
    window /= np.sqrt(np.square(window).mean())
    tapered = (grey - grey.mean(axis=(1, 2), keepdims=True)) * window[:, None] * window
    energy = np.square(np.abs(np.fft.rfft2(tapered))) / side**2
    rings = min(MOST_RINGS, side // PIXELS_PER_RING)
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    ring = np.minimum(radius * 2 * rings, rings).astype(np.int64).ravel()  # the corners, beyond 1/2, are left out
    counts = np.bincount(ring, minlength=rings + 1)[:rings]
    sums = np.stack([np.bincount(ring, each, rings + 1)[:rings] for each in energy.reshape(len(grey), -1)])
    return (sums / counts).astype(np.float32)
