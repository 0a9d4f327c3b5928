"""The matrix products of small maps are torch's own convolutions, in value and in both derivatives."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.networks import stride_two
from ganvas.networks.stride_two import Down, DownBySmallMap, Up, UpBySmallMap


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("module", "size"), [(Down, (8, 8)), (Down, (2, 6)), (Up, (4, 4)), (Up, (1, 3))])
def test_values_and_gradients_are_those_of_torchs_module(
    module: type[Down | Up], size: tuple[int, int], layout: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    ours = module(6, 5).to(memory_format=layout)
    images = torch.randn(3, 6, *size).to(memory_format=layout).requires_grad_()

    def run() -> tuple[Tensor, ...]:
        out = ours(images)
        return out, *torch.autograd.grad((out**3).sum(), [images, ours.weight])

    by_product = run()
    monkeypatch.setattr(stride_two, "SMALL", 0)
    by_convolution = run()
    for product, convolution in zip(by_product, by_convolution, strict=True):
        assert product.shape == convolution.shape
        assert torch.allclose(product, convolution, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("function", "shape"), [(DownBySmallMap, (2, 2, 4, 4)), (UpBySmallMap, (2, 3, 2, 2))])
def test_gradients_of_gradients_are_right(function: type[torch.autograd.Function], shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    images = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function.apply, (images, weight))
    assert torch.autograd.gradgradcheck(function.apply, (images, weight))


def test_only_small_maps_in_float32_on_the_cpu_take_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    for function in (DownBySmallMap, UpBySmallMap):
        real = function.forward
        monkeypatch.setattr(
            function,
            "forward",
            staticmethod(lambda ctx, *given, real=real: taken.append("product") or real(ctx, *given)),
        )
    Down(3, 4)(torch.randn(1, 3, 16, 16))
    Up(3, 4)(torch.randn(1, 3, 8, 8))
    with torch.autocast("cpu", torch.bfloat16):
        Down(3, 4)(torch.randn(1, 3, 8, 8))
    assert taken == []
    Down(3, 4)(torch.randn(1, 3, 8, 8))
    Up(3, 4)(torch.randn(1, 3, 4, 4))
    assert taken == ["product", "product"]


def test_the_modules_are_torchs_by_parameters_and_names() -> None:
    for ours, torchs in (
        (Down(3, 4), nn.Conv2d(3, 4, 4, 2, 1, bias=False)),
        (Up(3, 4), nn.ConvTranspose2d(3, 4, 4, 2, 1, bias=False)),
    ):
        assert {key: value.shape for key, value in ours.state_dict().items()} == {
            key: value.shape for key, value in torchs.state_dict().items()
        }
