"""The tiled convolutions are torch's own, in value and in both derivatives."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganvas.networks import acgan, keras_dcgan, stride_two
from ganvas.networks.stride_two import Down, Up, tiled_down, tiled_up
from ganvas.networks.windows import Frame, _overlapped, _windows


def recorded(monkeypatch: pytest.MonkeyPatch, *names: str, within: ModuleType = stride_two) -> list[str]:
    """The names, in order, of those functions of a module that are called from now on."""
    taken: list[str] = []
    for name in names:
        real = getattr(within, name)

        def noted(*given: Any, name: str = name, real: Callable[..., Any] = real) -> Any:
            taken.append(name)
            return real(*given)

        monkeypatch.setattr(within, name, noted)
    return taken


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("module", "size"), [(Down, (8, 8)), (Down, (4, 12)), (Up, (4, 4)), (Up, (2, 6))])
def test_values_and_gradients_are_those_of_torchs_module(
    module: type[Down | Up], size: tuple[int, int], layout: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    ours = module(6, 5).to(memory_format=layout)
    images = torch.randn(3, 6, *size).to(memory_format=layout).requires_grad_()

    def run() -> tuple[Tensor, ...]:
        out = ours(images)
        return out, *torch.autograd.grad((out**3).sum(), [images, ours.weight])

    by_tiles = run()
    monkeypatch.setattr(stride_two, "LARGEST", 0)
    by_convolution = run()
    for tiled, plain in zip(by_tiles, by_convolution, strict=True):
        assert tiled.shape == plain.shape
        assert torch.allclose(tiled, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("function", "shape"), [(tiled_down, (2, 2, 4, 8)), (tiled_up, (2, 3, 2, 4))], ids=["down", "up"]
)
def test_gradients_of_gradients_are_right(function: Callable[..., Tensor], shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    images = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, (images, weight))
    assert torch.autograd.gradgradcheck(function, (images, weight))


def plainly(ours: Down | Up, images: Tensor) -> Tensor:
    """What torch's own module makes of the images."""
    if isinstance(ours, Down):
        return nn.Conv2d.forward(ours, images)
    return nn.ConvTranspose2d.forward(ours, images)


@pytest.mark.parametrize(("module", "size"), [(Down, (8, 8)), (Down, (2, 6)), (Up, (4, 4)), (Up, (1, 3))])
def test_windows_are_torchs_module_in_bfloat16(module: type[Down | Up], size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    ours = module(6, 5).to(memory_format=torch.channels_last)
    images = torch.randn(3, 6, *size).requires_grad_()

    def run(is_ours: bool) -> tuple[Tensor, ...]:
        with torch.autocast("cpu", torch.bfloat16):
            out = ours(images) if is_ours else plainly(ours, images)
        assert out.dtype == torch.bfloat16
        gradients = torch.autograd.grad((out.float() ** 2).sum(), [images, ours.weight], create_graph=True)
        return out, *gradients, *torch.autograd.grad((gradients[0] ** 2).sum(), [ours.weight])

    for windowed, plain in zip(run(True), run(False), strict=True):
        assert windowed.shape == plain.shape
        assert (windowed - plain).abs().max() <= 0.03 * plain.abs().max()


@pytest.mark.parametrize("frame", [Frame(4, 1), Frame(5, 1), Frame(5, 2)])
def test_what_windows_hold_and_what_is_summed_from_them_are_transposes(frame: Frame) -> None:
    random = torch.Generator().manual_seed(0)
    places = torch.randn(2, 4, 6, 3, generator=random, dtype=torch.float64)
    windows = _windows(frame, places)
    others = torch.randn(windows.shape, generator=random, dtype=torch.float64)
    torch.testing.assert_close((windows * others).sum(), (places * _overlapped(frame, places.shape, others)).sum())


@pytest.mark.parametrize(
    ("module", "size", "function"),
    [
        (keras_dcgan.SameDown, (8, 8), "windowed_down"),
        (keras_dcgan.SameDown, (2, 6), "windowed_down"),
        (keras_dcgan.SameUp, (4, 4), "windowed_up"),
        (keras_dcgan.SameUp, (1, 3), "windowed_up"),
        (acgan.Halve, (4, 4), "windowed_down"),
        (acgan.Halve, (8, 6), "windowed_down"),
    ],
)
def test_5x5_layers_in_bfloat16_are_what_they_are_in_float32(
    module: type[nn.Module], size: tuple[int, int], function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layer = module(6, 5).to(memory_format=torch.channels_last)
    images = torch.randn(3, 6, *size).requires_grad_()
    taken = recorded(monkeypatch, function, within=keras_dcgan if "Same" in module.__name__ else acgan)

    def run() -> tuple[Tensor, ...]:
        out = layer(images)
        gradients = torch.autograd.grad((out.float() ** 2).sum(), [images, *layer.parameters()], create_graph=True)
        return out, *gradients, *torch.autograd.grad((gradients[0] ** 2).sum(), [next(layer.parameters())])

    plain = run()
    assert taken == []
    with torch.autocast("cpu", torch.bfloat16):
        windowed = run()
    assert taken == [function]
    for ours, exact in zip(windowed, plain, strict=True):
        assert ours.shape == exact.shape
        assert (ours - exact).abs().max() <= 0.03 * exact.abs().max()


def test_only_small_maps_in_bfloat16_are_seen_through_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = recorded(monkeypatch, "windowed_down", "windowed_up")
    Down(3, 4)(torch.randn(1, 3, 8, 8))
    with torch.autocast("cpu", torch.bfloat16):
        Down(3, 4)(torch.randn(1, 3, 16, 16))
        Up(3, 4)(torch.randn(1, 3, 8, 8))
        assert taken == []
        Down(3, 4)(torch.randn(1, 3, 8, 8))
        Up(3, 4)(torch.randn(1, 3, 4, 4))
    assert taken == ["windowed_down", "windowed_up"]


def test_only_small_even_maps_in_float32_on_the_cpu_are_tiled(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = recorded(monkeypatch, "tiled_down", "tiled_up")
    Down(3, 4)(torch.randn(1, 3, 16, 16))
    Down(3, 4)(torch.randn(1, 3, 2, 4))  # an odd coarse map
    Up(3, 4)(torch.randn(1, 3, 8, 8))
    Up(3, 4)(torch.randn(1, 3, 1, 2))
    with torch.autocast("cpu", torch.bfloat16):
        Down(3, 4)(torch.randn(1, 3, 8, 8))
    assert taken == []
    Down(3, 4)(torch.randn(1, 3, 8, 8))
    Up(3, 4)(torch.randn(1, 3, 4, 4))
    assert taken == ["tiled_down", "tiled_up"]


def test_the_modules_are_torchs_by_parameters_and_names() -> None:
    for ours, torchs in (
        (Down(3, 4), nn.Conv2d(3, 4, 4, 2, 1, bias=False)),
        (Up(3, 4), nn.ConvTranspose2d(3, 4, 4, 2, 1, bias=False)),
    ):
        assert {key: value.shape for key, value in ours.state_dict().items()} == {
            key: value.shape for key, value in torchs.state_dict().items()
        }
