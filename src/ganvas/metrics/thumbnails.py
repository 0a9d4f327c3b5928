"""Thumbnails: pictures reduced to one size, at which copies and variety are measured."""

import numpy as np
import torch

from ganvas.foundation.arrays import Images
from ganvas.foundation.pixels import resize

# Height and width in pixels.
SIDE = 32


def thumbnails(images: Images) -> Images:
    """Resize pictures, uint8 [N, H, W, 3], to uint8 [N, SIDE, SIDE, 3]."""
    return resize(torch.from_numpy(np.ascontiguousarray(images)), SIDE).numpy()
