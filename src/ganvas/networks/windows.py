"""4x4 convolutions of stride 2 and padding 1 in bfloat16, as one matrix product over windows.

On maps of 4x4 places, oneDNN's kernels for bfloat16 are far slower than a matrix product. W maps a fine map to the
4x4 windows from which a coarse map is computed, W' is its transpose, and k are the kernels as a matrix:

    down:  coarse = W(fine) k'            up:  fine = W'(coarse k)
"""

from functools import partial

import torch
from torch import Tensor

from ganvas.networks.linear_map import linear_map


def windowed_down(fine: Tensor, weight: Tensor) -> Tensor:
    """Halve a map: fine [B, C, 2h, 2w] and weight [K, C, 4, 4] -> bfloat16 [B, K, h, w]."""
    places = fine.to(torch.bfloat16).permute(0, 2, 3, 1)
    batch, height, width, _ = places.shape
    windows = linear_map(places, _windows, partial(_overlapped, places.shape))
    return (windows @ _matrix(weight).t()).view(batch, height // 2, width // 2, -1).permute(0, 3, 1, 2)


def windowed_up(coarse: Tensor, weight: Tensor) -> Tensor:
    """Double a map: coarse [B, K, h, w] and weight [K, C, 4, 4] -> bfloat16 [B, C, 2h, 2w]."""
    places = coarse.to(torch.bfloat16).permute(0, 2, 3, 1)
    batch, height, width, channels = places.shape
    windows = places.reshape(-1, channels) @ _matrix(weight)
    fine = torch.Size((batch, 2 * height, 2 * width, weight.shape[1]))
    return linear_map(windows, partial(_overlapped, fine), _windows).permute(0, 3, 1, 2)


def bordered(places: Tensor) -> Tensor:
    """The padding of these convolutions: [B, h, w, C] -> [B, h + 2, w + 2, C], zeros around."""
    batch, height, width, channels = places.shape
    padded = places.new_empty(batch, height + 2, width + 2, channels)
    padded[:, 1:-1, 1:-1] = places
    for edge in (padded[:, 0], padded[:, -1], padded[:, :, 0], padded[:, :, -1]):
        edge.zero_()
    return padded


def _matrix(weight: Tensor) -> Tensor:
    return weight.to(torch.bfloat16).permute(0, 2, 3, 1).reshape(len(weight), -1)


def _windows(places: Tensor) -> Tensor:
    """[B, 2h, 2w, C] -> [B h w, 16 C], row by row as they lie in memory."""
    batch, height, width, channels = places.shape
    padded = bordered(places)
    picture, row, place, _ = padded.stride()
    shape = (batch, height // 2, width // 2, 4, 4 * channels)
    return padded.as_strided(shape, (picture, 2 * row, 2 * place, row, 1)).reshape(-1, 16 * channels)


def _overlapped(shape: torch.Size, windows: Tensor) -> Tensor:
    """The transpose of `_windows`: each place is the sum of its values in all windows that contain it."""
    batch, height, width, channels = shape
    down, across = height // 2, width // 2
    windows = windows.reshape(batch, down, across, 2, 2, 2, 2 * channels)
    blocks = windows.new_zeros(batch, down + 1, 2, across + 1, 2 * channels)
    for row in range(2):
        for column in range(2):
            quarter = windows[:, :, :, row, :, column].permute(0, 1, 3, 2, 4)
            blocks[:, row : row + down, :, column : column + across] += quarter
    return blocks.view(batch, height + 2, width + 2, channels)[:, 1:-1, 1:-1].contiguous()
