"""Outlines of pictures, and how much two pictures' outlines agree.

The outline of a picture is the gradient of its smoothed luminance, a vector at each pixel of its thumbnail. Two
outlines agree as far as they correlate (normalised cross-correlation, in the best of several alignments):

    agreement(x, y) = max over alignments a of  <g(a(x)), g(y)> / (|g(a(x))| |g(y)|)

An alignment mirrors x or does not, and shifts it by up to two pixels of the thumbnail. Brightness, contrast and colour
casts hardly change an agreement, for they scale a gradient or add nothing to it. Smoothing makes blur and noise matter
little.

A figure on a flat ground is compared a second time, without ground and contour: both sums then run over the inner
pixels of y's figure. So a ground of another tone does not matter, either.
"""

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ganvas.foundation.arrays import Flags, Floats, Images
from ganvas.metrics.thumbnails import SIDE

# The largest shift of an alignment in pixels, and the distance between the pixels that are compared: every second one
# of a smooth outline tells nearly all of it.
SHIFT, STRIDE = 2, 2
# Standard deviations of the Gaussian that smooths luminance, in pixels: of whole pictures, and of the inside of
# figures, where a wider one would bring in the contour.
_SMOOTH, _SMOOTH_FIGURE = 1.8, 0.5
# Luminance of red, green and blue (ITU-R BT.601).
_LUMINANCE = (0.299, 0.587, 0.114)
# The root mean square of a gradient below which a picture is taken to be blank, in grey values per pixel. Blank
# pictures agree with none.
_BLANK = 0.5
# A ground is what joins the border and has its tone, to this many grey values. It is flat, and there is a figure, if it
# covers at least a share of the picture, its values spread no more than this, and enough pixels of the figure remain.
_TONE, _GROUND_SHARE, _GROUND_SPREAD, _LEAST_FIGURE = 24.0, 0.15, 12.0, 100
# Widths of the contour that is left out of a figure, in pixels: the first one that leaves enough.
_CONTOURS = (3, 2, 1)
# Pictures to align at a time.
_BLOCK = 64


@dataclass(frozen=True)
class Outlines:
    """The outlines of N pictures.

    Attributes:
        thumbnails: the pictures, uint8 [N, SIDE, SIDE, 3].
        whole: float32 [N, 2, SIDE, SIDE].
        figure: the same, less smoothed, float32 [N, 2, SIDE, SIDE].
    """

    thumbnails: Images
    whole: Tensor
    figure: Tensor

    @classmethod
    def of(cls, thumbnails: Images) -> Self:
        """Find the outlines of thumbnails, uint8 [N, SIDE, SIDE, 3]."""
        luminance = torch.from_numpy(thumbnails).to(torch.float32) @ torch.tensor(_LUMINANCE)
        return cls(thumbnails, _gradient(luminance, _SMOOTH), _gradient(luminance, _SMOOTH_FIGURE))

    @functools.cached_property
    def inside(self) -> Flags:
        """The inner pixels of figures on a flat ground, bool [N, SIDE, SIDE]; all False without one."""
        return np.array([_inside(each) for each in self.thumbnails], bool).reshape(-1, SIDE, SIDE)

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, rows: slice) -> Self:
        return type(self)(self.thumbnails[rows], self.whole[rows], self.figure[rows])


class Agreement:
    """Agreements with a fixed set of M pictures.

    Args:
        pictures: their outlines.
    """

    def __init__(self, pictures: Outlines) -> None:
        self._count = len(pictures)
        self._whole = _unit(_window(pictures.whole, 0, 0).flatten(1))
        inside = torch.from_numpy(pictures.inside).to(torch.float32)[:, None]
        self._figures = torch.from_numpy(np.flatnonzero(pictures.inside.any(axis=(1, 2))))
        self._inside = _window(inside[self._figures], 0, 0).flatten(1)
        self._figure = _unit(_window((pictures.figure * inside)[self._figures], 0, 0).flatten(1))
        self._least = _BLANK * self._inside.sum(1).clamp_min(1).sqrt()

    def __call__(self, pictures: Outlines) -> tuple[Floats, Floats]:
        """The agreements of N pictures: of the whole, and of figures, float64 [N, M] each, -1 to 1.

        The second is -1 where the fixed picture has no figure on a flat ground.
        """
        blocks = [self._block(pictures[start : start + _BLOCK]) for start in range(0, len(pictures), _BLOCK)]
        whole, figure = (torch.cat(each) for each in zip(*blocks, strict=True))
        of_figures = np.full((len(pictures), self._count), -1.0)
        of_figures[:, self._figures.numpy()] = figure.numpy()
        return whole.numpy().astype(np.float64), of_figures

    def _block(self, pictures: Outlines) -> tuple[Tensor, Tensor]:
        whole = torch.full((len(pictures), self._count), -1.0)
        figure = torch.full((len(pictures), len(self._figures)), -1.0)
        aligned = [(pictures.whole, pictures.figure), (_mirrored(pictures.whole), _mirrored(pictures.figure))]
        shifts = range(-SHIFT, SHIFT + 1)
        for outlines, down, right in itertools.product(aligned, shifts, shifts):
            first, second = (_window(each, down, right) for each in outlines)
            torch.maximum(whole, _unit(first.flatten(1)) @ self._whole.T, out=whole)
            if len(self._figures):
                energy = (second.square().sum(1).flatten(1) @ self._inside.T).sqrt_()
                torch.maximum(figure, second.flatten(1) @ self._figure.T / energy.maximum(self._least), out=figure)
        return whole, figure


def ground_of(picture: Images) -> Flags:
    """The ground of a picture, uint8 [S, S, 3]: what joins the border and has its tone, bool [S, S]."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    regions, _ = ndimage.label(np.abs(picture - np.median(border, axis=0)).max(axis=2) < _TONE)
    at_border = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    ground: Flags = np.isin(regions, at_border[at_border > 0])
    return ground


def _gradient(luminance: Tensor, smooth: float) -> Tensor:
    """The gradient of smoothed luminance, float32 [N, SIDE, SIDE] -> [N, 2, SIDE, SIDE]: to the right, and down."""
    reach = round(3 * smooth)
    weights = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * smooth**2))
    weights /= weights.sum()
    padded = pad(luminance[:, None], (reach + 1,) * 4, mode="replicate")
    smoothed = conv2d(conv2d(padded, weights[None, None, None]), weights[None, None, :, None])
    right = smoothed[..., 1:-1, 2:] - smoothed[..., 1:-1, :-2]
    down = smoothed[..., 2:, 1:-1] - smoothed[..., :-2, 1:-1]
    return torch.cat([right, down], dim=1) / 2


def _inside(thumbnail: Images) -> Flags:
    """The inner pixels of a figure on a flat ground, bool [SIDE, SIDE]; all False without such a figure."""
    ground = ground_of(thumbnail)
    is_flat = ground.mean() >= _GROUND_SHARE and thumbnail[ground].std(axis=0).max() <= _GROUND_SPREAD
    for width in _CONTOURS if is_flat else ():
        inside: Flags = ndimage.binary_erosion(~ground, iterations=width, border_value=1)
        if inside[SHIFT:-SHIFT, SHIFT:-SHIFT].sum() >= _LEAST_FIGURE:
            return inside
    return np.zeros_like(ground)


def _mirrored(outlines: Tensor) -> Tensor:
    """The outlines of the mirrored pictures."""
    return outlines.flip(3) * torch.tensor([-1.0, 1.0])[:, None, None]


def _window(outlines: Tensor, down: int, right: int) -> Tensor:
    """The pixels to compare, [N, C, n, n], after a shift of the pictures up by `down` and left by `right` pixels."""
    top, left, size = SHIFT + down, SHIFT + right, SIDE - 2 * SHIFT
    return outlines[..., top : top + size : STRIDE, left : left + size : STRIDE]


def _unit(vectors: Tensor) -> Tensor:
    """Vectors [N, D] of length 1, or shorter if the picture is blank."""
    lengths: Tensor = vectors.norm(dim=1, keepdim=True)
    return vectors / lengths.clamp_min(_BLANK * math.sqrt(vectors.shape[1] / 2))
