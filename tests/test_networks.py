"""The DCGAN bodies against paper 1's figures and the PyTorch tutorial's."""

import pytest
import torch
from torch import nn

from ganvas.networks.dcgan import SIZES, Discriminator, FromLatents, Generator
from ganvas.networks.minibatch import MinibatchDiscrimination
from support.layers import stages


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_generator_of_paper_1_has_its_stages() -> None:
    assert stages(Generator(128), torch.randn(2, 100)) == [
        (1024, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (64, 64, 64), (3, 128, 128),
    ]  # fmt: skip


def test_the_discriminator_of_paper_1_has_its_stages() -> None:
    assert stages(Discriminator(128), torch.randn(2, 3, 128, 128)) == [
        (64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4),
    ]  # fmt: skip
    # The last convolution covers the whole 4x4 map.
    assert Discriminator(128).head.score.weight.shape == (1, 1024 * 4 * 4)


def test_the_64_px_networks_have_the_tutorials_parameter_counts() -> None:
    # 100*512*16 + 512*256*16 + 256*128*16 + 128*64*16 + 64*3*16 and the gains and biases of 960 channels
    assert count(Generator(64)) == 3_576_704
    # 3*64*16 + 64*128*16 + 128*256*16 + 256*512*16 + 512*16 and the gains and biases of 896 channels
    assert count(Discriminator(64)) == 2_765_568


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("width", [1, 8])
def test_every_size_and_width_fits_together(size: int, width: int) -> None:
    images = Generator(size, latent_dim=5, width=width)(torch.randn(3, 5))
    assert images.shape == (3, 3, size, size)
    assert images.abs().max() <= 1
    assert Discriminator(size, width)(images).logits.shape == (3,)


def test_the_first_layer_is_torchs_transposed_convolution() -> None:
    torch.manual_seed(0)
    first, latents = FromLatents(5, 7), torch.randn(3, 5, 1, 1)
    assert torch.allclose(first(latents), nn.functional.conv_transpose2d(latents, first.weight), atol=1e-6)


def test_weights_start_as_the_paper_says() -> None:
    torch.manual_seed(0)
    generator = Generator(64)
    generator.requires_grad_(False)
    kernels = torch.cat([m.weight.flatten() for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)])
    gains = torch.cat([m.weight for m in generator.modules() if isinstance(m, nn.BatchNorm2d)])
    assert kernels.std().item() == pytest.approx(0.02, rel=0.01)
    assert kernels.mean().item() == pytest.approx(0, abs=1e-4)
    assert gains.std().item() == pytest.approx(0.02, rel=0.1)
    assert gains.mean().item() == pytest.approx(1, abs=2e-3)


def test_batchnorm_is_where_the_paper_has_it() -> None:
    assert sum(isinstance(m, nn.BatchNorm2d) for m in Generator(128).modules()) == 5
    assert sum(isinstance(m, nn.BatchNorm2d) for m in Discriminator(128).modules()) == 4


def test_minibatch_discrimination_is_the_mean_closeness_to_the_other_pictures() -> None:
    torch.manual_seed(0)
    layer, features = MinibatchDiscrimination(5, extra_features=2, depth=3), torch.randn(4, 5)
    rows = layer.project(features).view(4, 2, 3)
    seen = layer(features)
    assert torch.equal(seen[:, :5], features)
    for picture, row in ((0, 0), (2, 1)):
        others = [other for other in range(4) if other != picture]
        expected = [(-(rows[picture, row] - rows[other, row]).abs().sum()).exp().item() for other in others]
        assert seen[picture, 5 + row].item() == pytest.approx(sum(expected) / 3, rel=1e-5)
    assert torch.equal(layer(features[:1].expand(9, -1))[:, 5:], torch.ones(9, 2))
