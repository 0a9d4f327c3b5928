"""Convolutions with their activation in one operation: the same results and derivatives."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.networks import fused
from ganvas.networks.fused import convolution_relu6

# Channels, side of the kernel and groups.
SHAPES = {"dense": (6, 3, 1), "one place": (6, 1, 1), "depthwise": (6, 5, 6)}


def case(name: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, int, int]:
    """Maps whose results lie on both sides of 0 and of 6, and constants."""
    channels, side, groups = SHAPES[name]
    random = torch.Generator().manual_seed(0)
    maps = torch.randn(2, channels, 8, 8, generator=random).contiguous(memory_format=torch.channels_last)
    weight = 3 * torch.randn(channels, channels // groups, side, side, generator=random)
    return maps.to(dtype), weight.to(dtype), torch.randn(channels, generator=random).to(dtype), side // 2, groups


def plain(maps: Tensor, weight: Tensor, bias: Tensor, padding: int, groups: int) -> Tensor:
    return F.relu6(F.conv2d(maps, weight, bias, 1, padding, groups=groups))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", SHAPES)
def test_results_and_derivatives_are_those_of_both_operations(name: str, dtype: torch.dtype) -> None:
    maps, *rest = case(name, dtype)
    (ours, our_slope), (theirs, their_slope) = (
        slope_of(function, maps, *rest) for function in (convolution_relu6, plain)
    )
    assert (theirs == 0).any()
    assert (theirs == 6).any()
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(our_slope, their_slope)
    assert ours.stride() == theirs.stride()


def slope_of(function, maps: Tensor, *rest) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
    maps = maps.clone().requires_grad_()
    outputs = function(maps, *rest)
    outputs.float().square().sum().backward()
    assert maps.grad is not None
    return outputs.detach(), maps.grad


def test_without_onednn_it_is_both_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "_OPERATION", "no_such_operation")
    arguments = case("dense", torch.float32)
    torch.testing.assert_close(convolution_relu6(*arguments), plain(*arguments))
