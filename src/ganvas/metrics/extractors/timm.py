"""The networks of timm, with their weights from Hugging Face."""

import difflib
from pathlib import Path
from typing import Any

import timm
import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from torch import Tensor

from ganvas.foundation.errors import ConfigError, DataError
from ganvas.metrics.features import LAYER, FeatureNetwork, resized
from ganvas.settings.config import DEFAULT_EXTRACTOR

_WEIGHTS = "model.safetensors"


class TimmNetwork(FeatureNetwork):
    """The pooled features of a network of timm with its published weights.

    Pictures are resized with antialiasing to the size of the network's training, and normalised in the same way.
    """

    argument = "NAME"

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, features_list: tuple[str, ...] = (LAYER,), **settings: object) -> None:
        super().__init__(name, features_list, **settings)
        model = _model(name)
        weights = {"file": str(_timm_weights(model))}
        with torch.random.fork_rng(devices=[]):
            network = timm.create_model(model, pretrained=True, num_classes=0, pretrained_cfg_overlay=weights)
        self.network = network.eval().requires_grad_(False)
        config: Any = network.pretrained_cfg  # a dict, which timm's types do not tell
        self._pixels = int(config["input_size"][-1])
        # Convert from pictures in [0, 1] to pictures in [-1, 1].
        for kind, shift in (("mean", 1.0), ("std", 0.0)):
            values = torch.tensor(config[kind]).view(1, 3, 1, 1) * 2 - shift
            self.register_buffer("mean" if kind == "mean" else "deviation", values, persistent=False)

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        pooled: Tensor = self.network((resized(images, self._pixels) - self.mean) / self.deviation)
        return pooled

    @classmethod
    def check(cls, argument: str) -> None:
        """Check that timm has the network, and suggest similar names otherwise."""
        if not timm.is_model(argument):
            similar = difflib.get_close_matches(argument, timm.list_models(pretrained=True))
            hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
            raise ConfigError(f"timm has no network {argument!r}{hint}")

    @classmethod
    def fetch(cls, name: str) -> None:
        """Download the published weights to the cache of Hugging Face."""
        _timm_weights(_model(name))


def _model(name: str) -> str:
    """The name of the network `timm:NAME` in timm."""
    return name.partition(":")[2]


def _timm_weights(model: str) -> Path:
    """The weights of a network: a safetensors file in the cache of Hugging Face, downloaded if it is missing."""
    config = timm.get_pretrained_cfg(model)
    hub = getattr(config, "hf_hub_id", None)
    if hub is None:
        raise ConfigError(f"timm has no pretrained weights of {model} on Hugging Face")
    try:
        return Path(hf_hub_download(hub, _WEIGHTS))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise DataError(
            f"{_WEIGHTS} of {hub} is not in the Hugging Face cache and cannot be downloaded; "
            f"{DEFAULT_EXTRACTOR} works offline"
        ) from error
