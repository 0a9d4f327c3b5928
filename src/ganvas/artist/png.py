"""PNG files of generated pictures, which say how they were made and that an algorithm made them.

Two iTXt chunks (PNG specification, section 11.3.4.5) come before the pixels: "ganvas" with the `Origin` as compressed
JSON, and "XML:com.adobe.xmp" with the `DigitalSourceType` of IPTC, which other programs read.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.artist.grids import write_png
from ganvas.artist.origin import MOST_BYTES, Origin
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import RunError
from ganvas.foundation.paths import is_file, readable

KEYWORD, XMP_KEYWORD = "ganvas", "XML:com.adobe.xmp"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Compressed bytes, chunks and pixels of a file that is read.
MOST_COMPRESSED, MOST_CHUNKS, MOST_PIXELS = 4 * 2**20, 100_000, 2**28
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
    '"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)


class NotPainted(RunError):
    """A file does not claim to have been painted by ganvas."""


def write_painted(path: Path, image: Images, origin: Origin | None = None, *, metadata: bool = True) -> None:
    """Write a generated picture to a PNG file atomically.

    Args:
        path: the file, replaced if it exists.
        image: uint8 [H, W, 3].
        origin: how it was made; None if that cannot be said, as of pictures of several generators.
        metadata: whether to write how and by what it was made; without, the file has pixels only.

    Raises:
        WriteError: the file system refused to write.
    """
    write_png(path, image, _chunks(origin) if metadata else None)


def painted_bytes(image: Images, origin: Origin | None) -> bytes:
    """The file that `write_painted` writes, in memory."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", pnginfo=_chunks(origin))
    return file.getvalue()


def _chunks(origin: Origin | None) -> PngInfo:
    chunks = PngInfo()
    if origin is not None:
        chunks.add_itxt(KEYWORD, origin.to_json(), zip=True)
    chunks.add_itxt(XMP_KEYWORD, XMP)
    return chunks


def read_origin(path: Path) -> Origin:
    """How the pixels of a PNG file were made, by its metadata.

    Only the headers of chunks and the description are read, both of bounded length. Whoever made the file may have
    written anything there; see `ganvas.artist.origin` for what is checked.

    Raises:
        NotPainted: the file is not a PNG, or has no description.
        RunError: it does not exist, or its description is not valid.
    """
    if not is_file(path):
        raise RunError(f"{path} does not exist; give a PNG file that ganvas painted")
    with readable(path), path.open("rb") as file:
        if file.read(8) != SIGNATURE:
            raise NotPainted(f"{path} is not a PNG file; give one that ganvas painted")
        width, height, content = 0, 0, None
        for kind, length in _headers(file, path):
            if kind == b"IHDR" and len(shape := file.read(8)) == 8:
                width, height = struct.unpack(">II", shape)
            elif kind == b"iTXt" and file.read(len(KEYWORD) + 1) == KEYWORD.encode() + b"\0":
                content = _text(file.read(min(length, MOST_COMPRESSED + 1) - len(KEYWORD) - 1), path)
                break
    if content is None:
        raise NotPainted(f"{path} does not say how it was made: it was not painted by ganvas, or without its metadata")
    origin = Origin.from_json(content, path)
    _check_size(origin, width, height, path)
    return origin


def _headers(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, int]]:
    """The kind and length of each chunk, with the file at the start of its content."""
    place = file.tell()
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        header = file.read(8)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header)
        yield kind, length
        place += 12 + length
    raise RunError(f"{path} has more than {MOST_CHUNKS:,} chunks, so it is not read")


def _text(content: bytes, path: Path) -> bytes:
    """The text of an iTXt chunk, from what follows its keyword: two flags, language, translated keyword, text."""
    if len(content) > MOST_COMPRESSED - len(KEYWORD) - 1:
        raise RunError(f"{path}: its description is longer than {MOST_COMPRESSED // 2**20} MiB, so it is not read")
    flags, rest = content[:2], content[2:].split(b"\0", 2)
    if flags not in (b"\0\0", b"\1\0") or len(rest) < 3:
        raise RunError(f"{path}: its description cannot be used: the chunk is damaged")
    if flags == b"\0\0":
        return rest[2]
    try:
        # One byte more than is allowed, so that too long a text is noticed.
        return zlib.decompressobj().decompress(rest[2], MOST_BYTES + 1)
    except zlib.error as error:
        raise RunError(f"{path}: its description cannot be used: {error}") from error


def _check_size(origin: Origin, width: int, height: int, path: Path) -> None:
    """Check that as many cells fit into the picture, before any is painted."""
    sheet = origin.sheet
    columns, enlarge = (sheet.columns, sheet.enlarge) if sheet else (1, 1)
    side, rows = origin.size * enlarge, -(-len(origin.cells) // columns)
    if min(columns, len(origin.cells)) * side > width or rows * side > height or width * height > MOST_PIXELS:
        raise RunError(
            f"{path}: its description cannot be used: {len(origin.cells)} cells of {side} pixels in {columns} columns "
            f"are not a picture of {width} x {height}"
        )
