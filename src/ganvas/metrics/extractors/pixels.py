"""Pixels instead of features: the pictures themselves, reduced."""

from torch import Tensor
from torch.nn.functional import interpolate

from ganvas.metrics.features import FeatureNetwork

_THUMBNAIL = 32


class Pixels(FeatureNetwork):
    """The pixels of pictures at 32 x 32, float32 [N, 3072] in [-1, 1]."""

    def features(self, images: Tensor) -> Tensor:
        """The pixels of reduced pictures."""
        smaller = interpolate(images.float(), (_THUMBNAIL, _THUMBNAIL), mode="bilinear", antialias=True)
        return smaller.flatten(1).div_(127.5).sub_(1.0)

    def differentiable(self, pictures: Tensor) -> Tensor:
        """The pixels of reduced pictures in [-1, 1]."""
        return interpolate(pictures, (_THUMBNAIL, _THUMBNAIL), mode="bilinear", antialias=True).flatten(1)
