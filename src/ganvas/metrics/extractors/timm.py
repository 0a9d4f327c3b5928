"""Any network of timm, with the weights of its Hugging Face repository."""

import difflib
from pathlib import Path
from typing import Any

import timm
import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from torch import Tensor

from ganvas.foundation.errors import ConfigError, DataError
from ganvas.metrics.features import FeatureNetwork, resized
from ganvas.settings.config import DEFAULT_EXTRACTOR

_WEIGHTS = "model.safetensors"


class TimmNetwork(FeatureNetwork):
    """A network of timm with its published weights, up to its pooled features.

    Pictures are resized, antialiased, to the size it was trained at, and normalised as it was trained.
    """

    argument = "NAME"

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, *settings: Any, **more: Any) -> None:
        super().__init__(name, *settings, **more)
        model = _model(name)
        weights = {"file": str(_timm_weights(model))}
        with torch.random.fork_rng(devices=[]):
            network: Any = timm.create_model(model, pretrained=True, num_classes=0, pretrained_cfg_overlay=weights)
        self.network = network.eval().requires_grad_(False)
        trained: dict[str, Any] = network.pretrained_cfg
        self._pixels = int(trained["input_size"][-1])
        # In [-1, 1], where pictures come from, not in [0, 1].
        for kind, shift in (("mean", 1.0), ("std", 0.0)):
            values = torch.tensor(trained[kind]).view(1, 3, 1, 1) * 2 - shift
            self.register_buffer("mean" if kind == "mean" else "deviation", values, persistent=False)

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        pooled: Tensor = self.network((resized(images, self._pixels) - self.mean) / self.deviation)
        return pooled

    @classmethod
    def check(cls, argument: str) -> None:
        """Refuse a network that timm does not have, and name the nearest."""
        if not timm.is_model(argument):
            near = difflib.get_close_matches(argument, timm.list_models(pretrained=True))
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ConfigError(f"timm has no network {argument!r}{hint}")

    @classmethod
    def fetch(cls, name: str) -> None:
        """Have the published weights in the cache of Hugging Face."""
        _timm_weights(_model(name))


def _model(name: str) -> str:
    """What timm calls the network `timm:NAME`."""
    return name.partition(":")[2]


def _timm_weights(model: str) -> Path:
    """The safetensors file of a model's Hugging Face repository, from the local cache if it is there."""
    config = timm.get_pretrained_cfg(model)
    hub = getattr(config, "hf_hub_id", None)
    if hub is None:
        raise ConfigError(f"timm has no pretrained weights of {model} on Hugging Face")
    try:
        return Path(hf_hub_download(hub, _WEIGHTS))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise DataError(
            f"{_WEIGHTS} of {hub} is not in the Hugging Face cache and cannot be fetched; "
            f"{DEFAULT_EXTRACTOR} works offline"
        ) from error
