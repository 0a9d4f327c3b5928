"""The Inception-v3 of published FID and KID."""

import io
import logging
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

from ganvas.foundation.cache import cache_path
from ganvas.foundation.errors import DataError
from ganvas.foundation.files import whole_file
from ganvas.foundation.paths import is_file
from ganvas.metrics.features import LAYER, FeatureNetwork
from ganvas.settings.config import DEFAULT_EXTRACTOR

INCEPTION = "inception"

# The name of torch-fidelity's file contains the start of its sha256.
_INCEPTION_FILE = URL_INCEPTION_V3.rsplit("/", 1)[1]
_INCEPTION_HASH = _INCEPTION_FILE.removesuffix(".pth").rsplit("-", 1)[1]

_log = logging.getLogger(__name__)


class Inception(FeatureNetwork):
    """The pooled features of the Inception-v3 of published FID (Heusel et al. 2017), float32 [N, 2048].

    Network, weights and resizing are those of torch-fidelity. Scores can be compared with published ones if the number
    of pictures is the same.
    """

    def __init__(self, name: str = INCEPTION, features_list: tuple[str, ...] = (LAYER,), **settings: object) -> None:
        super().__init__(name, features_list, **settings)
        # torch-fidelity would unpickle the file, so it gets a copy of the tensors that were loaded safely.
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
        """Download the published weights to the cache."""
        _inception_weights()


def _inception_weights() -> dict[str, Tensor]:
    path = cache_path(_INCEPTION_FILE)
    if not is_file(path):
        _download(path)
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataError(f"{path} is damaged; remove it to download it again") from error
    return weights


def _download(path: Path) -> None:
    """Download the published Inception-v3 to `path`."""
    _log.info("downloading %s", URL_INCEPTION_V3)
    with whole_file(path) as partial:
        try:
            torch.hub.download_url_to_file(URL_INCEPTION_V3, str(partial), _INCEPTION_HASH, progress=False)
        except (URLError, ConnectionError, TimeoutError, RuntimeError) as error:
            raise DataError(
                f"the weights of {INCEPTION} are not in {path.parent} and cannot be downloaded ({error}); put "
                f"{URL_INCEPTION_V3} there, or choose another extractor: {DEFAULT_EXTRACTOR} works offline"
            ) from error
