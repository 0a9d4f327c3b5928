"""Differentiable augmentation of pictures: the colour, translation and cutout of Zhao et al. 2020.

Zhao, Liu, Lin, Zhu and Han 2020, "Differentiable augmentation for data-efficient GAN training". The figures and the
behaviour at the edges are those of the authors' code. All operations can be differentiated any number of times, which
gradient penalties need. Each picture gets its own random draws, from torch's global generator on the pictures' device,
the same ones for a picture of a batch whichever process works on it (`distributed.part`).

Each augmentation may also be applied with a probability. Below about 0.8, changes do not leak into G's pictures (Karras
et al. 2020, "Training generative adversarial networks with limited data", section 2.2).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from ganvas.distributed.part import drawn

# Neighbouring places whose colours are changed by one product: a matrix product of three rows is slow.
NEIGHBOURS = 16


def colour(images: Tensor) -> Tensor:
    """Brightness, then saturation, then contrast of each picture, changed at random.

        x + b,    m + s (x - m),    n + c (x - n),    b ~ U(-0.5, 0.5),  s ~ U(0, 2),  c ~ U(0.5, 1.5)

    m is a pixel's mean over its channels, n the picture's mean.

    Args:
        images: float [B, 3, S, S] in [-1, 1].

    Returns:
        The same shape and dtype; values may leave [-1, 1].
    """
    b, s, c = (_uniform(images, low, high) for low, high in ((-0.5, 0.5), (0.0, 2.0), (0.5, 1.5)))
    # The three as one: c s x + c (1 - s) m + b + (1 - c) n', with n' of the picture as it was. So a picture's colours
    # are multiplied by one matrix [3, 3], and those of some neighbours at once by one that repeats it.
    count, channels, size, _ = images.shape
    b, s, c = b[:, 0], s[:, 0], c[:, 0]
    matrix = c * (s * torch.eye(channels, dtype=images.dtype, device=images.device) + (1 - s) / channels)
    neighbours = math.gcd(NEIGHBOURS, size**2)
    places = images.permute(0, 2, 3, 1).reshape(count, -1, neighbours * channels)
    constant = b + (1 - c) * places.mean((1, 2), keepdim=True)
    blocks = torch.eye(neighbours, dtype=images.dtype, device=images.device)[:, None, :, None]
    repeated = (blocks * matrix[:, None, :, None]).reshape(count, neighbours * channels, -1)
    changed = torch.baddbmm(constant.expand(-1, 1, neighbours * channels), places, repeated)
    return changed.view(count, size, size, channels).permute(0, 3, 1, 2)


def translation(images: Tensor) -> Tensor:
    """Each picture moved by whole pixels, up to 1/8 of the side along each axis; empty places become 0.

    Args:
        images: float [B, 3, S, S] in [-1, 1].

    Returns:
        The same shape and dtype, channels_last.
    """
    farthest = _share(images.shape[2], 8)
    shifts = drawn(
        len(images), lambda count: torch.randint(-farthest, farthest + 1, (2, count), device=images.device), dim=1
    )
    moved: Tensor = _Translate.apply(images, shifts, farthest)
    return moved


class _Translate(torch.autograd.Function):
    """Pictures [B, C, S, S] moved by `shifts`, int64 [2, B], rows and columns up to `farthest`.

    The derivative of moving is moving back. Left to autograd, it would add up pixel by pixel.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, shifts: Tensor, farthest: int) -> Tensor:
        ctx.save_for_backward(shifts)
        ctx.farthest = farthest
        count, channels, size, _ = images.shape
        bordered = pad(images.permute(0, 2, 3, 1), [0, 0, *[farthest] * 4]).contiguous()
        side = size + 2 * farthest
        # A row of a moved picture is contiguous in the bordered one, so whole rows are copied.
        runs = bordered.view(-1).as_strided((count * side**2 - size + 1, size * channels), (channels, 1))
        numbers, rows = (torch.arange(end, device=images.device) for end in (count, size))
        down, right = (shifts + farthest)[:, :, None]
        starts = (numbers[:, None] * side + down + rows) * side + right
        return runs[starts.flatten()].view(count, size, size, channels).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (shifts,) = ctx.saved_tensors
        return _Translate.apply(gradients[0], -shifts, ctx.farthest), None, None


def cutout(images: Tensor) -> Tensor:
    """A square of half the side of each picture set to 0.

    Its centre is anywhere in the picture and its corners may be outside, so it hides from a sixteenth to a quarter of
    the picture. A square that is always inside would hide the middle of every picture.

    Args:
        images: float [B, 3, S, S] in [-1, 1].

    Returns:
        The same shape and dtype.
    """
    count, size, device = len(images), images.shape[2], images.device
    side = _share(size, 2)
    # A square of an even side has its centre between pixels, so there is one more position.
    centres = drawn(count, lambda rows: torch.randint(size + 1 - side % 2, (2, rows, 1), device=device), dim=1)
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
    """A sequence of augmentations.

    Attributes:
        names: which of `AUGMENTATIONS`, in the order in which they act.
        probability: with which each of them changes a picture, independently of the others.
    """

    names: tuple[str, ...]
    probability: float = 1.0

    def __call__(self, images: Tensor) -> Tensor:
        """Augmented pictures, float [B, 3, S, S], each with random changes of its own."""
        for name in self.names:
            changed = AUGMENTATIONS[name](images)
            if self.probability < 1:
                changed = torch.where(_uniform(images, 0, 1) < self.probability, changed, images)
            images = changed
        return images


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    """A uniform random number for each picture, [B, 1, 1, 1]."""
    draws = drawn(len(images), lambda count: torch.rand(count, 1, 1, 1, dtype=images.dtype, device=images.device))
    return low + (high - low) * draws


def _share(size: int, parts: int) -> int:
    """`size` / `parts` in whole pixels, rounded to the nearest; halves are rounded up."""
    return (2 * size + parts) // (2 * parts)
