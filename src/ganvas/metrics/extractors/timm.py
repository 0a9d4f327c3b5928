"""The networks of timm, with their weights from Hugging Face."""

from typing import Any

import torch
from torch import Tensor

from ganvas.foundation.pixels import resize_floats
from ganvas.metrics.features import LAYER, FeatureNetwork, resized
from ganvas.networks.pretrained import check_network, published, published_weights
from ganvas.settings.config import DEFAULT_EXTRACTOR

_ADVICE = f"{DEFAULT_EXTRACTOR} works offline"


class TimmNetwork(FeatureNetwork):
    """The pooled features of a network of timm with its published weights.

    Pictures are resized with antialiasing to the size of the network's training, and normalised in the same way.
    """

    argument = "NAME"

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, features_list: tuple[str, ...] = (LAYER,), **settings: object) -> None:
        super().__init__(name, features_list, **settings)
        self.network = published(_model(name), _ADVICE)
        config: Any = self.network.pretrained_cfg  # a dict, which timm's types do not tell
        self._pixels = int(config["input_size"][-1])
        # Convert from pictures in [0, 1] to pictures in [-1, 1].
        for kind, shift in (("mean", 1.0), ("std", 0.0)):
            values = torch.tensor(config[kind]).view(1, 3, 1, 1) * 2 - shift
            self.register_buffer("mean" if kind == "mean" else "deviation", values, persistent=False)

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        return self._pooled(resized(images, self._pixels))

    def differentiable(self, pictures: Tensor) -> Tensor:
        """The pooled features of pictures in [-1, 1]."""
        return self._pooled(resize_floats(pictures, self._pixels).clamp(-1, 1))

    def _pooled(self, pictures: Tensor) -> Tensor:
        pooled: Tensor = self.network((pictures - self.mean) / self.deviation)
        return pooled

    @classmethod
    def check(cls, argument: str) -> None:
        """Check that timm has the network, and suggest similar names otherwise."""
        check_network(argument)

    @classmethod
    def fetch(cls, name: str) -> None:
        """Download the published weights to the cache of Hugging Face."""
        published_weights(_model(name), _ADVICE)


def _model(name: str) -> str:
    """The name of the network `timm:NAME` in timm."""
    return name.partition(":")[2]
