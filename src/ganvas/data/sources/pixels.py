"""Pictures stored as arrays of pixels, many in a file, as in MNIST and CIFAR-10."""

import hashlib

import numpy as np

from ganvas.data.pictures.decode import Picture
from ganvas.foundation.arrays import Images


def picture_of(pixels: Images) -> Picture:
    """Make a picture of grey or RGB pixels.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
    """
    height, width = pixels.shape[:2]
    colours = np.ascontiguousarray(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))
    return Picture(colours, width, height, hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest())
