"""A picture of any shape on a square frame: cropped, padded or squashed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Lanczos weighs every source pixel under the target pixel when it shrinks, so fine patterns do not alias.
_FILTER = Image.Resampling.LANCZOS


@dataclass(frozen=True)
class Frame:
    """The square that every picture is to fill.

    Attributes:
        size: side in pixels.
        fit: a key of `FITS`.
        background: the colour behind transparent pictures and beside padded ones; R, G and B from 0 to 255.
    """

    size: int
    fit: str = "crop"
    background: tuple[int, int, int] = (255, 255, 255)


def place(pixels: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Fit a picture to the frame, antialiased.

    Args:
        pixels: uint8 [H, W, 3].
        frame: where it goes.

    Returns:
        uint8 [S, S, 3], S the frame's size.
    """
    return np.array(FITS[frame.fit](Image.fromarray(pixels), frame))


def _crop(image: Image.Image, frame: Frame) -> Image.Image:
    """The largest centred square; what sticks out on two sides is cut off."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((frame.size, frame.size), _FILTER, box=(left, top, left + side, top + side))


def _pad(image: Image.Image, frame: Frame) -> Image.Image:
    """The whole picture in its own proportions, centred between two bars of background."""
    scale = frame.size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    padded = Image.new("RGB", (frame.size, frame.size), frame.background)
    padded.paste(image.resize((width, height), _FILTER), ((frame.size - width) // 2, (frame.size - height) // 2))
    return padded


def _squash(image: Image.Image, frame: Frame) -> Image.Image:
    """The whole picture, stretched to the square."""
    return image.resize((frame.size, frame.size), _FILTER)


FITS: dict[str, Callable[[Image.Image, Frame], Image.Image]] = {
    "crop": _crop,
    "pad": _pad,
    "squash": _squash,
}
