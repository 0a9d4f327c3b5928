"""Augmentation: random rotation, shift, zoom and mirroring of each picture, in one resampling."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ganvas.artist.grids import grid
from ganvas.classify.options import NetworkOptions
from ganvas.foundation.arrays import Images
from ganvas.foundation.pixels import to_unit

# The names that torch uses. Reflection is about the outer edge of the border pixels, so these are repeated.
PADDING = {"reflect": "reflection", "nearest": "border"}


@dataclass(frozen=True)
class Augmentation:
    """Random transforms within ranges.

    Attributes:
        rotation: the largest rotation, in degrees, in either direction.
        shift: the largest shift along each axis, as a share of the side.
        zoom: scales are from 1 - zoom to 1 + zoom.
        flip: whether to mirror pictures left to right with probability 1/2.
        fill: what lies beyond the edge: "reflect" mirrors the picture, "nearest" repeats its last pixels.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    flip: bool = False
    fill: str = "reflect"

    @classmethod
    def of(cls, options: NetworkOptions) -> Self | None:
        """The augmentation that the options set; None if it is turned off."""
        if not options.augment:
            return None
        return cls(options.rotation, options.shift, options.zoom, options.flip, options.fill)

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        """Transform each picture at random, independently of the others.

        Args:
            images: float [N, 3, S, S].
            random: a generator on the CPU that draws the transforms.

        Returns:
            float [N, 3, S, S].
        """
        return self.resample(images, self._matrices(len(images), random))

    def resample(self, images: Tensor, matrices: Tensor) -> Tensor:
        """Transform each picture by an affine map.

        Args:
            images: float [N, 3, S, S].
            matrices: float [N, 2, 3], from coordinates in the result to coordinates in the picture, both in [-1, 1].

        Returns:
            float [N, 3, S, S].
        """
        coordinates = affine_grid(matrices.to(images.device), list(images.shape), align_corners=False)
        return grid_sample(images, coordinates, mode="bilinear", padding_mode=PADDING[self.fill], align_corners=False)

    def _matrices(self, count: int, random: torch.Generator) -> Tensor:
        angle, scale, right, down = (torch.rand(4, count, generator=random) * 2 - 1).unbind()
        angle = angle * math.radians(self.rotation)
        scale = 1 + scale * self.zoom
        mirrored = torch.rand(count, generator=random) < (0.5 if self.flip else 0.0)
        sign = torch.where(mirrored, -1.0, 1.0)
        # This is the inverse map: to enlarge a picture, read it in smaller steps. Coordinates span a width of 2.
        cos, sin = angle.cos() / scale, angle.sin() / scale
        rows = [sign * cos, -sign * sin, 2 * self.shift * right, sin, cos, 2 * self.shift * down]
        return torch.stack(rows, dim=1).view(count, 2, 3)


def compare_fills(images: Images, rotation: float = 20.0, shift: float = 0.25) -> Images:
    """A grid that shows what each fill puts beyond the edge of a rotated and shifted picture.

    Args:
        images: uint8 [N, S, S, 3].
        rotation: the rotation in degrees.
        shift: the shift along both axes, as a share of the side.

    Returns:
        uint8 [H, W, 3]: one column for each picture; its rows are the original, "reflect" and "nearest".
    """
    pictures = to_unit(torch.from_numpy(images))
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    matrix = torch.tensor([[cos, -sin, 2 * shift], [sin, cos, -2 * shift]])
    filled = [Augmentation(fill=fill).resample(pictures, matrix.expand(len(images), 2, 3)) for fill in PADDING]
    rows = [images, *((result * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy() for result in filled)]
    return grid(np.concatenate(rows), columns=len(images))
