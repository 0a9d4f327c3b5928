"""The feature networks by name.

| name | |
|---|---|
| `efficientnet-lite2`, `efficientnet-lite2-260` | come with ganvas and work offline |
| `inception` | the Inception-v3 of the published FID and KID, in torch-fidelity's copy; fetched once |
| `timm:NAME` | any network of timm, with the weights of its Hugging Face repository; fetched once |
| `pixels` | no network at all: the pictures at 32 x 32 |
"""

import difflib
import io
import logging
from pathlib import Path
from typing import Any
from urllib.error import URLError

import timm
import torch
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from torch import Tensor
from torch.nn.functional import interpolate
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

from ganvas.foundation.cache import cache_path
from ganvas.foundation.errors import ConfigError, DataError, unknown
from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import is_file
from ganvas.metrics.efficientnet import INPUT_PIXELS, EfficientNetLite
from ganvas.metrics.features import FeatureNetwork, resized
from ganvas.settings.config import DEFAULT_EXTRACTOR

INCEPTION, PIXELS, TIMM = "inception", "pixels", "timm:"
NAMES = (*INPUT_PIXELS, INCEPTION, PIXELS)

# The file that torch-fidelity measures with has the start of its sha256 in its name.
_INCEPTION_FILE = URL_INCEPTION_V3.rsplit("/", 1)[1]
_INCEPTION_HASH = _INCEPTION_FILE.removesuffix(".pth").rsplit("-", 1)[1]
_WEIGHTS = "model.safetensors"
_THUMBNAIL = 32

_log = logging.getLogger(__name__)


def check(name: str) -> None:
    """Refuse a name that no feature network has.

    Raises:
        ConfigError: it lists the names there are.
    """
    if name.startswith(TIMM):
        if not timm.is_model(model := name.removeprefix(TIMM)):
            near = difflib.get_close_matches(model, timm.list_models(pretrained=True))
            raise ConfigError(
                f"timm has no network {model!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
            )
    elif name not in NAMES:
        raise ConfigError(unknown("feature extractor", name, (*NAMES, f"{TIMM}NAME")))


def fetch(name: str) -> None:
    """Check a name, and have the weights of its network on this machine.

    Raises:
        ConfigError: no extractor has that name.
        DataError: the weights are not here and cannot be fetched.
    """
    check(name)
    if name == INCEPTION:
        _inception_weights()
    elif name.startswith(TIMM):
        _timm_weights(name.removeprefix(TIMM))


def load_extractor(name: str = DEFAULT_EXTRACTOR, device: str = "cpu") -> FeatureNetwork:
    """A feature network by name, ready for `ganvas.metrics.features.extract`.

    Raises:
        ConfigError: no extractor has that name.
        DataError: its weights are not here and cannot be fetched.
    """
    check(name)
    extractor: FeatureNetwork
    if name == PIXELS:
        extractor = Pixels(name)
    elif name == INCEPTION:
        extractor = Inception(name)
    elif name.startswith(TIMM):
        extractor = TimmNetwork(name)
    else:
        extractor = EfficientNetLite(name)
    extractor.to(device)
    return extractor


class Pixels(FeatureNetwork):
    """No network: a picture at 32 x 32, float32 [N, 3072] in [-1, 1]."""

    def features(self, images: Tensor) -> Tensor:
        """The pictures, reduced."""
        smaller = interpolate(images.float(), (_THUMBNAIL, _THUMBNAIL), mode="bilinear", antialias=True)
        return smaller.flatten(1).div_(127.5).sub_(1.0)


class Inception(FeatureNetwork):
    """Inception-v3 as the published FID has it (Heusel et al. 2017), up to its pooled features, float32 [N, 2048].

    Network, weights and resizing are torch-fidelity's, so figures over as many pictures are comparable with the
    literature's.
    """

    def __init__(self, name: str = INCEPTION, *settings: Any, **more: Any) -> None:
        super().__init__(name, *settings, **more)
        # torch-fidelity would unpickle the file; it is given a copy of what was read as tensors alone.
        copy = io.BytesIO()
        torch.save(_inception_weights(), copy)
        copy.seek(0)
        self.network = FeatureExtractorInceptionV3(name, ["2048"], feature_extractor_weights_path=copy)

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        pooled: Tensor = self.network(images)[0]
        return pooled


class TimmNetwork(FeatureNetwork):
    """A network of timm with its published weights, up to its pooled features.

    Pictures are resized, antialiased, to the size it was trained at, and normalised as it was trained.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, name: str, *settings: Any, **more: Any) -> None:
        super().__init__(name, *settings, **more)
        model = name.removeprefix(TIMM)
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


def _inception_weights() -> dict[str, Tensor]:
    path = cache_path(_INCEPTION_FILE)
    if not is_file(path):
        _download(path)
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataError(f"{path} is damaged; remove it to have it fetched again") from error
    return weights


def _download(path: Path) -> None:
    """Fetch the published Inception-v3 to `path`."""
    _log.info("fetching %s", URL_INCEPTION_V3)
    with whole_file(path) as partial:
        try:
            torch.hub.download_url_to_file(URL_INCEPTION_V3, str(partial), _INCEPTION_HASH, progress=False)
        except (URLError, ConnectionError, TimeoutError, RuntimeError) as error:
            raise DataError(
                f"the weights of {INCEPTION} are not in {path.parent} and cannot be fetched ({error}); put "
                f"{URL_INCEPTION_V3} there, or choose another extractor: {DEFAULT_EXTRACTOR} works offline"
            ) from error


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
