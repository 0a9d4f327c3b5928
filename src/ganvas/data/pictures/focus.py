"""Where to crop a long picture: the square with the most detail, or with what stands out most."""

import numpy as np
from PIL import Image

from ganvas.foundation.arrays import Floats, Images

# Crops are compared in a small copy whose short side has this many pixels.
_SIDE = 48
_LEVELS = 16


def best_crop_start(pixels: Images, focus: str) -> float:
    """Where the best square crop begins along a picture's longer side. Ties go to the crop nearest the middle.

    Args:
        pixels: uint8 [H, W, 3], not square.
        focus: "entropy" for the square with the highest entropy of grey levels, or "saliency" for the one that differs
            most from its surroundings.

    Returns:
        Pixels from the top or from the left, from 0 to the difference between the sides.
    """
    height, width = pixels.shape[:2]
    scale = _SIDE / min(height, width)
    image = Image.fromarray(pixels).convert("L")
    small = np.asarray(image.resize((max(_SIDE, round(width * scale)), max(_SIDE, round(height * scale)))))
    strip = small if width > height else small.T
    scores = _entropies(strip) if focus == "entropy" else _saliencies(strip)
    middle = (len(scores) - 1) / 2
    best = np.flatnonzero(scores >= scores.max() - 1e-6 * abs(scores.max()))
    start = best[np.abs(best - middle).argmin()]
    return float(start / max(1, len(scores) - 1) * abs(width - height))


def _windows(columns: Floats) -> Floats:
    """Sums over each run of `_SIDE` columns: float64 [W, ...] to [W - _SIDE + 1, ...]."""
    sums = np.concatenate([np.zeros_like(columns[:1]), columns.cumsum(axis=0)])
    return np.asarray(sums[_SIDE:] - sums[:-_SIDE])


def _entropies(strip: Images) -> Floats:
    """The Shannon entropy of the greys in each square of a strip, uint8 [_SIDE, W], in bits."""
    levels = strip.T // (256 // _LEVELS)
    counts = _windows(np.stack([(levels == level).sum(axis=1) for level in range(_LEVELS)], axis=1).astype(float))
    shares = counts / _SIDE**2
    bits = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * bits).sum(axis=1))


def _saliencies(strip: Images) -> Floats:
    """The saliency of each square of a strip, by its spectral residual (Hou and Zhang, CVPR 2007, eq. 3 to 5).

    The log spectrum of a typical picture is smooth. Where it departs from its local average, something stands out.
    """
    from scipy.ndimage import gaussian_filter, uniform_filter  # imported here because nothing else needs scipy

    spectrum = np.fft.fft2(strip / 255)
    amplitude = np.log(np.abs(spectrum) + 1e-6)
    residual = amplitude - uniform_filter(amplitude, 3, mode="wrap")
    saliency = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    return _windows(np.asarray(gaussian_filter(saliency, 2.5)).sum(axis=0))
