"""The Inception-v3 of the published FID and KID."""

import io
import logging
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

from ganvas.foundation.cache import cache_path
from ganvas.foundation.errors import DataError
from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import is_file
from ganvas.metrics.features import FeatureNetwork
from ganvas.settings.config import DEFAULT_EXTRACTOR

INCEPTION = "inception"

# The file that torch-fidelity measures with has the start of its sha256 in its name.
_INCEPTION_FILE = URL_INCEPTION_V3.rsplit("/", 1)[1]
_INCEPTION_HASH = _INCEPTION_FILE.removesuffix(".pth").rsplit("-", 1)[1]

_log = logging.getLogger(__name__)


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

    @classmethod
    def fetch(cls, name: str) -> None:
        """Have the published weights in the cache."""
        _inception_weights()


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
