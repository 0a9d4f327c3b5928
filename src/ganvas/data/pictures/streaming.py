"""Shrink pictures that do not fit into memory while they are read.

libvips reads a few lines at a time, so a gigapixel scan needs a few dozen MiB. The result still has the original's
channels. `colours.flatten` converts them, as it does for all other pictures.
"""

import io
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from ganvas.data.pictures.rejection import Reason, Rejected

if TYPE_CHECKING:
    import pyvips

# What libvips reads line by line: Pillow's names for the formats and the pixel modes.
_FORMATS = ("JPEG", "MPO", "PNG", "TIFF")
_MODES = ("1", "L", "LA", "La", "I;16", "I;16B", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK")


def can_stream(image: Image.Image) -> bool:
    """Whether a picture whose header has been read can be shrunk while it streams."""
    return image.format in _FORMATS and image.mode in _MODES and not image.info.get("interlace")


def shrink(file: io.BufferedReader | io.BytesIO, opened: Image.Image, enough: int) -> tuple[Image.Image, int, int]:
    """Decode a picture and shrink it on the way.

    Args:
        file: the open file, seekable.
        opened: the same file, whose header Pillow has read.
        enough: length of the shorter side after shrinking, in pixels; a picture is never enlarged.

    Returns:
        The picture, of mode L, LA, RGB, RGBA or CMYK with 8 bits per channel, and the width and height in the file. It
        has the colour profile and the orientation of the file.

    Raises:
        Rejected: the picture is damaged, or its pixel format cannot be streamed.
    """
    import pyvips  # imported here because few pictures need it

    file.seek(0)
    source = pyvips.SourceCustom()
    source.on_read(file.read)
    source.on_seek(file.seek)
    try:
        image = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="truncated")
        mode, depth = _kind(image)
        has_alpha = mode in ("LA", "RGBA")
        small = image[: len(mode)].copy(interpretation=image.interpretation)
        small = (small.premultiply() if has_alpha else small).resize(min(1.0, enough / min(image.width, image.height)))
        small = small.unpremultiply() if has_alpha else small
        pixels = (small * (255 / depth)).rint().cast("uchar").numpy()
    except pyvips.Error as error:
        raise Rejected(Reason.DAMAGED, " ".join(str(error).split())) from error
    result = Image.frombytes(mode, (small.width, small.height), pixels.tobytes())
    result.format, result.info = opened.format, {key: opened.info[key] for key in ("adobe",) if key in opened.info}
    if image.get_typeof("icc-profile-data"):
        result.info["icc_profile"] = image.get("icc-profile-data")
    if image.get_typeof("orientation"):
        result.getexif()[ExifTags.Base.Orientation] = image.get("orientation")
    return result, image.width, image.height


def _kind(image: "pyvips.Image") -> tuple[str, int]:
    """Pillow's mode for the channels of a picture, and the value that stands for white.

    Raises:
        Rejected: Pillow has no such mode.
    """
    modes = {"b-w": "L", "grey16": "L", "srgb": "RGB", "rgb16": "RGB", "rgb": "RGB", "cmyk": "CMYK"}
    depths = {"uchar": 255, "ushort": 65535}
    if image.interpretation not in modes or image.format not in depths:
        raise Rejected(Reason.TOO_LARGE, f"{image.width} x {image.height} of {image.interpretation} {image.format}")
    mode = modes[image.interpretation]
    return mode + "A" * (image.hasalpha() and mode != "CMYK"), depths[image.format]
