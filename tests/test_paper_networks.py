"""The networks of papers 2, 4 and 5 against the papers' figures; paper 1's are in test_networks.py."""

import math
from types import ModuleType

import pytest
import torch
from torch import nn

from ganvas.gans.recipe import Spec
from ganvas.gans.vanilla import Vanilla
from ganvas.networks import dcgan, keras_dcgan, mlp, vanilla
from ganvas.networks.keras_dcgan import SameDown, SameUp
from ganvas.tricks.objective import Objective
from support.layers import keras_summary
from support.narrowing import not_none


def shapes(network: nn.Module, given: torch.Tensor, *kinds: type[nn.Module]) -> list[tuple[int, ...]]:
    names = {kind.__name__ for kind in kinds}
    return [shape for kind, shape, _ in keras_summary(network, given) if kind in names]


def test_paper_2s_generator_has_its_table() -> None:
    rows = keras_summary(keras_dcgan.Generator(64), torch.randn(2, 100))
    assert rows == [
        ("Linear", (8192,), 827_392),
        ("BatchNorm2d", (4, 4, 512), 2_048),
        ("ReLU", (4, 4, 512), 0),
        ("SameUp", (8, 8, 256), 3_277_056),
        ("BatchNorm2d", (8, 8, 256), 1_024),
        ("ReLU", (8, 8, 256), 0),
        ("SameUp", (16, 16, 128), 819_328),
        ("BatchNorm2d", (16, 16, 128), 512),
        ("ReLU", (16, 16, 128), 0),
        ("SameUp", (32, 32, 64), 204_864),
        ("BatchNorm2d", (32, 32, 64), 256),
        ("ReLU", (32, 32, 64), 0),
        ("SameUp", (64, 64, 3), 4_803),
        ("Tanh", (64, 64, 3), 0),
    ]
    assert sum(count for _, _, count in rows) == 5_137_283


def test_paper_2s_discriminator_has_its_table() -> None:
    rows = keras_summary(keras_dcgan.Discriminator(64), torch.randn(2, 3, 64, 64))
    assert rows == [
        ("SameDown", (32, 32, 64), 4_864),
        ("LeakyReLU", (32, 32, 64), 0),
        ("SameDown", (16, 16, 128), 204_928),
        ("BatchNorm2d", (16, 16, 128), 512),
        ("LeakyReLU", (16, 16, 128), 0),
        ("SameDown", (8, 8, 256), 819_456),
        ("BatchNorm2d", (8, 8, 256), 1_024),
        ("LeakyReLU", (8, 8, 256), 0),
        ("SameDown", (4, 4, 512), 3_277_312),
        ("BatchNorm2d", (4, 4, 512), 2_048),
        ("LeakyReLU", (4, 4, 512), 0),
        ("Linear", (1,), 8_193),
    ]
    assert sum(count for _, _, count in rows) == 4_318_337


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 3), (4, 4)])
def test_downsampling_pads_one_before_and_two_after_as_keras_does(row: int, column: int) -> None:
    layer, images = SameDown(1, 1), torch.randn(2, 1, 6, 8)
    with torch.no_grad():
        layer.weight.zero_()[0, 0, row, column] = 1.0
        not_none(layer.bias).zero_()
    padded = torch.zeros(2, 1, 9, 11)
    padded[:, :, 1:7, 1:9] = images
    assert torch.equal(layer(images), padded[:, :, row : row + 6 : 2, column : column + 8 : 2])


def test_upsampling_is_the_transpose_of_downsampling() -> None:
    down, up = SameDown(3, 5).double(), SameUp(5, 3).double()
    up.weight = down.weight
    with torch.no_grad():
        not_none(down.bias).zero_()
        not_none(up.bias).zero_()
    fine, coarse = torch.randn(2, 3, 8, 12).double(), torch.randn(2, 5, 4, 6).double()
    assert (down(fine) * coarse).sum().item() == pytest.approx((fine * up(coarse)).sum().item())


def test_paper_2s_weights_start_as_keras_starts_them() -> None:
    torch.manual_seed(0)
    for network in (keras_dcgan.Generator(64), keras_dcgan.Discriminator(64)):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                places = layer.weight[0, 0].numel() if layer.weight.dim() == 4 else 1
                limit = math.sqrt(6 / (places * (layer.weight.shape[0] + layer.weight.shape[1])))
                assert limit * 0.99 < layer.weight.abs().max().item() <= limit
                assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.03)
                assert layer.bias is not None
                assert not layer.bias.any()
            elif isinstance(layer, nn.BatchNorm2d):
                assert (layer.eps, layer.momentum) == (1e-3, 0.01)


def test_paper_4s_first_try_has_two_layers_in_each_network() -> None:
    generator = keras_summary(mlp.Generator(64), torch.randn(2, 100))
    assert [row for row in generator if row[0] == "Linear"] == [
        ("Linear", (1024,), 100 * 1024 + 1024),
        ("Linear", (64 * 64 * 3,), 1024 * 64 * 64 * 3 + 64 * 64 * 3),
    ]
    assert shapes(mlp.Discriminator(64), torch.randn(2, 3, 64, 64), nn.Linear) == [(1024,), (1,)]


def test_paper_5s_networks_have_their_stages_at_28_px() -> None:
    convolutions = (nn.Linear, nn.Upsample, nn.ConvTranspose2d, nn.Conv2d, nn.Sigmoid)
    assert shapes(vanilla.Generator(28, width=32), torch.randn(2, 100), *convolutions) == [
        (7 * 7 * 128,), (14, 14, 128), (14, 14, 64), (28, 28, 64), (28, 28, 32), (28, 28, 3), (28, 28, 3),
    ]  # fmt: skip
    assert shapes(vanilla.Discriminator(28, width=32), torch.randn(2, 3, 28, 28), *convolutions) == [
        (14, 14, 32), (7, 7, 64), (4, 4, 128), (4, 4, 256), (1,),
    ]  # fmt: skip


def test_paper_5s_discriminator_has_four_convolutions_with_leaky_relu_and_dropout_each() -> None:
    recipe = Vanilla(Vanilla.defaults)
    summary = keras_summary(Objective(recipe).build(Spec(32))[1], torch.randn(2, 3, 32, 32))
    assert [kind for kind, _, _ in summary] == ["Conv2d", "LeakyReLU", "Dropout"] * 4 + ["Linear"]


def test_paper_5s_generator_normalises_and_drops_every_hidden_map() -> None:
    kinds = [kind for kind, _, _ in keras_summary(vanilla.Generator(32, width=4), torch.randn(2, 100))]
    hidden = ["BatchNorm2d", "LeakyReLU", "Dropout"]
    upwards = ["Upsample", "ConvTranspose2d", *hidden]
    assert kinds == ["Linear", *hidden, *upwards, *upwards, "ConvTranspose2d", "Sigmoid"]


@pytest.mark.parametrize("family", [dcgan, keras_dcgan, mlp, vanilla])
@pytest.mark.parametrize("width", [1, 4])
def test_every_size_and_width_fits_together(family: ModuleType, width: int) -> None:
    for size in family.SIZES:
        images = family.Generator(size, latent_dim=5, width=width)(torch.randn(2, 5))
        assert images.shape == (2, 3, size, size)
        assert images.abs().max() <= 1
        critique = family.Discriminator(size, width)(images)
        assert critique.logits.shape == (2,)
        assert critique.features.shape[0] == 2


def test_with_layer_norm_a_critic_judges_every_picture_by_itself() -> None:
    torch.manual_seed(0)
    images = torch.randn(4, 3, 32, 32)
    alone = dcgan.Discriminator(32, width=8, norm=dcgan.layer_norm)
    assert torch.allclose(alone(images).logits[:2], alone(images[:2]).logits, atol=1e-6)
    mixing = dcgan.Discriminator(32, width=8)
    assert not torch.allclose(mixing(images).logits[:2], mixing(images[:2]).logits, atol=1e-6)
