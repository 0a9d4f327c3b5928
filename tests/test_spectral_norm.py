"""Spectral normalisation: torch's figures, derivatives and state dict, in fewer passes."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganvas.networks.spectral_norm import normalise

LAYERS = {
    "convolution": (nn.Conv2d(3, 8, 4, 2, 1), (2, 3, 8, 8)),
    "channels last": (nn.Conv2d(3, 8, 4, 2, 1).to(memory_format=torch.channels_last), (2, 3, 8, 8)),
    "transposed": (nn.ConvTranspose2d(3, 8, 4, 2, 1), (2, 3, 8, 8)),
    "one place": (nn.Conv2d(3, 8, 1), (2, 3, 8, 8)),
    "dense": (nn.Linear(5, 7), (2, 5)),
    "one output": (nn.Linear(5, 1), (2, 5)),
}


def pair(name: str, dtype: torch.dtype = torch.float32) -> tuple[nn.Module, nn.Module, Tensor]:
    """The same layer normalised by torch and here, and an input."""
    layer, shape = LAYERS[name]
    theirs, ours = copy.deepcopy(layer).to(dtype), copy.deepcopy(layer).to(dtype)
    torch.manual_seed(1)
    spectral_norm(theirs)
    torch.manual_seed(1)
    normalise(ours)
    return theirs, ours, torch.rand(shape, dtype=dtype, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("name", LAYERS)
def test_outputs_and_state_are_torchs(name: str) -> None:
    theirs, ours, images = pair(name)
    for _ in range(3):
        torch.testing.assert_close(ours(images), theirs(images))
    torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_are_torchs(name: str) -> None:
    def derivatives(layer: nn.Module, images: Tensor) -> list[Tensor]:
        """Those of a loss with a gradient penalty, in which second derivatives of the weights appear."""
        images = images.clone().requires_grad_()
        outputs = layer(images)
        (slope,) = torch.autograd.grad((outputs**3).sum(), images, create_graph=True)
        (outputs.square().sum() + slope.square().sum()).backward()
        return [parameter.grad for parameter in layer.parameters() if parameter.grad is not None]

    # In doubles: with floats, third powers differ by more than this for some weights.
    theirs, ours, images = pair(name, torch.float64)
    torch.testing.assert_close(derivatives(ours, images), derivatives(theirs, images), rtol=1e-4, atol=1e-5)


def test_an_earlier_pass_can_be_differentiated_after_a_later_one() -> None:
    _, layer, images = pair("convolution")
    first = layer(images).sum()
    layer(images)
    first.backward()
