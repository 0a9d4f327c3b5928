"""The networks of paper 4's creative adversarial network, without normalisation, for 16 to 128 pixels.

Three layers halve or double the map: at 64 px (64, 64, 3) <-> (32, 32, 32) <-> (16, 16, 64) <-> (8, 8, 128). At other
sizes the last map is an eighth of the picture. Width 32 and dense layers of 1024 are the paper's.

The paper gives neither kernels, slopes nor initial weights. Kernels are 3x3 before pooling and 4x4 with stride 2 where
maps double; the slope is 0.2. Initial weights are Glorot uniform: without normalisation, D's activations would
vanish with weights from N(0, 0.02).
"""

import torch
from torch import Tensor, nn

from ganvas.networks.critique import Critique, MakeHead
from ganvas.networks.stride_two import Up

SIZES = (16, 32, 64, 128)
# Units of a dense layer for one channel of the first map: 1024 at the paper's 32.
DENSE_PER_WIDTH = 32
# The input of G's last sigmoid lies in [-4, 4].
SATURATION = 4.0


class Generator(nn.Module):
    """Latents to pictures: two dense layers, then LeakyReLU and a transposed convolution three times.

    The last map of each picture is mapped linearly so that its smallest value is -4 and its largest 4. A sigmoid
    follows, rescaled from [0, 1] to the pictures' [-1, 1].

    Args:
        size: height and width of the pictures, one of `SIZES`.
        latent_dim: length of z.
        width: channels of the last hidden map.
    """

    def __init__(self, size: int, latent_dim: int = 100, width: int = 32) -> None:
        super().__init__()
        side, hidden = size // 8, DENSE_PER_WIDTH * width
        self.dense = nn.Sequential(
            nn.Linear(latent_dim, hidden),
            _leaky(),
            nn.Linear(hidden, side * side * 4 * width),
            nn.Unflatten(1, (side, side, 4 * width)),
        )
        self.body = nn.Sequential(
            _leaky(), Up(4 * width, 2 * width), _leaky(), Up(2 * width, width), _leaky(), Up(width, 3)
        )
        self.apply(_initialise)

    def forward(self, latents: Tensor) -> Tensor:
        """float [B, latent_dim] -> float [B, 3, size, size] in [-1, 1]."""
        # From here on, tensors are channels_last in memory.
        values = self.body(self.dense(latents).permute(0, 3, 1, 2))
        return 2 * torch.sigmoid(spread(values.float())) - 1


def spread(values: Tensor) -> Tensor:
    """Each picture of float [B, 3, H, W] mapped linearly onto [-4, 4]: its smallest value to -4, its largest to 4."""
    low, high = values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True)
    # Avoids a division by 0 where a picture has one value only.
    extent = (high - low).clamp_min(torch.finfo(values.dtype).tiny)
    return (values - low) / extent * (2 * SATURATION) - SATURATION


class Discriminator(nn.Module):
    """Pictures to class logits and one real/fake logit: convolution, LeakyReLU and 2x2 average pooling, three times.

    Two parallel stacks of two dense layers follow: one for the classes, one for real or fake. The final sigmoids are
    part of the loss.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        classes: number of classes.
        width: channels of the first map.
        head: makes the last layer of the real/fake stack from the length of its features; a recipe's `head`.
    """

    def __init__(self, size: int, classes: int, width: int, head: MakeHead) -> None:
        super().__init__()
        side, hidden = size // 8, DENSE_PER_WIDTH * width
        blocks = zip((3, width, 2 * width), (width, 2 * width, 4 * width), strict=True)
        self.body = nn.Sequential(*(_block(fan_in, fan_out) for fan_in, fan_out in blocks))
        flat = side * side * 4 * width
        self.origin = nn.Sequential(nn.Linear(flat, hidden), _leaky())
        self.head = head(hidden)
        self.classes = nn.Sequential(nn.Linear(flat, hidden), _leaky(), nn.Linear(hidden, classes))
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        flat = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(self.origin(flat))
        return critique._replace(class_logits=self.classes(flat))


def _block(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, padding=1), _leaky(), nn.AvgPool2d(2))


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
