"""The base class of feature networks, which turn pictures into the vectors that metrics compare.

`ganvas.metrics.extractors` has the networks by name.
"""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad
from torch_fidelity import FeatureExtractorBase

from ganvas.foundation.arrays import Features, Images
from ganvas.foundation.errors import ConfigError

# Increase it with each change that affects features. Cached features of other versions are ignored.
VERSION = 1

# All batches have this size; the last one is padded. A convolution rounds differently at other batch sizes, and the
# features of a picture must depend on the picture only.
BATCH = 32

# Pictures to pass to `extract` at a time: enough to keep all threads busy, and few enough to fit in memory.
SLAB = 256

# The name of the only layer that a feature network returns.
LAYER = "features"


class FeatureNetwork(FeatureExtractorBase):  # type: ignore[misc]  # torch-fidelity has no type annotations
    """A frozen network that returns the features of pictures, with the interface of torch-fidelity.

    Args:
        name: name of the network, for reports and for the cache.
        features_list: the layers to return, of which there is only one.
        settings: further arguments that torch-fidelity passes to every extractor; not used.

    Attributes:
        argument: a placeholder for what follows the colon in the name, as in `timm:NAME`; "" for names without a colon.
    """

    argument: ClassVar[str] = ""

    _place: Tensor

    def __init__(self, name: str, features_list: tuple[str, ...] = (LAYER,), **settings: object) -> None:
        super().__init__(name, features_list)
        self.register_buffer("_place", torch.empty(0), persistent=False)

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """The features, float32 [N, D], of pictures, uint8 [N, 3, H, W] of any size."""

    def differentiable(self, pictures: Tensor) -> Tensor:
        """The features of pictures that are not rounded to bytes, with their derivative.

        Args:
            pictures: float32 [N, 3, H, W] in [-1, 1].

        Returns:
            float32 [N, D]. Those of a picture may differ in the last bits with N.

        Raises:
            ConfigError: this network takes bytes only.
        """
        raise ConfigError(
            f"feature network {self.get_name()} takes no derivative here; choose efficientnet-lite2, "
            "efficientnet-lite2-260, pixels or timm:NAME"
        )

    @classmethod
    def check(cls, argument: str) -> None:
        """Check what follows the colon in a name.

        Raises:
            ConfigError: it is not valid.
        """

    @classmethod
    def fetch(cls, name: str) -> None:
        """Download the weights of the network `name`, unless this machine has them.

        Raises:
            DataError: the download failed.
        """

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return self._place.device

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Compute the features of pictures. Always uses float32, regardless of autocast and TF32 settings.

        Args:
            images: uint8 [N, 3, H, W] of any size.

        Returns:
            A tuple with one tensor, float32 [N, D].
        """
        with torch.inference_mode(), torch.autocast(images.device.type, enabled=False), _exact(images.device):
            return (torch.cat([self._padded(chunk) for chunk in torch.split(images, BATCH)]),)

    def _padded(self, images: Tensor) -> Tensor:
        count = len(images)
        return self.features(pad(images, (0, 0, 0, 0, 0, 0, 0, BATCH - count)))[:count]

    @staticmethod
    def get_provided_features_list() -> tuple[str]:
        """The names of the layers."""
        return (LAYER,)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer that a metric of torch-fidelity uses."""
        return LAYER

    @staticmethod
    def can_be_compiled() -> bool:
        """Whether torch-fidelity may compile the network."""
        return False


def extract(extractor: FeatureNetwork, images: Images) -> Features:
    """Compute the features of pictures. Those of a picture do not depend on the other pictures.

    On the CPU, batches are processed in parallel with as many threads as torch may use.

    Args:
        extractor: the network, on the device to use.
        images: uint8 [N, H, W, 3], preferably `SLAB` at a time.

    Returns:
        float32 [N, D].
    """
    device = extractor.device
    channels_last = torch.tensor(images, device=device).permute(0, 3, 1, 2)
    if device.type != "cpu":
        (features,) = extractor(channels_last)
    else:
        with single_threads() as pool:
            features = torch.cat([batch for (batch,) in pool.map(extractor, torch.split(channels_last, BATCH))])
    array: Features = features.cpu().numpy()
    return array


@contextlib.contextmanager
def single_threads() -> Iterator[ThreadPoolExecutor]:
    """A pool of threads in which each operation of torch is single-threaded.

    Threads that share a convolution wait for the slowest of them, hundreds of times per batch. On two busy cores, this
    took 2.5 times as long as one batch per thread.
    """
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)  # new threads take the last number that was set


@contextlib.contextmanager
def _exact(device: torch.device) -> Iterator[None]:
    """Full float32 precision and deterministic kernels on a GPU. The CPU always has both."""
    if device.type != "cuda":
        yield
        return
    products = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(products)


def resized(images: Tensor, pixels: int) -> Tensor:
    """Resize pictures, uint8 [N, 3, H, W], to float32 [N, 3, pixels, pixels] in [-1, 1].

    Resizing is antialiased, as Parmar et al. 2022 recommend.
    """
    values = interpolate(images.float(), (pixels, pixels), mode="bicubic", antialias=True)
    return values.clamp_(0, 255).div_(127.5).sub_(1.0)
