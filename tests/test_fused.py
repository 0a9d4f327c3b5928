"""Convolutions with their activation in one operation: the same results and derivatives."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.networks import fused
from ganvas.networks.fused import constant_convolution

# Channels, side of the kernel and groups.
SHAPES = {"dense": (6, 3, 1), "one place": (6, 1, 1), "depthwise": (6, 5, 6)}


def case(name: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, int]:
    """Maps whose results lie on both sides of 0 and of 6, and constants."""
    channels, side, groups = SHAPES[name]
    random = torch.Generator().manual_seed(0)
    maps = torch.randn(2, channels, 8, 8, generator=random).contiguous(memory_format=torch.channels_last)
    weight = 3 * torch.randn(channels, channels // groups, side, side, generator=random)
    return maps.to(dtype), weight.to(dtype), torch.randn(channels, generator=random).to(dtype), groups


def plain(maps: Tensor, weight: Tensor, bias: Tensor, groups: int, is_active: bool) -> Tensor:
    maps = F.conv2d(maps, weight, bias, 1, weight.shape[2] // 2, groups=groups)
    return F.relu6(maps) if is_active else maps


def with_slope(convolution: Callable[..., Tensor], maps: Tensor, *others: object) -> tuple[Tensor, Tensor]:
    """A result, and the derivative of its mean square."""
    maps = maps.clone(memory_format=torch.preserve_format).requires_grad_()
    result = convolution(maps, *others)
    (slope,) = torch.autograd.grad(result.float().square().mean(), maps)
    return result.detach(), slope


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", SHAPES)
def test_results_and_derivatives_are_those_of_both_operations(name: str, dtype: torch.dtype, is_active: bool) -> None:
    arguments = (*case(name, dtype), is_active)
    (ours, our_slope), (theirs, their_slope) = (with_slope(each, *arguments) for each in (constant_convolution, plain))
    assert not is_active or ((theirs == 0).any() and (theirs == 6).any())
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(our_slope, their_slope)
    assert (ours.stride(), our_slope.stride()) == (theirs.stride(), their_slope.stride())


def test_without_onednn_it_is_both_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "OPERATION", "no_such_operation")
    arguments = (*case("dense", torch.float32), True)
    torch.testing.assert_close(constant_convolution(*arguments), plain(*arguments))
