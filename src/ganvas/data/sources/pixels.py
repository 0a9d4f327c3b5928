"""Pictures that are kept as plain numbers, many in a file, as MNIST and CIFAR-10 are."""

import hashlib

import numpy as np

from ganvas.data.pictures.decode import Picture
from ganvas.foundation.arrays import Images


def picture_of(pixels: Images) -> Picture:
    """A picture of grey or coloured pixels.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
    """
    height, width = pixels.shape[:2]
    colours = np.ascontiguousarray(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))
    return Picture(colours, width, height, hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest())
