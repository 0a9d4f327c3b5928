"""The pictures of one class, read from the dataset's memory map no more at a time than memory should hold."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.foundation.pixels import to_float

# What a sample of a class may take as floats: 5,461 pictures of 64 px, 1,365 of 128 px. Fits need about twice that.
SAMPLE_BYTES = 256 * 2**20
SLAB = 64


@dataclass(frozen=True)
class Pictures:
    """The pictures of one class, at least one.

    Attributes:
        images: uint8 [N, S, S, 3], the whole dataset.
        rows: int64 [n], which of them are of this class.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sample_size(self) -> int:
        """How many pictures `sample` returns."""
        _, *shape = self.images.shape
        return min(len(self), max(1, SAMPLE_BYTES // (4 * math.prod(shape))))

    def mean(self) -> Tensor:
        """The mean of them all, float32 [3, S, S] in [-1, 1]."""
        total = sum((slab.sum(0, dtype=torch.float64) for slab in self._slabs(self.rows)), torch.zeros(()))
        return (total / len(self)).float()

    def sample(self, seed: int) -> Tensor:
        """As many of them as memory allows, chosen by seed, float32 [n, 3, S, S] in [-1, 1]."""
        rows = self.rows
        if self.sample_size < len(self):
            rows = np.sort(np.random.default_rng(seed).choice(rows, self.sample_size, replace=False))
        height, width, channels = self.images.shape[1:]
        sample = torch.empty(len(rows), channels, height, width)
        for number, slab in enumerate(self._slabs(rows)):
            sample[number * SLAB :][: len(slab)] = slab
        return sample

    def _slabs(self, rows: NDArray[np.int64]) -> Iterator[Tensor]:
        for start in range(0, len(rows), SLAB):
            yield to_float(torch.from_numpy(self.images[rows[start : start + SLAB]]))
