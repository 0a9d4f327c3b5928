"""Feature networks: pictures become the vectors that every score of `ganvas.metrics` is a distance between.

This is what all of them have in common; `ganvas.metrics.extractors` has them by name.
"""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, pad
from torch_fidelity import FeatureExtractorBase

# Raise it with any change that gives pictures other features: cached features of another version are not read.
VERSION = 1

# Pictures are always seen in batches of this size, the last one padded: a convolution rounds differently at
# other batch sizes, and a picture's features must depend on nothing but the picture.
BATCH = 32

# Pictures to give to `extract` at a time: enough to keep every thread busy, few enough for the memory.
SLAB = 256

_LAYER = "features"


class FeatureNetwork(FeatureExtractorBase):  # type: ignore[misc]  # torch-fidelity has no type annotations
    """A frozen network up to one layer of it, "features", as torch-fidelity takes them.

    Args:
        name: what it is called, in reports and in the names of cached features.
        features_list: the layers to return; there is only the one.
        settings: what torch-fidelity passes to every extractor; none of it applies here.

    Attributes:
        argument: what follows the colon in the network's name, as in `timm:NAME`; "" for a name without a colon.
    """

    argument: ClassVar[str] = ""

    _place: Tensor

    def __init__(self, name: str, features_list: tuple[str, ...] = (_LAYER,), **settings: Any) -> None:
        super().__init__(name, features_list)
        self.register_buffer("_place", torch.empty(0), persistent=False)

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Features, float32 [N, D], of pictures, uint8 [N, 3, H, W] of any size."""

    @classmethod
    def check(cls, argument: str) -> None:
        """Refuse what follows the colon of a name.

        Raises:
            ConfigError: it names nothing.
        """

    @classmethod
    def fetch(cls, name: str) -> None:
        """Have the weights of the network called `name` on this machine.

        Raises:
            DataError: they are not here and cannot be fetched.
        """

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self._place.device

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """The features of pictures, computed in float32 whatever the autocast or TF32 settings around it.

        Args:
            images: uint8 [N, 3, H, W], any size.

        Returns:
            One tensor, float32 [N, D].
        """
        with torch.inference_mode(), torch.autocast(images.device.type, enabled=False), _exact(images.device):
            return (torch.cat([self._padded(chunk) for chunk in torch.split(images, BATCH)]),)

    def _padded(self, images: Tensor) -> Tensor:
        count = len(images)
        return self.features(pad(images, (0, 0, 0, 0, 0, 0, 0, BATCH - count)))[:count]

    @staticmethod
    def get_provided_features_list() -> tuple[str]:
        """The layers there are."""
        return (_LAYER,)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer that a metric of torch-fidelity uses: the same for all."""
        return _LAYER

    @staticmethod
    def can_be_compiled() -> bool:
        """Whether torch-fidelity may pass it to torch.compile."""
        return False


def extract(extractor: FeatureNetwork, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The features of pictures; a picture's are the same in whatever company it comes.

    On the CPU, batches are worked on side by side by as many threads as torch may use.

    Args:
        extractor: the network, on the device to use.
        images: uint8 [N, H, W, 3]; best `SLAB` at a time.

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
    array: NDArray[np.float32] = features.cpu().numpy()
    return array


@contextlib.contextmanager
def single_threads() -> Iterator[ThreadPoolExecutor]:
    """Threads in each of which torch uses no others.

    Threads that share a small convolution wait for the slowest of them at its end, hundreds of times a batch: on two
    cores busy with something else, that took 2.5 times as long as a batch a thread.
    """
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)  # for threads that torch has not seen yet: they take the last number set


def _exact(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Full float32 and the same kernels every time; only a GPU would do otherwise."""
    if device.type != "cuda":
        return contextlib.nullcontext()
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)


def resized(images: Tensor, pixels: int) -> Tensor:
    """uint8 [N, 3, H, W] to float32 [N, 3, pixels, pixels] in [-1, 1]; antialiased, as Parmar et al. 2022 ask."""
    larger = interpolate(images.float(), (pixels, pixels), mode="bicubic", antialias=True)
    return larger.clamp_(0, 255).div_(127.5).sub_(1.0)
