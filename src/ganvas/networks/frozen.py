"""Maps of a frozen image classifier at four scales, for discriminator heads as in Kumari et al. 2022 (section 3).

Its weights are constants. They are neither parameters nor part of a state, and tricks for trained layers skip them.
"""

from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

from ganvas.networks.autocast import autocast_dtype
from ganvas.networks.efficientnet import efficientnet_lite
from ganvas.networks.fused import constant_convolution

NETWORK = "efficientnet-lite0"


class FrozenMap(NamedTuple):
    """A map that heads see.

    Attributes:
        channels: of the map.
        deviation: approximate standard deviation of its values over paintings.
    """

    channels: int
    deviation: float


# By the stage after which they are taken: the last maps with 1/4, 1/8, 1/16 and 1/32 of the picture's side.
MAPS = {1: FrozenMap(24, 8.0), 2: FrozenMap(40, 8.0), 4: FrozenMap(112, 7.0), 6: FrozenMap(320, 3.0)}


class FrozenFeatures(nn.Module):
    """Pictures to those maps of `NETWORK` that `MAPS` lists, divided by their standard deviations.

    Gradients flow through it to the pictures. Training and evaluation mode are the same. Copies of a network share it,
    since nothing in it ever changes.
    """

    def __init__(self) -> None:
        super().__init__()
        network = efficientnet_lite(NETWORK)
        stem, stages = network.get_submodule("conv_stem"), list(network.get_submodule("blocks").children())
        assert isinstance(stem, nn.Conv2d)
        self.stem = FrozenConv2d(stem, is_active=True)
        self.stages = nn.ModuleList(nn.Sequential(*map(Block, stage.children())) for stage in stages[: max(MAPS) + 1])

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """float [B, 3, S, S] in [-1, 1], S a multiple of 32 -> maps [B, C, S / k, S / k], k = 4, 8, 16, 32."""
        maps, seen = self.stem(images), list[Tensor]()
        for number, stage in enumerate(self.stages):
            maps = stage(maps)
            if number in MAPS:
                seen.append(maps / MAPS[number].deviation)
        return seen


class Block(nn.Module):
    """An inverted residual: expand, depthwise convolution, contract.

    Args:
        source: timm's block, its normalisation folded.
    """

    def __init__(self, source: nn.Module) -> None:
        super().__init__()
        convolutions = [module for module in source.modules() if isinstance(module, nn.Conv2d)]
        *active, last = convolutions
        self.layers = nn.Sequential(*(FrozenConv2d(layer, is_active=True) for layer in active))
        self.layers.append(FrozenConv2d(last, is_active=False))
        self.has_skip = bool(source.has_skip)

    def forward(self, maps: Tensor) -> Tensor:
        """float [B, C, h, w] -> float [B, C', h', w']."""
        changed: Tensor = self.layers(maps)
        return maps + changed if self.has_skip else changed


class FrozenConv2d(nn.Module):
    """A convolution with TensorFlow's "same" padding whose weights are constants, with or without ReLU6.

    Args:
        source: the convolution with the weights.
        is_active: whether a ReLU6 follows.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, source: nn.Conv2d, is_active: bool) -> None:
        super().__init__()
        assert source.bias is not None
        self.register_buffer("weight", source.weight.detach(), persistent=False)
        self.register_buffer("bias", source.bias.detach(), persistent=False)
        self.stride, self.groups, self.is_active = source.stride[0], source.groups, is_active
        self._cast: tuple[Tensor, Tensor] | None = None

    def forward(self, maps: Tensor) -> Tensor:
        """float [B, C, h, w] -> float [B, C', h / stride, w / stride]."""
        weight, bias = self._constants(maps.device)
        maps, side = maps.to(weight.dtype), weight.shape[2]
        if self.stride == 1:
            return constant_convolution(maps, weight, bias, self.groups, self.is_active)
        if self.groups > 1 and maps.dtype == torch.bfloat16 and maps.device.type == "cpu":
            # torch has no bfloat16 kernel for the derivative of a strided depthwise convolution. Its fallback takes 40
            # times as long as the derivative here.
            whole = constant_convolution(maps, weight, bias, self.groups, self.is_active)
            halved: Tensor = _EverySecond.apply(whole)
            return halved
        # The padding of an even side is one less before than after.
        before, after = (side - 2) // 2, (side - 1) // 2
        maps = F.conv2d(F.pad(maps, [before, after, before, after]), weight, bias, self.stride, groups=self.groups)
        return F.relu6(maps, inplace=True) if self.is_active else maps

    def _constants(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Weight and bias in the precision of autocast, which keeps the casts of parameters, but not of constants."""
        dtype = autocast_dtype(device)
        if dtype is None:
            return self.weight, self.bias
        if torch.compiler.is_compiling():  # a compiled function keeps no casts in attributes
            return self.weight.to(dtype), self.bias.to(dtype)
        if self._cast is None or (self._cast[0].dtype, self._cast[0].device) != (dtype, device):
            self._cast = self.weight.to(dtype), self.bias.to(dtype)
        return self._cast


class _EverySecond(torch.autograd.Function):
    """Every second row and column. Unlike that of a slice, its derivative keeps the channels last in memory."""

    @staticmethod
    def forward(ctx: FunctionCtx, maps: Tensor) -> Tensor:
        return maps[:, :, 1::2, 1::2].contiguous(memory_format=torch.channels_last)

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Tensor) -> Tensor:
        batch, channels, height, width = gradients[0].shape
        fine = gradients[0].new_zeros(batch, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)
        fine[:, :, 1::2, 1::2] = gradients[0]
        return fine
