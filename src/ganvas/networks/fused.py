"""Convolutions with an activation that oneDNN computes before a result leaves the registers.

On a CPU, an activation of its own reads and writes a whole map, which takes about as long as a depthwise convolution.
Results are those of the two operations, except that bfloat16 results are rounded once instead of twice.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.networks.windows import runs_here


def convolution_relu6(maps: Tensor, weight: Tensor, bias: Tensor, padding: int, groups: int) -> Tensor:
    """min(max(conv(maps), 0), 6), stride 1, for constant weights.

    Args:
        maps: [B, C, h, w].
        weight: [K, C / groups, k, k] of the same dtype, without a gradient.
        bias: [K], likewise.
        padding: zeros on each side.
        groups: of channels.
    """
    if not _is_available(maps):
        return F.relu6(F.conv2d(maps, weight, bias, 1, padding, groups=groups), inplace=True)
    activated: Tensor = _ConvolutionReLU6.apply(maps, weight, bias, padding, groups)
    return activated


def _is_available(maps: Tensor) -> bool:
    """Whether this build of torch has oneDNN's fused convolutions, and a network runs on the CPU."""
    return runs_here(maps) and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, _OPERATION)


_OPERATION = "_convolution_pointwise"


class _ConvolutionReLU6(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor, padding: int, groups: int) -> Tensor:
        ctx.padding, ctx.groups = [padding, padding], groups
        convolution = getattr(torch.ops.mkldnn, _OPERATION)
        activated: Tensor = convolution(
            maps, weight, bias, ctx.padding, [1, 1], [1, 1], groups, "hardtanh", [0.0, 6.0], ""
        )
        ctx.save_for_backward(maps, weight, activated)
        return activated

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        maps, weight, activated = ctx.saved_tensors
        # Where the activation is flat, its result is 0 or 6.
        slope = torch.ops.aten.hardtanh_backward(gradients[0], activated, 0.0, 6.0)
        before, _, _ = torch.ops.aten.convolution_backward(
            slope, maps, weight, None, [1, 1], ctx.padding, [1, 1], False, [0, 0], ctx.groups, [True, False, False]
        )
        return before, None, None, None, None
