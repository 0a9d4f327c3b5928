"""Convert pixels of any mode to opaque sRGB."""

import contextlib
import functools
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms

from ganvas.data.pictures.rejection import Reason, Rejected

# Pixels of at least this opacity (of 255) belong to the subject; fainter ones are the haze around it.
_VISIBLE = 16

# The TIFF tag PhotometricInterpretation, and its value WhiteIsZero for greys that run from white to black.
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0


def flatten(image: Image.Image, background: tuple[int, int, int], alpha: str = "background") -> Image.Image:
    """Convert a picture to opaque sRGB (mode RGB).

    Transparency is resolved here, at full size. Resizing first would mix the meaningless colours of transparent pixels
    into the edges of the visible part.

    Args:
        image: a decoded picture of any mode.
        background: what shows through transparency, R, G and B from 0 to 255.
        alpha: "background" keeps the whole picture, "subject" crops it to the visible part.

    Raises:
        Rejected: `alpha` is "subject" and nothing is visible.
    """
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    elif image.mode == "CMYK" and image.format in ("JPEG", "MPO") and "adobe" not in image.info:
        image = ImageChops.invert(image)  # Pillow assumes that every CMYK JPEG is Adobe's, with inverted inks
    if not image.has_transparency_data:
        return _to_srgb(image, profile)
    colours, opacity = _layers(image)
    if alpha == "subject":
        box = opacity.point([255 * (level >= _VISIBLE) for level in range(256)]).getbbox()
        if box is None:
            raise Rejected(Reason.INVISIBLE)
        colours, opacity = colours.crop(box), opacity.crop(box)
    canvas = Image.new("RGB", colours.size, background)
    canvas.paste(_to_srgb(colours, profile), mask=opacity)
    return canvas


def _layers(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """The colours (mode L or RGB) and the opacity (mode L) of a picture with transparency."""
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode == "LA":
        return image.getchannel("L"), image.getchannel("A")
    layered = image.convert("RGBA")
    return layered.convert("RGB"), layered.getchannel("A")


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 or 32 bits per pixel (modes I;16, I and F) as mode L, or LA if one grey is transparent.

    The modes I and F do not say which value is white. It is assumed to be the smallest usual one that no pixel
    exceeds: 1 (floating point only), then the largest number of 8, 16 or 32 bits.
    """
    values: NDArray[Any] = np.asarray(image)
    if image.mode == "I":
        values = values.view(np.uint32)  # Pillow keeps unsigned 32-bit files in signed integers
    elif image.mode == "F":
        values = np.where(np.isfinite(values), values, 0)
    elif getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = 65535 - values  # Pillow does this for 8 bits only
    peak = values.max()
    whites = {"F": (1, 255, 65535), "I": (255, 65535, 2**32 - 1)}.get(image.mode, (65535,))
    white = next((white for white in whites if peak <= white), peak)
    grey = (values.astype(np.float32) * (255 / white) + 0.5).clip(0, 255).astype(np.uint8)
    result = Image.fromarray(grey)
    if "transparency" in image.info:
        result.putalpha(Image.fromarray(np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)))
    return result


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An opaque picture of any 8-bit mode as mode RGB, converted with its colour profile if that is usable."""
    if profile:
        # A profile that is broken, or made for another colour space than the pixels', is ignored.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return _transform(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    if image.mode == "LAB":
        return _transform(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    return image.convert("RGB")


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, _srgb(), outputMode="RGB")
    assert converted is not None  # only inPlace=True returns None
    return converted


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
