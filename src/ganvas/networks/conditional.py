"""The networks of paper 3's conditional DCGAN, both conditioned on the class, for 16 to 128 pixels.

The class is an input as in Mirza and Osindero 2014. Label and latent in G, and label and picture in D, have a first
layer each, whose maps are concatenated. Such a layer has half the channels of DCGAN's first layer. Width 64 at 64
px is the paper's: 512, 256, 128, 64 channels in G and as many in D, five 4x4 layers.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks.classes import class_weights
from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.dcgan import FromLatents, initialise
from ganvas.networks.stride_two import Down, Up

SIZES = (16, 32, 64, 128)


def _channels(size: int, width: int) -> list[int]:
    """Channels of the maps from half the picture's size down to 4x4; even, since two first layers share one map."""
    return [2 * ((width + 1) // 2) * 2**stage for stage in range(size.bit_length() - 3)]


class Generator(nn.Module):
    """Latents and classes to pictures: transposed convolutions, BatchNorm and LeakyReLU 0.2, tanh at the end.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        classes: number of classes.
        latent_dim: length of z.
        width: channels of the last hidden map, rounded up to an even number.
    """

    def __init__(self, size: int, classes: int, latent_dim: int = 100, width: int = 64) -> None:
        super().__init__()
        self.classes = classes
        channels = _channels(size, width)[::-1]
        self.from_latents = FromLatents(latent_dim, channels[0] // 2)
        self.from_labels = FromLatents(classes, channels[0] // 2)
        layers = [*_norm_leaky(channels[0])]
        for fan_in, fan_out in pairwise(channels):
            layers += [Up(fan_in, fan_out), *_norm_leaky(fan_out)]
        self.body = nn.Sequential(*layers, Up(channels[-1], 3), nn.Tanh())
        self.apply(initialise)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """float [B, latent_dim] and labels as for `class_weights` -> float [B, 3, size, size] in [-1, 1]."""
        weights = class_weights(labels, latents, self.classes)
        first = [self.from_latents(latents[:, :, None, None]), self.from_labels(weights[:, :, None, None])]
        pictures: Tensor = self.body(torch.cat(first, dim=1))
        return pictures


class Discriminator(nn.Module):
    """Pictures and classes to one logit: strided convolutions, BatchNorm on all but the first, LeakyReLU 0.2.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        classes: number of classes.
        width: channels of the first map, half of them the picture's and half the label's; rounded up to an even number.
        head: makes the last layers from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, classes: int, width: int = 64, head: MakeHead = Head) -> None:
        super().__init__()
        channels = _channels(size, width)
        self.from_images = Down(3, channels[0] // 2)
        self.from_labels = FromLabelImages(classes, channels[0] // 2, size)
        layers: list[nn.Module] = [nn.LeakyReLU(0.2, inplace=True)]
        for fan_in, fan_out in pairwise(channels):
            layers += [Down(fan_in, fan_out), *_norm_leaky(fan_out)]
        self.body = nn.Sequential(*layers)
        self.head = head(16 * channels[-1], bias=False)
        self.apply(initialise)

    def forward(self, images: Tensor, labels: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] and int64 [B] -> a critique."""
        first = torch.cat([self.from_images(images), self.from_labels(labels)], dim=1)
        # In the order of a channels_last tensor in memory.
        features = self.body(first).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        return critique


class FromLabelImages(nn.Conv2d):
    """A 4x4 convolution of stride 2 over one-hot label images: a channel per class, ones for the picture's own class.

    All pictures of a class have the same label image, with a single channel that is not zero. So the convolution runs
    once per class instead of once per picture. The result is that of a `Conv2d` over one-hot images.

    Args:
        classes: number of classes.
        out_channels: channels of the result.
        size: height and width of the label images.
    """

    def __init__(self, classes: int, out_channels: int, size: int) -> None:
        super().__init__(classes, out_channels, 4, stride=2, padding=1, bias=False)
        self.size = size

    def forward(self, labels: Tensor) -> Tensor:
        """int64 [B] -> float [B, out_channels, size / 2, size / 2]."""
        ones = self.weight.new_ones(1, 1, self.size, self.size)
        kernels = self.weight.transpose(0, 1).reshape(-1, 1, 4, 4)
        maps = F.conv2d(ones, kernels, stride=2, padding=1)
        half = self.size // 2
        # channels_last, like the maps of the pictures that they are concatenated with.
        places = maps.view(self.in_channels, self.out_channels, half, half).permute(0, 2, 3, 1).contiguous()
        return places[labels].permute(0, 3, 1, 2)


def _norm_leaky(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.LeakyReLU(0.2, inplace=True)
