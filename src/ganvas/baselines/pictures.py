"""The pictures of one class, read from the dataset's memory map in small parts."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.pixels import to_float

# The largest sample of a class, as float32: 5,461 pictures of 64 px, 1,365 of 128 px. Fitting takes about twice that.
SAMPLE_BYTES = 256 * 2**20
# Pictures to read at a time.
SLAB = 64


@dataclass(frozen=True)
class Pictures:
    """The pictures of one class; at least one.

    Attributes:
        images: uint8 [N, S, S, 3], all pictures of the dataset.
        rows: int64 [n], the rows of this class.
    """

    images: Images
    rows: Integers

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sample_size(self) -> int:
        """The number of pictures that `sample` returns."""
        _, *shape = self.images.shape
        return min(len(self), max(1, SAMPLE_BYTES // (4 * math.prod(shape))))

    def mean(self) -> Tensor:
        """The mean of all pictures, float32 [3, S, S] in [-1, 1]."""
        total = sum((slab.sum(0, dtype=torch.float64) for slab in self._slabs(self.rows)), torch.zeros(()))
        return (total / len(self)).float()

    def sample(self, seed: int) -> Tensor:
        """A random sample of at most `SAMPLE_BYTES`, or all pictures: float32 [n, 3, S, S] in [-1, 1]."""
        rows = self.rows
        if self.sample_size < len(self):
            rows = np.sort(np.random.default_rng(seed).choice(rows, self.sample_size, replace=False))
        height, width, channels = self.images.shape[1:]
        sample = torch.empty(len(rows), channels, height, width)
        for number, slab in enumerate(self._slabs(rows)):
            sample[number * SLAB :][: len(slab)] = slab
        return sample

    def _slabs(self, rows: Integers) -> Iterator[Tensor]:
        for start in range(0, len(rows), SLAB):
            yield to_float(torch.from_numpy(self.images[rows[start : start + SLAB]]))
