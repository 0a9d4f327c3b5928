"""Paper 2's networks, layer for layer as Keras prints them, one definition for 16 to 128 pixels.

The bodies are those of a DCGAN (Radford et al. 2016). At 64 px and width 64 every layer has the paper's parameter
count. Its text says 3x3 kernels, but only 5x5 ones have those counts (512 * 256 * 25 + 256 = 3,277,056), so kernels are
5x5. Where the paper says nothing, Keras's defaults hold: `same` padding, Glorot uniform kernels, biases of zero,
BatchNorm with epsilon 1e-3 and a momentum of 0.99. The slope of LeakyReLU, which the paper does not give, is 0.2 as in
the code that it is based on.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks.critique import Critique, Head, MakeHead
from ganvas.networks.windows import Frame, suits_windows, windowed_down, windowed_up

SIZES = (16, 32, 64, 128)
KERNEL = 5
FRAME = Frame(KERNEL, before=1)


def _channels(size: int, width: int) -> list[int]:
    """Channels of D's maps, from half the picture's size down to 4x4."""
    return [width * 2**stage for stage in range(size.bit_length() - 3)]


class Generator(nn.Module):
    """Latents to pictures: a dense layer, transposed convolutions with BatchNorm and ReLU, tanh.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        latent_dim: length of z.
        width: channels of the last hidden map.
    """

    def __init__(self, size: int, latent_dim: int = 100, width: int = 64) -> None:
        super().__init__()
        channels = _channels(size, width)[::-1]
        self.dense = nn.Linear(latent_dim, 4 * 4 * channels[0])
        layers = [*_norm_relu(channels[0])]
        for fan_in, fan_out in pairwise(channels):
            layers += [SameUp(fan_in, fan_out), *_norm_relu(fan_out)]
        self.body = nn.Sequential(*layers, SameUp(channels[-1], 3), nn.Tanh())
        self.apply(initialise)

    def forward(self, latents: Tensor) -> Tensor:
        """float [B, latent_dim] -> float [B, 3, size, size] in [-1, 1]."""
        # Channels are innermost in memory, as in Keras.
        first = self.dense(latents).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)
        pictures: Tensor = self.body(first)
        return pictures


class Discriminator(nn.Module):
    """Pictures to one logit: strided convolutions, BatchNorm on all but the first, LeakyReLU 0.2, a dense layer.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        width: channels of the first hidden map.
        head: makes the last layers from the length of the features; a recipe's `head`.
    """

    def __init__(self, size: int, width: int = 64, head: MakeHead = Head) -> None:
        super().__init__()
        channels = _channels(size, width)
        layers: list[nn.Module] = [SameDown(3, channels[0]), nn.LeakyReLU(0.2, inplace=True)]
        for fan_in, fan_out in pairwise(channels):
            layers += [SameDown(fan_in, fan_out), _norm(fan_out), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = head(4 * 4 * channels[-1])
        self.apply(initialise)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(features)
        return critique


class SameDown(nn.Conv2d):
    """float [B, C_in, 2h, 2w] -> float [B, C_out, h, w]: Keras's `Conv2D` of kernel 5, stride 2 and `same` padding.

    It needs three more rows and columns of zeros. Keras puts one before the picture and two after it.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, KERNEL, stride=2)

    def forward(self, fine: Tensor) -> Tensor:
        """Halve the map."""
        assert self.bias is not None
        if suits_windows(fine, fine.shape[2] // 2, fine.shape[3] // 2):
            return windowed_down(fine, self.weight, FRAME) + self.bias.to(torch.bfloat16)[:, None, None]
        return super().forward(F.pad(fine, (1, 2, 1, 2)))


class SameUp(nn.ConvTranspose2d):
    """float [B, C_in, h, w] -> float [B, C_out, 2h, 2w]: Keras's `Conv2DTranspose`, the transpose of `SameDown`."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, KERNEL, stride=2, padding=1)

    def forward(self, coarse: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Double the map."""
        assert self.bias is not None
        if suits_windows(coarse, *coarse.shape[2:]):
            return windowed_up(coarse, self.weight, FRAME) + self.bias.to(torch.bfloat16)[:, None, None]
        # `padding` crops one row and column on every side; Keras crops a second one at the end.
        fine = super().forward(coarse, output_size)[:, :, :-1, :-1]
        # BatchNorm is slow on a map that is not contiguous.
        return fine.contiguous(memory_format=torch.channels_last)


def initialise(module: nn.Module) -> None:
    """Glorot and Bengio 2010's uniform kernels and biases of zero, in place: Keras's defaults."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _norm(channels: int) -> nn.BatchNorm2d:
    # torch's momentum is the weight of the new batch, Keras's that of the old average.
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _norm_relu(channels: int) -> tuple[nn.Module, nn.Module]:
    return _norm(channels), nn.ReLU(inplace=True)
