"""One picture file becomes upright sRGB pixels, or is rejected with a reason.

Picture folders hold phone photographs lying on their side, palettes, 16-bit scans, print-ready CMYK, transparent
drawings with garbage under the transparency, and files that only pretend to be pictures. All of them end here as
uint8 RGB that looks the way a viewer would show it, or as one of a few stable reasons that can be counted.
"""

import contextlib
import functools
import hashlib
import io
import os
import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

SMALLEST_SIDE = 8

# Only formats that Pillow decodes by itself: its EPS reader, for one, would start Ghostscript on a stranger's file.
Image.init()
FORMATS = sorted(
    {
        "AVIF",
        "BMP",
        "DIB",
        "GIF",
        "JPEG",
        "JPEG2000",
        "MPO",
        "PNG",
        "PPM",
        "PSD",
        "QOI",
        "TGA",
        "TIFF",
        "WEBP",
    }
    & Image.OPEN.keys()
)
EXTENSIONS = frozenset(ending for ending, name in Image.registered_extensions().items() if name in FORMATS)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)


class Reason(StrEnum):
    """Why a picture file is left out."""

    EMPTY = "empty file"
    NOT_AN_IMAGE = "not an image (content not recognised)"
    DAMAGED = "damaged or cut short"
    TOO_LARGE = "too many pixels to decode safely"
    TOO_SMALL = f"too small (under {SMALLEST_SIDE} pixels a side)"
    MISSING = "missing (a link to nothing)"
    DENIED = "permission denied"
    NOT_A_FILE = "not a regular file"
    UNREADABLE = "cannot be read"


class Rejected(Exception):
    """A file cannot become a picture; a verdict on one file, which never ends the preparing of the others.

    Attributes:
        reason: a short text, the same for every file with the same fault.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: uint8 [H, W, 3], upright sRGB; it may be smaller than the original.
        width: of the upright original.
        height: of the upright original.
        sha256: of the file's bytes in hexadecimal, or of the pixels where there is no file.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    sha256: str


def decode(
    file: io.BufferedReader | io.BytesIO,
    *,
    background: tuple[int, int, int] = (255, 255, 255),
    enough: int | None = None,
) -> Picture:
    """Decode a picture file; of an animation, the first frame.

    Args:
        file: the open file, seekable.
        background: what shows through transparency, R, G and B from 0 to 255.
        enough: sides longer than this are more than the caller needs: a big JPEG is decoded at a half, a quarter or
            an eighth of its size as long as both sides keep at least so many pixels. None decodes in full.

    Raises:
        Rejected: it is no picture that can be used.
        OSError: the file system failed before decoding began.
    """
    if file.seek(0, os.SEEK_END) == 0:
        raise Rejected(Reason.EMPTY)
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata are of no use to anyone here
            pixels, width, height = _decode(file, background, enough)
    except Rejected:
        raise
    except UnidentifiedImageError as error:
        raise Rejected(Reason.NOT_AN_IMAGE) from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise Rejected(Reason.TOO_LARGE) from error
    except Exception as error:  # broken bytes make Pillow's readers raise almost any kind of error
        raise Rejected(Reason.DAMAGED) from error
    return Picture(pixels, width, height, sha256)


def _decode(
    file: io.BufferedReader | io.BytesIO, background: tuple[int, int, int], enough: int | None
) -> tuple[NDArray[np.uint8], int, int]:
    """The pixels, and the width and height of the upright original."""
    image: Image.Image
    with Image.open(file, formats=FORMATS) as image:
        if min(image.size) < SMALLEST_SIDE:
            raise Rejected(Reason.TOO_SMALL)
        full_size = image.size
        is_reduced = enough is not None and image.draft(None, (enough, enough)) is not None
        image.load()
        width, height = full_size if is_reduced else image.size
        orientation = _orientation(image)
        colours = _flatten(image, background)
    if orientation in _TURNS:
        colours = colours.transpose(_TURNS[orientation])
    if orientation in _SIDEWAYS:
        width, height = height, width
    return np.array(colours), width, height


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8."""
    # A broken EXIF block is no reason to lose the picture, and parsing one can raise almost anything.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _flatten(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """The picture in opaque sRGB (mode RGB).

    Transparency is resolved here, at full size: resizing first would mix the meaningless colours beneath it into
    the edges of what can be seen.
    """
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if not image.has_transparency_data:
        return _to_srgb(image, profile)
    layered = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(_to_srgb(layered.convert("RGB"), profile), mask=layered.getchannel("A"))
    return canvas


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 or 32 bits a pixel (modes I;16, I and F) as mode L, or LA if one grey is transparent.

    The modes I and F do not say which value is white. It is taken to be the smallest customary one that no pixel
    exceeds: 1 (floating point only), then the largest number of 8, 16 or 32 bits.
    """
    values: NDArray[Any] = np.asarray(image)
    if image.mode == "I":
        values = values.view(np.uint32)  # Pillow keeps unsigned 32-bit files in signed integers
    elif image.mode == "F":
        values = np.where(np.isfinite(values), values, 0)
    peak = values.max()
    whites = {"F": (1, 255, 65535), "I": (255, 65535, 2**32 - 1)}.get(image.mode, (65535,))
    white = next((white for white in whites if peak <= white), peak)
    grey = (values.astype(np.float32) * (255 / white) + 0.5).clip(0, 255).astype(np.uint8)
    result = Image.fromarray(grey)
    if "transparency" in image.info:
        result.putalpha(Image.fromarray(np.where(values == image.info["transparency"], 0, 255).astype(np.uint8)))
    return result


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An opaque picture of any 8-bit mode as mode RGB, by its colour profile where that can be used."""
    if profile:
        # The profile may be broken, or of another colour space than the pixels; then it is as if there were none.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return _transform(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    if image.mode == "LAB":
        return _transform(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    return image.convert("RGB")


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, _srgb(), outputMode="RGB")
    assert converted is not None  # None only comes of inPlace=True
    return converted


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
