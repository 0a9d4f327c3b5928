"""4x4 convolutions of stride 2 and padding 1, the steps of every DCGAN, fast on small maps too.

On a CPU in float32, oneDNN's direct kernels lose half of their speed where the coarse map is 4x4 or smaller. There one
matrix product over gathered patches does the same work (`benchmarks/throughput.py` shows what it brings). With P(x) the
patches of a fine map x, [B * h * w, 16 C], P' the scattering of patches back onto a fine map (the transpose of P), and
W the kernels as a matrix [coarse channels, 16 * fine channels]:

    down:  y = P(x) W^T,     dx = P'(dy W),     dW = dy^T P(x)
    up:    y = P'(x W),      dx = P(dy) W^T,    dW = x^T P(dy)

Parameters, names and results are those of torch's own modules; results differ by float32 rounding.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The largest coarse map, in places, for which the matrix product is the faster way.
SMALL = 16


class Down(nn.Conv2d):
    """float [B, C_in, 2h, 2w] -> float [B, C_out, h, w]: a `Conv2d` of kernel 4, stride 2, padding 1 and no bias."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 4, stride=2, padding=1, bias=False)

    def forward(self, fine: Tensor) -> Tensor:
        """Halve the map."""
        if not _is_small(fine, places=fine.shape[2] * fine.shape[3] // 4):
            return super().forward(fine)
        coarse: Tensor = DownBySmallMap.apply(fine, self.weight)
        return coarse


class Up(nn.ConvTranspose2d):
    """float [B, C_in, h, w] -> float [B, C_out, 2h, 2w]; the `ConvTranspose2d` that is `Down`'s counterpart."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 4, stride=2, padding=1, bias=False)

    def forward(self, coarse: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Double the map."""
        if not _is_small(coarse, places=coarse.shape[2] * coarse.shape[3]):
            return super().forward(coarse, output_size)
        fine: Tensor = UpBySmallMap.apply(coarse, self.weight)
        return fine


def _is_small(images: Tensor, places: int) -> bool:
    is_plain = images.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return images.device.type == "cpu" and is_plain and places <= SMALL


class DownBySmallMap(torch.autograd.Function):
    """`Down` as a matrix product; differentiable twice, for gradient penalties."""

    @staticmethod
    def forward(ctx: Any, fine: Tensor, weight: Tensor) -> Tensor:
        """The coarse map."""
        patches = _gather(fine)
        ctx.save_for_backward(fine, weight, patches)
        return _to_map(patches @ _matrix(weight).T, fine.shape[2] // 2, fine.shape[3] // 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Gradients of the fine map and the weight."""
        fine, weight, patches = ctx.saved_tensors
        height, width = fine.shape[2] // 2, fine.shape[3] // 2
        rows, to_fine, to_weight = _to_rows(gradients[0]), None, None
        if ctx.needs_input_grad[0]:
            to_fine = _scatter(rows @ _matrix(weight), height, width)
        if ctx.needs_input_grad[1]:
            # A second derivative must find its way back to `fine`, which the patches of the forward pass do not.
            patches = _gather(fine) if torch.is_grad_enabled() else patches
            to_weight = _to_kernels(rows.T @ patches)
        return to_fine, to_weight


class UpBySmallMap(torch.autograd.Function):
    """`Up` as a matrix product; differentiable twice, for gradient penalties."""

    @staticmethod
    def forward(ctx: Any, coarse: Tensor, weight: Tensor) -> Tensor:
        """The fine map."""
        ctx.save_for_backward(coarse, weight)
        return _scatter(_to_rows(coarse) @ _matrix(weight), coarse.shape[2], coarse.shape[3])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Gradients of the coarse map and the weight."""
        coarse, weight = ctx.saved_tensors
        patches, to_coarse, to_weight = _gather(gradients[0]), None, None
        if ctx.needs_input_grad[0]:
            to_coarse = _to_map(patches @ _matrix(weight).T, coarse.shape[2], coarse.shape[3])
        if ctx.needs_input_grad[1]:
            to_weight = _to_kernels(_to_rows(coarse).T @ patches)
        return to_coarse, to_weight


def _gather(fine: Tensor) -> Tensor:
    """P: [B, C, 2h, 2w] -> the 4x4 patches around each 2x2 block, [B * h * w, 16 C], channels innermost."""
    padded = F.pad(fine.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1)).contiguous()
    batch, height, width, channels = padded.shape
    shape = (batch, height // 2 - 1, width // 2 - 1, 4, 4 * channels)
    image, row, column, _ = padded.stride()
    return padded.as_strided(shape, (image, 2 * row, 2 * column, row, 1)).reshape(-1, 16 * channels)


def _scatter(patches: Tensor, height: int, width: int) -> Tensor:
    """P': [B * h * w, 16 C] -> the sum of all patches where they overlap, [B, C, 2h, 2w] in channels_last.

    A patch is 2x2 blocks of 2x2 places, so four shifted sums of blocks do it; rows of a block are 2 C long.
    """
    channels = patches.shape[1] // 16
    blocks = patches.view(-1, height, width, 2, 2, 2, 2 * channels)
    padded = patches.new_zeros(len(blocks), height + 1, 2, width + 1, 2 * channels)
    for down in (0, 1):
        for right in (0, 1):
            padded[:, down : down + height, :, right : right + width] += blocks[:, :, :, down, :, right].transpose(2, 3)
    places = padded.view(-1, 2 * height + 2, 2 * width + 2, channels)[:, 1:-1, 1:-1].contiguous()
    return places.permute(0, 3, 1, 2)


def _matrix(weight: Tensor) -> Tensor:
    """Kernels [coarse, fine, 4, 4] -> W [coarse, 16 * fine]."""
    return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)


def _to_kernels(matrix: Tensor) -> Tensor:
    return matrix.view(len(matrix), 4, 4, -1).permute(0, 3, 1, 2)


def _to_rows(coarse: Tensor) -> Tensor:
    """[B, C, h, w] -> [B * h * w, C]."""
    return coarse.permute(0, 2, 3, 1).reshape(-1, coarse.shape[1])


def _to_map(rows: Tensor, height: int, width: int) -> Tensor:
    return rows.view(-1, height, width, rows.shape[1]).permute(0, 3, 1, 2)
