"""Conversions between pictures as files hold them and as networks take them.

Files hold uint8 [N, H, W, 3]. GANs take float [N, 3, H, W] in [-1, 1], classifiers in [0, 1]. No other module converts.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganvas.foundation.arrays import Images

# Pictures to resize at a time, because floats take four times the memory of bytes.
RESIZED = 64


def to_float(images: Tensor) -> Tensor:
    """Convert pictures for a GAN.

    Args:
        images: uint8 [N, H, W, 3], 0 to 255, on any device.

    Returns:
        float32 [N, 3, H, W] in [-1, 1] on the same device. The order in memory stays, so the
        result is channels_last.
    """
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Images:
    """The inverse of `to_float`. Values outside [-1, 1] are clamped.

    Args:
        images: float [N, 3, H, W] in [-1, 1], on any device.

    Returns:
        uint8 [N, H, W, 3].
    """
    scaled = images.detach().float().add(1.0).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(0, 2, 3, 1).cpu().numpy())


def to_unit(images: Tensor) -> Tensor:
    """Convert pictures for a classifier.

    Args:
        images: uint8 [N, H, W, 3], 0 to 255, on any device.

    Returns:
        float32 [N, 3, H, W] in [0, 1] on the same device, channels_last.
    """
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255.0)


def resize(images: Tensor, size: int) -> Tensor:
    """Resize pictures with antialiasing. Pictures of that size already are returned unchanged.

    Args:
        images: uint8 [N, H, W, 3] on any device.
        size: the new height and width in pixels.

    Returns:
        uint8 [N, size, size, 3] on the same device.
    """
    if images.shape[1:3] == (size, size) or not len(images):
        return images
    return torch.cat([_resize(chunk, size) for chunk in torch.split(images, RESIZED)])


def resize_floats(images: Tensor, size: int) -> Tensor:
    """The same for float [N, C, H, W] -> float [N, C, size, size]: differentiable; values may leave their range."""
    if images.shape[2:] == (size, size):
        return images
    return interpolate(images, (size, size), mode="bicubic", antialias=True)


def _resize(images: Tensor, size: int) -> Tensor:
    resized = resize_floats(images.permute(0, 3, 1, 2).to(torch.float32), size)
    return resized.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
