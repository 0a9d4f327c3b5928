"""The networks that transfer learning reads features from, trained on a million photographs (ImageNet).

The pooled features describe what is painted. The mean and the standard deviation of each channel over the picture, at
the ends of the network's stages, describe the style (Gatys et al. 2016; Huang & Belongie 2017).
"""

from abc import ABC, abstractmethod
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.paths import user_path
from ganvas.networks.efficientnet import efficientnet_lite
from ganvas.networks.pretrained import from_file, published, untrained

# The network whose weights come with ganvas.
PACKAGED = "efficientnet-lite2"

# Keeps the gradient of a standard deviation finite if a channel is constant over the picture.
_EPSILON = 1e-5


class Backbone(nn.Module, ABC):
    """A frozen network from pictures, float32 [B, 3, S, S] in [0, 1], to features, float32 [B, `features`].

    Attributes:
        features: the number of pooled features plus twice the number of channels at the ends of the stages.
    """

    features: int

    @abstractmethod
    def map_layer(self, position: Literal[0, -1]) -> nn.Module:
        """The layer whose outputs are the first (0) or the last (-1) feature maps, float [B, C, h, w]."""


def backbone(name: str, size: int, weights: str | None, *, is_trained: bool = True) -> Backbone:
    """A backbone by name.

    Args:
        name: `PACKAGED`, or a network of timm.
        size: height and width of its pictures.
        weights: a safetensors file with the weights of a network of timm; None for the published ones.
        is_trained: whether to load the weights of a network of timm. False leaves them random, to be replaced.

    Raises:
        ConfigError: there is no such network, or it does not take pictures of this size.
        DataError: its weights cannot be read or downloaded, or do not fit.
    """
    if name == PACKAGED:
        return EfficientNetBackbone()
    if not is_trained:
        network = untrained(name)
    elif weights is None:
        network = published(name, f"download it elsewhere and name the file with --set weights=FILE, or use {PACKAGED}")
    else:
        network = from_file(name, user_path(weights))
    return TimmBackbone(name, network, size)


class EfficientNetBackbone(Backbone):
    """EfficientNet-Lite2: the 1,280 pooled features, and the statistics of 856 channels at the ends of seven stages."""

    features = 1280 + 2 * 856

    def __init__(self) -> None:
        super().__init__()
        # A timm network; its modules have no types.
        self.network: Any = efficientnet_lite(PACKAGED)

    def forward(self, images: Tensor) -> Tensor:
        """The features of pictures."""
        network, statistics = self.network, []
        maps = network.bn1(network.conv_stem(images * 2 - 1))
        for stage in network.blocks:
            maps = stage(maps)
            statistics += _statistics(maps)
        pooled = network.forward_head(network.bn2(network.conv_head(maps)))
        return torch.cat([pooled, *statistics], dim=1)

    def map_layer(self, position: Literal[0, -1]) -> nn.Module:
        """See `Backbone.map_layer`."""
        # The normalisation is folded into the convolutions; these are the activations that remain of it.
        layer: nn.Module = self.network.bn2 if position else self.network.bn1
        return layer


class TimmBackbone(Backbone):
    """A network of timm: its pooled features, and the statistics of the channels at the ends of its stages.

    Args:
        name: its name, for error messages.
        network: the network without its classifier.
        size: height and width of the pictures.

    Raises:
        ConfigError: the network does not take pictures of this size, or does not show its stages.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, network: nn.Module, size: int) -> None:
        super().__init__()
        if not hasattr(network, "forward_intermediates"):
            raise ConfigError(f"backbone={name}: this network of timm does not show its stages; choose another one")
        # timm's modules have no types. channels_last, as trained and opened networks must round alike.
        self.network: Any = network.to(memory_format=torch.channels_last)
        trained: Any = self.network.pretrained_cfg
        for kind, values in (("mean", trained["mean"]), ("deviation", trained["std"])):
            self.register_buffer(kind, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        # They change nothing. Attention maps are read at them.
        self.first_maps, self.last_maps = nn.Identity(), nn.Identity()
        try:
            with torch.no_grad():
                self.features = self(torch.zeros(1, 3, size, size)).shape[1]
        except (RuntimeError, AssertionError, ValueError) as error:
            raise ConfigError(
                f"backbone={name} does not take pictures of {size} px ({error}); it was trained with --set "
                f"size={trained['input_size'][-1]}"
            ) from error

    def forward(self, images: Tensor) -> Tensor:
        """The features of pictures."""
        inputs = (images - self.mean) / self.deviation
        final, stages = self.network.forward_intermediates(inputs, output_fmt="NCHW")
        first, *inner, last = stages
        # A transformer ends in a list of patches; its maps are those of its last stage.
        is_map = final.ndim == 4 and final.shape[1] == self.network.num_features
        final, last = (self.last_maps(final), last) if is_map else (final, self.last_maps(last))
        statistics = [values for maps in (self.first_maps(first), *inner, last) for values in _statistics(maps)]
        return torch.cat([self.network.forward_head(final), *statistics], dim=1)

    def map_layer(self, position: Literal[0, -1]) -> nn.Module:
        """See `Backbone.map_layer`."""
        return self.last_maps if position else self.first_maps

    def train(self, mode: bool = True) -> "TimmBackbone":
        """Stay in evaluation mode: fine-tuning keeps the statistics of batch normalisation, as batches are small."""
        return super().train(False)


def _statistics(maps: Tensor) -> list[Tensor]:
    """The mean and the standard deviation of each channel over the picture, float [B, C] each."""
    variance, mean = torch.var_mean(maps, dim=(2, 3), correction=0)
    return [mean, (variance + _EPSILON).sqrt()]
