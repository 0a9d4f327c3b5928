"""Convolutions of stride 2 in bfloat16 as one matrix product over windows.

On maps of 4x4 places, oneDNN's kernels for bfloat16 are far slower than a matrix product. W maps a fine map to the
windows, k x k places each, from which a coarse map is computed, W' is its transpose, and k are the kernels as a matrix:

    down:  coarse = W(fine) k'            up:  fine = W'(coarse k)
"""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ganvas.networks.linear_map import linear_map

# The most places of a coarse map that is computed this way. On larger ones, moving windows costs more than it saves.
LARGEST = 16


class Frame(NamedTuple):
    """How windows lie on a fine map of 2h x 2w places, h x w of them at every second place.

    Attributes:
        kernel: places along each side of a window.
        before: zeros before each row and column. There are `after` of them behind.
    """

    kernel: int
    before: int

    @property
    def after(self) -> int:
        """Zeros behind each row and column."""
        return self.kernel - 2 - self.before


FOUR: Frame = Frame(4, 1)


def suits_windows(images: Tensor, height: int, width: int) -> bool:
    """Whether windows are faster for a coarse map of this size: in bfloat16 on a CPU."""
    is_reduced = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    return runs_here(images) and is_reduced and height * width <= LARGEST


def runs_here(images: Tensor) -> bool:
    """Whether a network runs on this CPU, rather than being exported or compiled, when layers must be plain torch's."""
    return images.device.type == "cpu" and not torch.compiler.is_compiling()


def windowed_down(fine: Tensor, weight: Tensor, frame: Frame = FOUR) -> Tensor:
    """Halve a map: fine [B, C, 2h, 2w] and weight [K, C, k, k] -> bfloat16 [B, K, h, w]."""
    places = fine.to(torch.bfloat16).permute(0, 2, 3, 1)
    batch, height, width, _ = places.shape
    windows = linear_map(places, partial(_windows, frame), partial(_overlapped, frame, places.shape))
    return (windows @ _matrix(weight).t()).view(batch, height // 2, width // 2, -1).permute(0, 3, 1, 2)


def windowed_up(coarse: Tensor, weight: Tensor, frame: Frame = FOUR) -> Tensor:
    """Double a map: coarse [B, K, h, w] and weight [K, C, k, k] -> bfloat16 [B, C, 2h, 2w]."""
    places = coarse.to(torch.bfloat16).permute(0, 2, 3, 1)
    batch, height, width, channels = places.shape
    windows = places.reshape(-1, channels) @ _matrix(weight)
    fine = torch.Size((batch, 2 * height, 2 * width, weight.shape[1]))
    return linear_map(windows, partial(_overlapped, frame, fine), partial(_windows, frame)).permute(0, 3, 1, 2)


def bordered(places: Tensor, frame: Frame = FOUR) -> Tensor:
    """The padding of these convolutions: [B, h, w, C] -> [B, h + k - 2, w + k - 2, C], zeros around."""
    batch, height, width, channels = places.shape
    before, after = frame.before, frame.after
    padded = places.new_empty(batch, height + before + after, width + before + after, channels)
    padded[:, before : before + height, before : before + width] = places
    for side in (padded, padded.transpose(1, 2)):
        side[:, :before].zero_()
        side[:, side.shape[1] - after :].zero_()
    return padded


def _matrix(weight: Tensor) -> Tensor:
    return weight.to(torch.bfloat16).permute(0, 2, 3, 1).reshape(len(weight), -1)


def _windows(frame: Frame, places: Tensor) -> Tensor:
    """[B, 2h, 2w, C] -> [B h w, k k C], row by row as they lie in memory."""
    batch, height, width, channels = places.shape
    padded = bordered(places, frame)
    picture, row, place, _ = padded.stride()
    shape = (batch, height // 2, width // 2, frame.kernel, frame.kernel * channels)
    return padded.as_strided(shape, (picture, 2 * row, 2 * place, row, 1)).reshape(-1, frame.kernel**2 * channels)


def _overlapped(frame: Frame, shape: torch.Size, windows: Tensor) -> Tensor:
    """The transpose of `_windows`: each place is the sum of its values in all windows that contain it."""
    (batch, height, width, channels), kernel = shape, frame.kernel
    down, across = height // 2, width // 2
    windows = windows.reshape(batch, down, across, kernel, kernel, channels)
    padded = windows.new_zeros(batch, height + kernel - 2, width + kernel - 2, channels)
    picture, row, place, _ = padded.stride()
    # Windows do not overlap in any two of their rows and columns, which are therefore added at once.
    for top in range(0, kernel, 2):
        for left in range(0, kernel, 2):
            part = windows[:, :, :, top : top + 2, left : left + 2].permute(0, 1, 3, 2, 4, 5)
            strides = (picture, 2 * row, row, 2 * place, place, 1)
            padded.as_strided(part.shape, strides, top * row + left * place).add_(part)
    before = frame.before
    return padded[:, before : before + height, before : before + width].contiguous()
