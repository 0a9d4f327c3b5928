"""Augmentation: every picture another way each epoch, turned, shifted, scaled and mirrored in one resampling."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ganvas.artist.grids import grid
from ganvas.classify.options import NetworkOptions
from ganvas.foundation.pixels import to_unit

# What torch calls them. Reflection is about the outer edge of the border pixels, so that they are seen twice.
PADDING = {"reflect": "reflection", "nearest": "border"}


@dataclass(frozen=True)
class Augmentation:
    """Random transforms within ranges.

    Attributes:
        rotation: turns by up to this many degrees either way.
        shift: shifts by up to this share of the side, along both axes.
        zoom: scales by a factor of 1 - zoom to 1 + zoom.
        flip: whether every other picture is mirrored, left to right.
        fill: what lies beyond the edge: "reflect", the picture mirrored, or "nearest", its last pixel drawn out.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    flip: bool = False
    fill: str = "reflect"

    @classmethod
    def of(cls, options: NetworkOptions) -> Self | None:
        """What these options ask for; None if they ask for none."""
        if not options.augment:
            return None
        return cls(options.rotation, options.shift, options.zoom, options.flip, options.fill)

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        """Transform each picture another way.

        Args:
            images: float [N, 3, S, S].
            random: of the CPU; draws the transforms.

        Returns:
            float [N, 3, S, S].
        """
        return self.resample(images, self._matrices(len(images), random))

    def resample(self, images: Tensor, matrices: Tensor) -> Tensor:
        """The pictures under affine maps.

        Args:
            images: float [N, 3, S, S].
            matrices: float [N, 2, 3], from places in the result to places in the picture, both from -1 to 1.

        Returns:
            float [N, 3, S, S].
        """
        places = affine_grid(matrices.to(images.device), list(images.shape), align_corners=False)
        return grid_sample(images, places, mode="bilinear", padding_mode=PADDING[self.fill], align_corners=False)

    def _matrices(self, count: int, random: torch.Generator) -> Tensor:
        angle, scale, right, down = (torch.rand(4, count, generator=random) * 2 - 1).unbind()
        angle = angle * math.radians(self.rotation)
        scale = 1 + scale * self.zoom
        mirrored = torch.rand(count, generator=random) < (0.5 if self.flip else 0.0)
        sign = torch.where(mirrored, -1.0, 1.0)
        # The inverse map: a picture that is to appear larger is read in smaller steps. Its width is 2 here.
        cos, sin = angle.cos() / scale, angle.sin() / scale
        rows = [sign * cos, -sign * sin, 2 * self.shift * right, sin, cos, 2 * self.shift * down]
        return torch.stack(rows, dim=1).view(count, 2, 3)


def compare_fills(images: NDArray[np.uint8], rotation: float = 20.0, shift: float = 0.25) -> NDArray[np.uint8]:
    """A sheet that shows what each fill puts beyond the edge of a turned and shifted picture.

    Args:
        images: uint8 [N, S, S, 3].
        rotation: turn by this many degrees.
        shift: shift by this share of the side along both axes.

    Returns:
        uint8 [H, W, 3]: a column a picture; in the rows the picture as it is, under "reflect", and under "nearest".
    """
    pictures = to_unit(torch.from_numpy(images))
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    matrix = torch.tensor([[cos, -sin, 2 * shift], [sin, cos, -2 * shift]])
    filled = [Augmentation(fill=fill).resample(pictures, matrix.expand(len(images), 2, 3)) for fill in PADDING]
    rows = [images, *((each * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy() for each in filled)]
    return grid(np.concatenate(rows), columns=len(images))
