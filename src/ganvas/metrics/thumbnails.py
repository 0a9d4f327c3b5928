"""Thumbnails: pictures reduced to one size, at which copies and variety are measured."""

import numpy as np
import torch

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.pixels import resize

# Height and width in pixels.
SIDE = 32
# Pictures of a dataset to resize at a time, because those of a large one do not fit in memory together.
_SLAB = 256


def thumbnails(images: Images) -> Images:
    """Resize pictures, uint8 [N, H, W, 3], to uint8 [N, SIDE, SIDE, 3]."""
    return resize(torch.from_numpy(np.ascontiguousarray(images)), SIDE).numpy()


def dataset_thumbnails(data: Dataset, rows: Integers) -> Images:
    """The thumbnails of these rows of a dataset, uint8 [len(rows), SIDE, SIDE, 3]."""
    slabs = (data.images[rows[start : start + _SLAB]] for start in range(0, len(rows), _SLAB))
    return np.concatenate([thumbnails(slab) for slab in slabs])
