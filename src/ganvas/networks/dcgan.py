"""The DCGAN bodies (Radford, Metz and Chintala 2016, section 3), one definition for 16 to 128 pixels.

4x4 convolutions of stride 2 double or halve the maps between 4x4 and the picture's size. Channels go the other way:
width * 2^(stages - 1) at 4x4, and width at half the picture's size. Width 64 at 64 px is the PyTorch tutorial's
network. Width 64 at 128 px is paper 1's, with one more layer in G and in D.
"""

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.stride_two import Down, Up

SIZES: tuple[int, ...] = (16, 32, 64, 128)


def _stages(size: int) -> int:
    """Doublings between the 4x4 map and the picture."""
    return size.bit_length() - 3


class Generator(nn.Module):
    """Latents to pictures: transposed convolutions, BatchNorm and ReLU, tanh at the end.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        latent_dim: length of z.
        width: channels of the last hidden map.
    """

    def __init__(self, size: int, latent_dim: int = 100, width: int = 64) -> None:
        super().__init__()
        channels = [width * 2**stage for stage in reversed(range(_stages(size)))]
        layers: list[nn.Module] = [FromLatents(latent_dim, channels[0]), *_norm_relu(channels[0])]
        for fan_in, fan_out in pairwise(channels):
            layers += [Up(fan_in, fan_out), *_norm_relu(fan_out)]
        self.body = nn.Sequential(*layers, Up(channels[-1], 3), nn.Tanh())
        self.apply(initialise)

    def forward(self, latents: Tensor) -> Tensor:
        """float [B, latent_dim] -> float [B, 3, size, size] in [-1, 1]."""
        pictures: Tensor = self.body(latents[:, :, None, None])
        return pictures


class Discriminator(nn.Module):
    """Pictures to one logit: strided convolutions, normalisation on all but the first, LeakyReLU 0.2.

    The paper's last layer, a convolution over the whole 4x4 map, is the linear layer of the head. Its sigmoid is part
    of the loss (`losses`), where it is numerically stable.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        width: channels of the first hidden map.
        head: makes the last layers from the length of the features; a recipe's `head`.
        norm: makes the normalisation of a map from its number of channels. A loss over single pictures, such as a
            gradient penalty, needs `layer_norm`.
    """

    def __init__(
        self,
        size: int,
        width: int = 64,
        head: MakeHead = Head,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        channels = [width * 2**stage for stage in range(_stages(size))]
        layers: list[nn.Module] = [Down(3, channels[0]), nn.LeakyReLU(0.2, inplace=True)]
        for fan_in, fan_out in pairwise(channels):
            layers += [Down(fan_in, fan_out), norm(fan_out), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = head(16 * channels[-1], bias=False)
        self.apply(initialise)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        # In the order of a channels_last tensor in memory.
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        return critique


class FromLatents(nn.ConvTranspose2d):
    """float [B, C_in, 1, 1] -> float [B, C_out, 4, 4]: a `ConvTranspose2d` of kernel 4 as a matrix product."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 4, bias=False)

    def forward(self, latents: Tensor, output_size: list[int] | None = None) -> Tensor:
        """The first map."""
        kernels = self.weight.permute(0, 2, 3, 1).flatten(1)
        places = (latents.flatten(1) @ kernels).view(-1, 4, 4, self.out_channels)
        return places.permute(0, 3, 1, 2)


def layer_norm(channels: int) -> nn.GroupNorm:
    """Normalisation of each picture's whole map, with a gain and bias per channel (Ba, Kiros and Hinton 2016)."""
    return nn.GroupNorm(1, channels)


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), BatchNorm gains from N(1, 0.02), in place (the paper's section 4; the tutorial)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def _norm_relu(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
