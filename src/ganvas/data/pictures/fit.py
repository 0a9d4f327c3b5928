"""Fit a picture of any shape to a square frame: crop, pad, squash, or cut it into several squares."""

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.pictures.focus import best_crop_start
from ganvas.data.pictures.frame import Frame
from ganvas.foundation.arrays import Images

Box = tuple[float, float, float, float]

# When it shrinks a picture, Lanczos weighs every source pixel under the target pixel, so fine patterns do not alias.
_FILTER = Image.Resampling.LANCZOS


def place(pixels: Images, frame: Frame) -> Images:
    """Fit a picture to the frame, antialiased.

    Args:
        pixels: uint8 [H, W, 3].
        frame: the square to fill; "multicrop" is treated as "crop".

    Returns:
        uint8 [S, S, 3], S the frame's size.
    """
    return np.array(_PLACING.get(frame.fit, _crop)(Image.fromarray(pixels), frame))


def views(pixels: Images, frame: Frame) -> Images:
    """All squares of a picture: one, or with "multicrop" several of a long one.

    Their number is the ratio of the longer side to the shorter one, rounded. They are evenly spaced from end to end.

    Args:
        pixels: uint8 [H, W, 3].
        frame: the square to fill.

    Returns:
        uint8 [V, S, S, 3], S the frame's size.
    """
    height, width = pixels.shape[:2]
    side = min(width, height)
    count = math.floor(max(width, height) / side + 0.5)
    if frame.fit != "multicrop" or count == 1:
        return place(pixels, frame)[None]
    image = Image.fromarray(pixels)
    steps = [number / (count - 1) for number in range(count)]
    boxes = [_square(image.size, (width - side) * step, (height - side) * step) for step in steps]
    return np.stack([np.array(_resize(image, (frame.size, frame.size), frame, box)) for box in boxes])


def _crop(image: Image.Image, frame: Frame) -> Image.Image:
    """The largest square, in the middle or where the frame's focus puts it."""
    side = min(image.size)
    across, down = image.width - side, image.height - side
    if frame.focus == "centre" or not across + down:
        box = _square(image.size, across / 2, down / 2)
    else:
        start = best_crop_start(np.asarray(image), frame.focus)
        box = _square(image.size, start if across else 0, start if down else 0)
    return _resize(image, (frame.size, frame.size), frame, box)


def _pad(image: Image.Image, frame: Frame) -> Image.Image:
    """The whole picture in its own proportions, centred between two bars of background."""
    scale = frame.size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    padded = Image.new("RGB", (frame.size, frame.size), frame.background)
    padded.paste(_resize(image, (width, height), frame), ((frame.size - width) // 2, (frame.size - height) // 2))
    return padded


def _squash(image: Image.Image, frame: Frame) -> Image.Image:
    """The whole picture, stretched to the square."""
    return _resize(image, (frame.size, frame.size), frame)


_PLACING: dict[str, Callable[[Image.Image, Frame], Image.Image]] = {"crop": _crop, "pad": _pad, "squash": _squash}


def _square(size: tuple[int, int], left: float, top: float) -> Box:
    side = min(size)
    return left, top, left + side, top + side


def _resize(image: Image.Image, size: tuple[int, int], frame: Frame, box: Box | None = None) -> Image.Image:
    """Resize a picture of mode RGB, or a box of it."""
    if not frame.linear:
        return image.resize(size, _FILTER, box=box)
    light = _light()[np.asarray(image)]
    channels = [Image.fromarray(light[..., channel]).resize(size, _FILTER, box=box) for channel in range(3)]
    return Image.fromarray(_to_srgb(np.stack([np.asarray(channel) for channel in channels], axis=-1)))


@functools.cache
def _light() -> NDArray[np.float32]:
    """Linear light for each sRGB value, 0 to 1, float32 [256] (IEC 61966-2-1)."""
    values = np.arange(256) / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _to_srgb(light: NDArray[np.float32]) -> Images:
    """Linear light, clipped to 0 to 1, as sRGB values."""
    light = light.clip(0, 1)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (values * 255 + 0.5).astype(np.uint8)
