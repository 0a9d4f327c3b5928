"""Decode a picture file to upright sRGB pixels, or reject it with a reason.

Picture folders hold rotated phone photographs, palette images, 16-bit scans, CMYK for print, transparent drawings with
arbitrary colours under the transparency, gigapixel scans, and files that are not pictures at all. Each becomes uint8
RGB as a viewer would show it, or is rejected for one of a few reasons that can be counted.
"""

import contextlib
import hashlib
import io
import os
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image

from ganvas.data.pictures.colours import flatten
from ganvas.data.pictures.formats import open_picture
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected, too_long, too_small
from ganvas.data.pictures.streaming import can_stream, shrink
from ganvas.foundation.arrays import Images

# Pictures with more pixels than this are streamed where possible. In memory they would take 128 MiB, and up to four
# times as much while transparency, colour profile and orientation are applied.
STREAMED_FROM = 2**25
# Pictures with more pixels than this are rejected if they cannot be streamed.
IN_MEMORY = 2**26
# A header that claims more pixels than this is an attack: no real file has as many.
MOST_PIXELS = 2**31
# A progressive JPEG is complete only at its end. Until then its decoder holds two bytes for every sample, however small
# the result will be.
MOST_COEFFICIENT_BYTES = 2**29

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
_START_OF_SCAN = 0xDA


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: uint8 [H, W, 3], upright sRGB; it may be smaller than the original, or cropped to its subject.
        width: of the upright original.
        height: of the upright original.
        sha256: of the file's bytes in hexadecimal, or of the pixels where there is no file.
    """

    pixels: Images
    width: int
    height: int
    sha256: str


def decode(file: io.BufferedReader | io.BytesIO, frame: Frame) -> Picture:
    """Decode a picture file: of an animation the first frame, of a document the first page.

    Args:
        file: the open file, seekable.
        frame: how the picture will be prepared. A big JPEG is decoded at a half, a quarter or an eighth of its size as
            long as both sides keep at least `frame.enough` pixels (not with `frame.linear`, unless it is huge).

    Raises:
        Rejected: the file is not a usable picture.
        OSError: the file system failed before decoding began.
    """
    if file.seek(0, os.SEEK_END) == 0:
        raise Rejected(Reason.EMPTY)
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd metadata, which is not used here
            pixels, width, height = _decode(file, frame)
    except Rejected:
        raise
    except MemoryError as error:
        raise Rejected(Reason.TOO_LARGE) from error
    except Exception as error:  # broken bytes make Pillow's readers raise almost any kind of error
        raise Rejected(Reason.DAMAGED, _message(error)) from error
    return Picture(pixels, width, height, sha256)


def _decode(file: io.BufferedReader | io.BytesIO, frame: Frame) -> tuple[Images, int, int]:
    """The pixels, and the width and height of the upright original."""
    image: Image.Image
    with open_picture(file) as image:
        _require_shape(image.size, frame)
        full_size = image.size
        is_reduced = _may_draft(image, frame) and image.draft(None, (frame.enough, frame.enough)) is not None
        if _fits_in_memory(file, image, full_size):
            image.load()
            width, height = full_size if is_reduced else image.size
        else:
            image, width, height = shrink(file, image, frame.enough)
        orientation = _orientation(image)
        colours = flatten(image, frame.background, frame.alpha)
    _require_shape(colours.size, frame)
    if orientation in _TURNS:
        colours = colours.transpose(_TURNS[orientation])
    if orientation in _SIDEWAYS:
        width, height = height, width
    return np.array(colours), width, height


def _may_draft(image: Image.Image, frame: Frame) -> bool:
    """Whether a JPEG may be shrunk as it is decoded. That averages sRGB values, which `frame.linear` rules out."""
    return not frame.linear or image.width * image.height > STREAMED_FROM


def _require_shape(size: tuple[int, int], frame: Frame) -> None:
    short, long = sorted(size)
    if short < frame.smallest_side:
        raise Rejected(too_small(frame.smallest_side), f"{size[0]} x {size[1]}")
    if long > short * frame.max_aspect:
        raise Rejected(too_long(frame.max_aspect), f"{size[0]} x {size[1]}")


def _fits_in_memory(file: io.BufferedReader | io.BytesIO, image: Image.Image, full_size: tuple[int, int]) -> bool:
    """Whether Pillow can decode a picture (after `draft`) in memory; if not, it can be streamed.

    Raises:
        Rejected: neither is possible.
    """
    pixels = image.width * image.height
    full_pixels = full_size[0] * full_size[1]
    size = f"{full_size[0]} x {full_size[1]}"
    if full_pixels > MOST_PIXELS:
        raise Rejected(Reason.TOO_LARGE, size)
    if 2 * _samples(image, full_pixels) > MOST_COEFFICIENT_BYTES and _has_many_scans(file, image):
        raise Rejected(Reason.TOO_LARGE, f"{size}, a progressive JPEG (several scans); save it as a baseline one")
    if pixels > STREAMED_FROM and can_stream(image):
        return False
    if pixels > IN_MEMORY:
        raise Rejected(Reason.TOO_LARGE, f"{size}; save it as a baseline JPEG, or as a PNG without interlacing")
    return True


def _has_many_scans(file: io.BufferedReader | io.BytesIO, image: Image.Image) -> bool:
    """Whether a JPEG's decoder must keep all coefficients until the last scan.

    It must for a progressive JPEG, and for a baseline JPEG whose first scan lacks some of the channels.
    """
    if image.info.get("progressive"):
        return True
    before = file.tell()
    try:
        file.seek(2)
        while (header := file.read(4))[:1] == b"\xff" and len(header) == 4:
            if header[1] == _START_OF_SCAN:
                return file.read(1) < bytes([len(image.getbands())])
            file.seek(int.from_bytes(header[2:], "big") - 2, io.SEEK_CUR)
        return False
    finally:
        file.seek(before)


def _samples(image: Image.Image, pixels: int) -> float:
    """The number of samples of a JPEG over all channels, some of which may be subsampled."""
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    densities = [across * down for _, across, down, _ in layers]
    return pixels * sum(densities) / max(densities, default=1)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8."""
    # A picture with a broken EXIF block is still usable, and parsing one can raise almost anything.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _message(error: Exception) -> str:
    """A decoder's message about a broken file; "" if it holds the address of an object, which varies between runs."""
    text = " ".join(str(error).split())
    return "" if "0x" in text else text
