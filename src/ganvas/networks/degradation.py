"""Faults like those of a small generator, added to small real pictures: what the second stage learns to repair.

The real picture is known for each, so the second stage can be told what it should have painted. The idea is that of
blind super-resolution: Wang, Xie, Dong and Shan 2021, "Real-ESRGAN: training real-world blind super-resolution with
pure synthetic data", section 3, with the faults of generators in place of those of cameras.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.distributed.part import drawn

# Each fault is added to a picture with this probability, with a random strength up to the ones below.
PROBABILITY = 0.5
# Standard deviation of noise, in units of [-1, 1], and of blotches, which are noise at a quarter of the resolution.
NOISE, BLOTCHES = 0.08, 0.08
# Largest change of a colour channel's contrast, and of its brightness.
CONTRAST, BRIGHTNESS = 0.1, 0.05
# Largest step to which the coefficients of 8x8 blocks are rounded, as JPEG does.
STEP, BLOCK = 0.3, 8


def degraded(pictures: Tensor) -> Tensor:
    """Add random faults: blur, noise, blotches, shifted colours, and the grain of JPEG.

    Randomness is drawn on the CPU, because every checkpoint holds the CPU's random state.

    Args:
        pictures: float [B, 3, h, w] in [-1, 1], h and w multiples of 8.

    Returns:
        float [B, 3, h, w]; values may leave the range a little.
    """
    result = pictures.lerp(_blurred(pictures), _strength(pictures))
    result = result.lerp(_blurred(_blurred(result)), _strength(pictures))
    result = result + NOISE * _strength(pictures) * _normal(pictures, pictures.shape[2:])
    coarse = (pictures.shape[2] // 4, pictures.shape[3] // 4)
    blotches = F.interpolate(_normal(pictures, coarse), pictures.shape[2:], mode="bilinear")
    result = result + BLOTCHES * _strength(pictures) * blotches
    contrast, brightness = (_uniform(pictures) * _strength(pictures) for _ in range(2))
    result = result * (1 + CONTRAST * contrast) + BRIGHTNESS * brightness
    return _rounded(result, STEP * _strength(pictures))


def _strength(pictures: Tensor) -> Tensor:
    """A number for each picture, float [B, 1, 1, 1]: 0, or uniform in [0, 1]."""
    strengths = drawn(len(pictures), lambda rows: torch.rand(rows) * (torch.rand(rows) < PROBABILITY))
    return strengths.to(pictures)[:, None, None, None]


def _uniform(pictures: Tensor) -> Tensor:
    """A number in [-1, 1] for each channel, float [B, 3, 1, 1]."""
    return drawn(len(pictures), lambda rows: torch.rand(rows, pictures.shape[1], 1, 1) * 2 - 1).to(pictures)


def _normal(pictures: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    return drawn(len(pictures), lambda rows: torch.randn(rows, pictures.shape[1], *size)).to(pictures)


def _blurred(pictures: Tensor) -> Tensor:
    """The mean over 3x3 places."""
    return F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)


def _rounded(pictures: Tensor, step: Tensor) -> Tensor:
    """Round the cosine coefficients of 8x8 blocks to multiples of a step, float [B, 1, 1, 1]; 0 rounds nothing.

    The rounding error of a coefficient grows with its frequency, as with JPEG's tables.
    """
    basis, (count, channels, height, width) = _cosines().to(pictures), pictures.shape
    blocks = pictures.reshape(count, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(3, 4)
    coefficients = basis @ blocks @ basis.t()
    frequency = torch.arange(BLOCK)
    steps = step[..., None, None] * (1 + frequency[:, None] + frequency).to(pictures) / BLOCK
    rounded = torch.where(steps > 0, (coefficients / steps.clamp(min=1e-6)).round() * steps, coefficients)
    return (basis.t() @ rounded @ basis).transpose(3, 4).reshape(pictures.shape)


def _cosines() -> Tensor:
    """The orthonormal cosine transform of 8 values (DCT-II), float32 [8, 8]."""
    rows, places = torch.arange(BLOCK)[:, None], torch.arange(BLOCK)
    cosines = torch.cos(math.pi / BLOCK * rows * (places + 0.5)) * math.sqrt(2 / BLOCK)
    cosines[0] /= math.sqrt(2)
    return cosines
