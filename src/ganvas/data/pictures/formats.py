"""Recognise picture files, and open one without decoding it."""

import contextlib
import io
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from ganvas.data.pictures.rejection import Reason, Rejected

# Only formats that Pillow decodes by itself. Its EPS reader, for example, would run Ghostscript on an untrusted file.
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
# HEIF needs a plug-in to decode. Pillow opens MPO files but registers no extension for them.
_MORE_EXTENSIONS = frozenset({".heic", ".heif", ".hif", ".mpo"})
EXTENSIONS = _MORE_EXTENSIONS | {ending for ending, name in Image.registered_extensions().items() if name in FORMATS}

# Bytes 4 to 11 of HEIF and AVIF files, and the first bytes of the other common formats.
_HEIF = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftyphevx", b"ftypheim", b"ftypheis", b"ftypmif1", b"ftypmsf1")
_AVIF = (b"ftypavif", b"ftypavis")
_MAGIC = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"\0\0\0\x0cjP  \r\n",
    b"\xff\x4f\xff\x51",
    b"8BPS",
    b"qoif",
)


@contextlib.contextmanager
def open_picture(file: io.BufferedReader | io.BytesIO) -> Iterator[Image.Image]:
    """Open a picture and read its header. Neither the file's name nor the number of pixels matters.

    Args:
        file: the open file at its beginning, seekable.

    Raises:
        Rejected: the file is not a picture, or its format cannot be read here.
    """
    beginning = file.read(32)
    file.seek(0)
    try:
        image = _open(file, FORMATS)
    except UnidentifiedImageError as error:
        kind = beginning[4:12]
        if kind in _HEIF:
            image = _open_heif(file)
        elif beginning.startswith(_MAGIC) or kind in _AVIF or (beginning[:4], beginning[8:12]) == (b"RIFF", b"WEBP"):
            raise Rejected(Reason.UNSUPPORTED) from error
        else:
            raise Rejected(Reason.NOT_AN_IMAGE) from error
    with image:
        yield image


def _open(file: io.BufferedReader | io.BytesIO, formats: list[str]) -> Image.Image:
    """Open a file without Pillow's limit on pixels: a larger picture is fine if it is shrunk while it is decoded."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(file, formats=formats)
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _open_heif(file: io.BufferedReader | io.BytesIO) -> Image.Image:
    try:
        import pillow_heif
    except ImportError as error:
        raise Rejected(Reason.NEEDS_HEIF) from error
    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener(thumbnails=False)
    file.seek(0)
    try:
        return _open(file, ["HEIF"])
    except UnidentifiedImageError as error:
        raise Rejected(Reason.UNSUPPORTED) from error
