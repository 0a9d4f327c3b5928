"""Pictures that do not fit into memory, shrunk while they stream past.

libvips reads some lines at a time, so a scan of a gigapixel takes it some dozens of MiB. What it hands back still has
the original's channels: their colours are resolved where those of all other pictures are.
"""

import io
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from ganvas.data.pictures.rejection import Reason, Rejected

if TYPE_CHECKING:
    import pyvips

# What libvips reads line by line: Pillow's names of the formats, and of the kinds of pixels in them.
_FORMATS = ("JPEG", "MPO", "PNG", "TIFF")
_MODES = ("1", "L", "LA", "La", "I;16", "I;16B", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK")


def can_stream(image: Image.Image) -> bool:
    """Whether a picture, of which the header is read, can be shrunk while it streams."""
    return image.format in _FORMATS and image.mode in _MODES and not image.info.get("interlace")


def shrunk(file: io.BufferedReader | io.BytesIO, opened: Image.Image, enough: int) -> tuple[Image.Image, int, int]:
    """A picture decoded in passing to as many pixels as are needed.

    Args:
        file: the open file, seekable.
        opened: the same file, of which Pillow has read the header.
        enough: what the shorter side is shrunk to, if it is longer.

    Returns:
        The picture, of mode L, LA, RGB, RGBA or CMYK with 8 bits a channel, and the width and height in the file. The
        profile and the orientation are those of the file.

    Raises:
        Rejected: damaged, or of a kind that cannot be streamed.
    """
    import pyvips  # as late as this, for few need it

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
    """Pillow's mode for the channels of a picture, and which of its numbers is white.

    Raises:
        Rejected: there is none.
    """
    modes = {"b-w": "L", "grey16": "L", "srgb": "RGB", "rgb16": "RGB", "rgb": "RGB", "cmyk": "CMYK"}
    depths = {"uchar": 255, "ushort": 65535}
    if image.interpretation not in modes or image.format not in depths:
        raise Rejected(Reason.TOO_LARGE, f"{image.width} x {image.height} of {image.interpretation} {image.format}")
    mode = modes[image.interpretation]
    return mode + "A" * (image.hasalpha() and mode != "CMYK"), depths[image.format]
