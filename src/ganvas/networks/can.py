"""The networks of paper 4's creative adversarial network, for 16 to 128 pixels.

Three layers halve or double the map, as in the paper's appendix: at 64 px (64, 64, 3) <-> (32, 32, 32) <-> (16, 16, 64)
<-> (8, 8, 128). Its text speaks of five; a depth of 5 goes on to (4, 4, 256) and (2, 2, 512). Width 32 and dense layers
of 1024 are the paper's.

The paper gives neither kernels, slopes nor initial weights. Kernels are 3x3 before pooling and 4x4 with stride 2 where
maps double; the slope is 0.2. Initial weights are Glorot uniform: without normalisation, D's activations would
vanish with weights from N(0, 0.02).
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.networks.critique import Critique, MakeHead
from ganvas.networks.stride_two import Up

SIZES = (16, 32, 64, 128)
# Units of a dense layer for one channel of the first map: 1024 at the paper's 32.
DENSE_PER_WIDTH = 32
# The input of G's last sigmoid lies in [-4, 4].
SATURATION = 4.0
# How fast the range that a batch is mapped from follows the batches; BatchNorm's momentum.
MOMENTUM = 0.1


class Generator(nn.Module):
    """Latents to pictures: two dense layers, then LeakyReLU and a transposed convolution `depth` times.

    The last map goes through `output_map`. A sigmoid follows, rescaled from [0, 1] to the pictures' [-1, 1].

    Args:
        size: height and width of the pictures, one of `SIZES`.
        latent_dim: length of z.
        width: channels of the last hidden map.
        depth: number of transposed convolutions.
        is_normalised: whether BatchNorm follows each layer but the last, as in Elgammal et al. 2017.
        output_map: a module from float [B, 3, S, S] to the input of the sigmoid; by default `MapPictures`.
    """

    def __init__(
        self,
        size: int,
        latent_dim: int = 100,
        width: int = 32,
        depth: int = 3,
        is_normalised: bool = False,
        output_map: nn.Module | None = None,
    ) -> None:
        super().__init__()
        side, hidden = _coarsest(size, depth), DENSE_PER_WIDTH * width
        channels = [width * 2**level for level in reversed(range(depth))]
        self.dense = nn.Sequential(
            nn.Linear(latent_dim, hidden),
            _leaky(),
            nn.Linear(hidden, side * side * channels[0]),
            nn.Unflatten(1, (side, side, channels[0])),
        )
        layers: list[nn.Module] = [nn.BatchNorm2d(channels[0])] if is_normalised else []
        for fan_in, fan_out in pairwise(channels):
            layers += [_leaky(), Up(fan_in, fan_out)]
            layers += [nn.BatchNorm2d(fan_out)] if is_normalised else []
        self.body = nn.Sequential(*layers, _leaky(), Up(width, 3))
        self.output_map = output_map or MapPictures()
        self.apply(_initialise)

    def forward(self, latents: Tensor) -> Tensor:
        """float [B, latent_dim] -> float [B, 3, size, size] in [-1, 1]."""
        # From here on, tensors are channels_last in memory.
        values = self.body(self.dense(latents).permute(0, 3, 1, 2))
        return 2 * torch.sigmoid(self.output_map(values.float())) - 1


class MapPictures(nn.Module):
    """Each picture mapped linearly onto [-4, 4]: its smallest value to -4, its largest to 4."""

    def forward(self, values: Tensor) -> Tensor:
        """float [B, 3, H, W] -> float [B, 3, H, W]."""
        return _onto_range(values, values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True))


class MapBatch(nn.Module):
    """The pictures of a batch mapped linearly onto [-4, 4], all by the same map.

    In evaluation mode, the map is from a running average of the batches' ranges, so that no picture depends on others.
    """

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(-1.0))
        self.register_buffer("high", torch.tensor(1.0))

    def forward(self, values: Tensor) -> Tensor:
        """float [B, 3, H, W] -> float [B, 3, H, W]."""
        if not self.training:
            return _onto_range(values, self.low, self.high)
        low, high = values.amin(), values.amax()
        with torch.no_grad():
            self.low.lerp_(low, MOMENTUM)
            self.high.lerp_(high, MOMENTUM)
        return _onto_range(values, low, high)


class MapBounded(nn.Module):
    """4 tanh(v): each value by itself, bounded by [-4, 4]. It is tanh, and then the linear map of [-1, 1]."""

    def forward(self, values: Tensor) -> Tensor:
        """float [B, 3, H, W] -> float [B, 3, H, W]."""
        return SATURATION * torch.tanh(values)


class Scale(nn.Module):
    """Values times one scalar, as in the paper's figure 4; a scalar of 1 is no map at all."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """float [B, 3, H, W] -> float [B, 3, H, W]."""
        return self.factor * values


class Discriminator(nn.Module):
    """Pictures to class logits and one real/fake logit: convolution, activation and 2x2 pooling, `depth` times.

    Two parallel stacks of two dense layers follow: one for the classes, one for real or fake. The final sigmoids are
    part of the loss.

    Args:
        size: height and width of the pictures, one of `SIZES`.
        classes: number of classes.
        width: channels of the first map.
        head: makes the last layer of the real/fake stack from the length of its features; a recipe's `head`.
        depth: number of convolutions.
        activation: makes the activation after a layer; by default LeakyReLU 0.2.
        pool: makes the layer that halves a map, from its factor; by default average pooling.
        is_normalised: whether BatchNorm follows each convolution but the first, as in Elgammal et al. 2017.
    """

    def __init__(
        self,
        size: int,
        classes: int,
        width: int,
        head: MakeHead,
        depth: int = 3,
        activation: Callable[[], nn.Module] | None = None,
        pool: Callable[[int], nn.Module] = nn.AvgPool2d,
        is_normalised: bool = False,
    ) -> None:
        super().__init__()
        side, hidden, activation = _coarsest(size, depth), DENSE_PER_WIDTH * width, activation or _leaky
        channels = [3, *(width * 2**level for level in range(depth))]
        blocks: list[nn.Module] = []
        for fan_in, fan_out in pairwise(channels):
            normalisation = [nn.BatchNorm2d(fan_out)] if is_normalised and blocks else []
            convolution = nn.Conv2d(fan_in, fan_out, 3, padding=1)
            blocks.append(nn.Sequential(convolution, *normalisation, activation(), pool(2)))
        self.body = nn.Sequential(*blocks)
        flat = side * side * channels[-1]
        self.origin = nn.Sequential(nn.Linear(flat, hidden), activation())
        self.head = head(hidden)
        self.classes = nn.Sequential(nn.Linear(flat, hidden), activation(), nn.Linear(hidden, classes))
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Critique:
        """float [B, 3, size, size] in [-1, 1] -> a critique."""
        flat = self.body(images).permute(0, 2, 3, 1).flatten(1)
        critique: Critique = self.head(self.origin(flat))
        return critique._replace(class_logits=self.classes(flat))


def _onto_range(values: Tensor, low: Tensor, high: Tensor) -> Tensor:
    # Avoids a division by 0 where there is one value only.
    extent = (high - low).clamp_min(torch.finfo(values.dtype).tiny)
    return (values - low) / extent * (2 * SATURATION) - SATURATION


def _coarsest(size: int, depth: int) -> int:
    """The height and width of the coarsest map."""
    if size < 2**depth:
        raise ConfigError(f"depth={depth} needs pictures of at least {2**depth} pixels, not {size}; choose depth=3")
    return size >> depth


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
