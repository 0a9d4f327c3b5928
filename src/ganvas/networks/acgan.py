"""The networks of paper 3's ACDCGAN, whose discriminator is also an auxiliary classifier, for 16 to 128 pixels.

The structure is that of Odena et al. 2017: P(real | x) and P(c | x) share one body. G and D mirror each other.
Strided layers double or halve the maps between 2x2 and the picture's size, five of them at 64 px as in the paper. The
paper gives no channel counts. As in its other GAN they double from map to map, up to 512 on the smallest, which makes
32 (`width`) at half the picture's size.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ganvas.networks.classes import class_weights
from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.dcgan import initialise
from ganvas.networks.stride_two import Up
from ganvas.networks.windows import Frame, suits_windows, windowed_down

SIZES = (16, 32, 64, 128)


def _channels(size: int, width: int) -> list[int]:
    """Channels of the maps from half the picture's size down to 2x2."""
    return [width * 2**stage for stage in range(size.bit_length() - 2)]


class Generator(nn.Module):
    """Latents and classes to pictures: a dense layer, then transposed 4x4 convolutions, BatchNorm and LeakyReLU 0.2.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        classes: number of classes.
        latent_dim: length of z.
        width: channels of the last hidden map.
    """

    def __init__(self, size: int, classes: int, latent_dim: int = 100, width: int = 32) -> None:
        super().__init__()
        self.classes = classes
        channels = _channels(size, width)[::-1]
        self.dense = nn.Linear(latent_dim + classes, 4 * channels[0])
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(channels):
            layers += [Up(fan_in, fan_out), nn.BatchNorm2d(fan_out), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers, Up(channels[-1], 3), nn.Tanh())
        self.apply(initialise)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """float [B, latent_dim] and labels as for `class_weights` -> float [B, 3, size, size] in [-1, 1]."""
        first = self.dense(torch.cat([latents, class_weights(labels, latents, self.classes)], dim=1))
        # From here on, tensors are channels_last in memory.
        pictures: Tensor = self.body(first.unflatten(1, (2, 2, -1)).permute(0, 3, 1, 2))
        return pictures


class Discriminator(nn.Module):
    """Pictures to one logit and class logits: strided 5x5 convolutions, LeakyReLU 0.2, BatchNorm except on the first.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        classes: number of classes.
        width: channels of the first hidden map.
        head: makes the last two dense layers from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, classes: int, width: int = 32, head: MakeHead = Head) -> None:
        super().__init__()
        channels = _channels(size, width)
        layers: list[nn.Module] = [Halve(3, channels[0]), nn.LeakyReLU(0.2, inplace=True)]
        for fan_in, fan_out in pairwise(channels):
            layers += [Halve(fan_in, fan_out), nn.BatchNorm2d(fan_out), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = head(4 * channels[-1], classes)
        self.apply(initialise)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        return critique


class Halve(nn.Conv2d):
    """float [B, C_in, 2h, 2w] -> float [B, C_out, h, w]: a 5x5 convolution of stride 2, without a bias."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 5, stride=2, padding=2, bias=False)

    def forward(self, fine: Tensor) -> Tensor:
        """Halve the map."""
        if suits_windows(fine, fine.shape[2] // 2, fine.shape[3] // 2):
            return windowed_down(fine, self.weight, Frame(5, before=2))
        return super().forward(fine)
