"""Convolutions of stride 1 with constant weights, and the activation that oneDNN computes with them.

On a CPU, an activation of its own reads and writes a whole map, which takes about as long as a depthwise convolution.
oneDNN computes it before a result leaves the registers. The derivative of a 1x1 convolution is a matrix product, which
has less to prepare on small maps.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.networks.windows import runs_here

OPERATION = "_convolution_pointwise"


def constant_convolution(maps: Tensor, weight: Tensor, bias: Tensor, groups: int, is_active: bool) -> Tensor:
    """A convolution of stride 1 that keeps the size of a map, with or without min(max(., 0), 6).

    Args:
        maps: [B, C, h, w].
        weight: [K, C / groups, k, k] of the same dtype, k odd; it gets no gradient.
        bias: [K], likewise.
        groups: of channels.
        is_active: whether a ReLU6 follows.
    """
    if runs_here(maps) and hasattr(torch.ops.mkldnn, OPERATION):
        result: Tensor = _ConstantConvolution.apply(maps, weight, bias, groups, is_active)
        return result
    maps = F.conv2d(maps, weight, bias, 1, weight.shape[2] // 2, groups=groups)
    return F.relu6(maps, inplace=True) if is_active else maps


class _ConstantConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor, groups: int, is_active: bool) -> Tensor:
        ctx.padding, ctx.groups = [weight.shape[2] // 2] * 2, groups
        activation = ("hardtanh", [0.0, 6.0], "") if is_active else ("none", [], "")
        result: Tensor = getattr(torch.ops.mkldnn, OPERATION)(
            maps, weight, bias, ctx.padding, [1, 1], [1, 1], groups, *activation
        )
        ctx.save_for_backward(maps, weight, *([result] if is_active else []))
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (gradient,), (maps, weight, *activated) = gradients, ctx.saved_tensors
        for result in activated:  # where ReLU6 is flat, its result is 0 or 6
            gradient = torch.ops.aten.hardtanh_backward(gradient, result, 0.0, 6.0)
        if weight.shape[2:] == (1, 1) and ctx.groups == 1:
            before = (gradient.permute(0, 2, 3, 1) @ weight.flatten(1)).permute(0, 3, 1, 2)
        else:
            before, _, _ = torch.ops.aten.convolution_backward(
                *(gradient, maps, weight, None, [1, 1], ctx.padding, [1, 1], False, [0, 0], ctx.groups),
                [True, False, False],
            )
        return before, None, None, None, None
