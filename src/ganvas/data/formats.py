"""Which files are pictures, and opening one without decoding it."""

import contextlib
import io
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from ganvas.data.rejection import Reason, Rejected

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
HEIF_EXTENSIONS = frozenset({".heic", ".heif", ".hif"})
EXTENSIONS = HEIF_EXTENSIONS | {ending for ending, name in Image.registered_extensions().items() if name in FORMATS}

_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
# How files of the common formats begin.
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
def opened(file: io.BufferedReader | io.BytesIO) -> Iterator[Image.Image]:
    """A picture whose header has been read, whatever its name says and however many pixels it promises.

    Args:
        file: the open file at its beginning, seekable.

    Raises:
        Rejected: it is no picture, or one of a kind that cannot be read here.
    """
    beginning = file.read(32)
    file.seek(0)
    try:
        image = _open(file, FORMATS)
    except UnidentifiedImageError as error:
        if beginning[4:8] == b"ftyp" and beginning[8:12] in _HEIF_BRANDS:
            image = _open_heif(file)
        elif beginning.startswith(_MAGIC) or (beginning[:4], beginning[8:12]) == (b"RIFF", b"WEBP"):
            raise Rejected(Reason.UNSUPPORTED) from error
        else:
            raise Rejected(Reason.NOT_AN_IMAGE) from error
    with image:
        yield image


def _open(file: io.BufferedReader | io.BytesIO, formats: list[str]) -> Image.Image:
    """Pillow's own limit of pixels is lifted meanwhile: a picture may have more if it is shrunk while it is decoded."""
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
