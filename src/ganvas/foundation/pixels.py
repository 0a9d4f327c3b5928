"""Pixels: uint8 N x H x W x 3 outside, float [-1, 1] N x 3 x H x W inside; converted here and nowhere else."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

# Pictures resized at a time, for as floats they take four times the memory.
RESIZED = 64


def to_float(images: Tensor) -> Tensor:
    """Pictures as the networks see them.

    Args:
        images: uint8 [N, H, W, 3], 0 to 255, on any device.

    Returns:
        float32 [N, 3, H, W] in [-1, 1] on the same device. The bytes keep their order, so the result is
        channels_last as it is.
    """
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Pictures as files hold them: the inverse of `to_float`, values outside [-1, 1] clamped.

    Args:
        images: float [N, 3, H, W] in [-1, 1], on any device.

    Returns:
        uint8 [N, H, W, 3].
    """
    scaled = images.detach().float().add(1.0).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(0, 2, 3, 1).cpu().numpy())


def to_unit(images: Tensor) -> Tensor:
    """Pictures as the classifiers see them.

    Args:
        images: uint8 [N, H, W, 3], 0 to 255, on any device.

    Returns:
        float32 [N, 3, H, W] in [0, 1] on the same device, channels_last as it is.
    """
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255.0)


def resize(images: Tensor, size: int) -> Tensor:
    """Pictures at another size, antialiased; those that have it already are returned as they are.

    Args:
        images: uint8 [N, H, W, 3] on any device.
        size: height and width in pixels to give them.

    Returns:
        uint8 [N, size, size, 3] on the same device.
    """
    if images.shape[1:3] == (size, size) or not len(images):
        return images
    return torch.cat([_resize(chunk, size) for chunk in torch.split(images, RESIZED)])


def _resize(images: Tensor, size: int) -> Tensor:
    floats = images.permute(0, 3, 1, 2).to(torch.float32)
    resized = interpolate(floats, (size, size), mode="bicubic", antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
