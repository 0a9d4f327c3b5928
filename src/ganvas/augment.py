"""Differentiable augmentation of pictures: the colour, translation and cutout of Zhao et al. 2020.

The figures are those of the authors' code, and so is what they mean at the edges. Everything is made of operations that
can be differentiated as often as one likes, which gradient penalties need. Each picture has draws of its own, from
torch's global generator on the device where the pictures are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad


def colour(images: Tensor) -> Tensor:
    """Brightness, then saturation, then contrast of each picture, changed at random.

        x + b,    m + s (x - m),    n + c (x - n),    b ~ U(-0.5, 0.5),  s ~ U(0, 2),  c ~ U(0.5, 1.5)

    m is a pixel's mean over its channels, n the picture's mean.

    Args:
        images: float [B, 3, S, S] in [-1, 1].

    Returns:
        The same shape and dtype; values may leave [-1, 1].
    """
    images = images + _uniform(images, -0.5, 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * _uniform(images, 0.0, 2.0)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * _uniform(images, 0.5, 1.5)


def translation(images: Tensor) -> Tensor:
    """Each picture moved by whole pixels, up to 1/8 of the side along each axis; what it leaves empty is 0.

    Args:
        images: float [B, 3, S, S] in [-1, 1].

    Returns:
        The same shape and dtype, channels_last.
    """
    count, size, device = len(images), images.shape[2], images.device
    farthest = _share(size, 8)
    bordered = pad(images, [farthest] * 4).permute(0, 2, 3, 1)
    starts = torch.randint(2 * farthest + 1, (2, count, 1), device=device)
    rows, columns = starts + torch.arange(size, device=device)
    numbers = torch.arange(count, device=device)[:, None, None]
    return bordered[numbers, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(images: Tensor) -> Tensor:
    """A square of half the side of each picture set to 0.

    Its centre may be anywhere in the picture, the rest of it beyond the edge: from a sixteenth to a quarter of the
    picture is hidden. Were it always inside, the middle of a picture would never be seen.

    Args:
        images: float [B, 3, S, S] in [-1, 1].

    Returns:
        The same shape and dtype.
    """
    count, size, device = len(images), images.shape[2], images.device
    side = _share(size, 2)
    # A square of an even side has its centre between pixels, of which there is one place more.
    centres = torch.randint(size + 1 - side % 2, (2, count, 1), device=device)
    distance = torch.arange(size, device=device) - (centres - side // 2)
    rows, columns = (distance >= 0) & (distance < side)
    is_hidden = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(is_hidden, 0.0, images)


AUGMENTATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}


@dataclass(frozen=True)
class Augmentation:
    """Some augmentations, one after the other.

    Attributes:
        names: which of `AUGMENTATIONS`, in the order in which they act.
    """

    names: tuple[str, ...]

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures, float [B, 3, S, S] in [-1, 1], each changed another way."""
        for name in self.names:
            images = AUGMENTATIONS[name](images)
        return images


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    """A number for each picture, [B, 1, 1, 1]."""
    draws = torch.rand(len(images), 1, 1, 1, dtype=images.dtype, device=images.device)
    return low + (high - low) * draws


def _share(size: int, parts: int) -> int:
    """A half, an eighth ... of a side in whole pixels; halves are rounded up."""
    return (2 * size + parts) // (2 * parts)
