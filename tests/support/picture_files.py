"""Picture files made byte by byte, where no library writes them or writes them as oddly as folders hold them."""

import io
import struct
import zlib
from typing import Any, Literal

import numpy as np
import pillow_heif
import pyvips
from PIL import Image, ImageCms

from support.pictures import quarters

ORIENTATION = 0x0112
PICTURE = quarters(64, 48)
PIXELS = np.asarray(PICTURE)
GREY = PICTURE.convert("L")
# Black and white, the white in the two opposite corners.
BILEVEL = Image.fromarray(np.kron(np.array([[255, 0], [0, 255]], np.uint8), np.ones((24, 32), np.uint8))).convert("1")
# The yellow quarter is transparent, and noise lies beneath.
NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
OPACITY = np.full((48, 64), 255, np.uint8)
OPACITY[24:, 32:] = 0
LAYERED = PIXELS.copy()
LAYERED[24:, 32:] = NOISE
HOLED = Image.fromarray(np.dstack([LAYERED, OPACITY]))


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def turned(orientation: int, format: str = "JPEG", **options: Any) -> bytes:
    """The picture stored so that it is upright when a viewer heeds the orientation."""
    backwards = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # as Image.Transpose: the inverse of what a viewer does
    stored = PICTURE.transpose(Image.Transpose(backwards[orientation])) if orientation > 1 else PICTURE
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encode(stored, format, exif=exif, **options)


# ---- formats that a library writes, if need be after some surgery ---------------------------------------------


JPEG = encode(PICTURE, "JPEG", quality=98, subsampling=0)


def jpeg(image: Image.Image = PICTURE, **options: Any) -> bytes:
    return encode(image, "JPEG", **{"quality": 98, "subsampling": 0, **options})


def cmyk(image: Image.Image = PICTURE) -> Image.Image:
    return image.convert("CMYK")


def inverted() -> Image.Image:
    """The picture in CMYK, every ink turned into what is missing of it."""
    return Image.frombytes("CMYK", PICTURE.size, (255 - np.asarray(cmyk())).tobytes())


def lab() -> Image.Image:
    srgb, cie_lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(PICTURE, srgb, cie_lab, outputMode="LAB")
    assert converted is not None
    return converted


def without_adobe(data: bytes) -> bytes:
    """A JPEG without the marker that says its CMYK is inverted."""
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 2 + struct.unpack(">H", data[start + 2 : start + 4])[0] :]


def ycck() -> bytes:
    """A JPEG whose C, M and Y are coded as Y, Cb and Cr, as Photoshop writes them."""
    inks = np.asarray(cmyk())
    stored = np.dstack([np.asarray(Image.fromarray(inks[..., :3]).convert("YCbCr")), 255 - inks[..., 3]])
    data = bytearray(jpeg(Image.frombytes("CMYK", (64, 48), (255 - stored).tobytes())))  # the encoder inverts
    start = data.index(b"Adobe")
    data[start + 11] = 2  # the colour transform
    return bytes(data)


def animated(format: str, first: Image.Image = PICTURE, **options: Any) -> bytes:
    others = [Image.new("RGB", PICTURE.size, colour) for colour in ("black", "white")]
    return encode(first, format, save_all=True, append_images=others, **options)


def with_exif_at_the_end(data: bytes) -> bytes:
    """A PNG whose EXIF chunk follows its pixels."""
    start = data.index(b"eXIf") - 4
    length = struct.unpack(">I", data[start : start + 4])[0] + 12
    return data[:start] + data[start + length : -12] + data[start : start + length] + data[-12:]


def vips(array: np.ndarray, interpretation: str, ending: str, **options: Any) -> bytes:
    image = pyvips.Image.new_from_array(array).copy(interpretation=interpretation)
    return bytes(image.write_to_buffer(ending, **options))


def deep(pixels: np.ndarray) -> np.ndarray:
    """8-bit numbers in 16 bits."""
    return pixels.astype(np.uint16) * 257


def heif(image: Image.Image) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=100, chroma=444)
    return file.getvalue()


# ---- formats by hand --------------------------------------------------------------------------------------------


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int, kind: int, rows: bytes = b"", interlace: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_of(rows: np.ndarray, depth: int, kind: int) -> bytes:
    """A PNG of rows of bytes, not filtered."""
    return png(64, 48, depth, kind, b"".join(b"\0" + row.tobytes() for row in rows))


def qoi() -> bytes:
    pixels = b"".join(b"\xfe" + bytes(pixel) for pixel in PIXELS.reshape(-1, 3))
    return b"qoif" + struct.pack(">IIBB", 64, 48, 3, 0) + pixels + bytes(7) + b"\1"


def psd() -> bytes:
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 48, 64, 8, 3)
    return header + bytes(12) + b"\0\0" + PIXELS.transpose(2, 0, 1).tobytes()


def tiff(values: np.ndarray, photometric: int, order: Literal["<", ">"] = "<", sample_format: int = 1) -> bytes:
    """An uncompressed TIFF of one strip."""
    height, width, channels = map(int, (*values.shape, 1)[:3])
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    bits = 8 * values.dtype.itemsize
    strip, depths = 8 + 2 + 12 * 10 + 4 + 2 * channels, 8 + 2 + 12 * 10 + 4
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, bits if channels == 1 else depths),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, strip),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
        (339, 3, 1, sample_format),
    ]
    entries = b""
    for tag, kind, count, value in tags:
        short = kind == 3 and count <= 2
        entries += struct.pack(order + "HHI", tag, kind, count)
        entries += (
            struct.pack(order + "HH", value, value if count == 2 else 0) if short else struct.pack(order + "I", value)
        )
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    directory = struct.pack(order + "H", len(tags)) + entries + bytes(4)
    return magic + struct.pack(order + "I", 8) + directory + struct.pack(order + "H", bits) * channels + data


def bmp_header(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 70, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )


def progressive_header(width: int, height: int) -> bytes:
    """A progressive JPEG that claims to be large."""
    data = bytearray(jpeg(progressive=True))
    start = data.index(b"\xff\xc2") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def scan_by_scan_header(width: int, height: int) -> bytes:
    """A baseline JPEG that claims to be large, and that its first scan holds one channel alone."""
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    data[data.index(b"\xff\xda") + 4] = 1
    return bytes(data)


def giant_jpeg(width: int, height: int) -> bytes:
    """A baseline JPEG of any size that shows the picture of four quarters, made of a strip of each half.

    A row of its blocks does not depend on the one before, for there is a restart marker between them.
    """
    strips = []
    for colours in (("red", "lime"), ("blue", "yellow")):
        strip = Image.new("RGB", (width, 16), colours[0])
        strip.paste(colours[1], (width // 2, 0, width, 16))
        strips.append(jpeg(strip, quality=90, subsampling=2, restart_marker_rows=1))
    start = strips[0].index(b"\xff\xda")
    start += 2 + struct.unpack(">H", strips[0][start + 2 : start + 4])[0]
    header = bytearray(strips[0][:start])
    size = header.index(b"\xff\xc0") + 5
    header[size : size + 4] = struct.pack(">HH", height, width)
    upper, lower = (strip[start:-2] for strip in strips)
    rows = -(-height // 16)
    scan = b"".join((upper if 2 * row < rows else lower) + bytes((0xFF, 0xD0 + row % 8)) for row in range(rows))
    return bytes(header) + scan[:-2] + b"\xff\xd9"


def broken_png() -> bytes:
    data = bytearray(encode(Image.fromarray(NOISE), "PNG"))
    data[data.index(b"IDAT") + 200] ^= 255
    return bytes(data)


def tiff_of_claims(side: int) -> bytes:
    data = bytearray(tiff(PIXELS, 2))
    for number in (0, 1):
        data[10 + 12 * number + 8 : 10 + 12 * number + 12] = struct.pack("<I", side)
    return bytes(data)


# ---- colour profiles by hand ------------------------------------------------------------------------------------


def profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile (version 2)."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    tags = {**tags, b"wtpt": white}
    table, bodies = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4)
    size = 128 + len(table) + len(bodies)
    header = struct.pack(">I4sI4s4s4s12x4s", size, b"lcms", 0x02400000, kind, space, connection, b"acsp")
    header += bytes(28) + struct.pack(">iii", 63190, 65536, 54061) + bytes(48)
    return header + table + bodies


def linear_grey() -> bytes:
    """The profile of a grey picture whose numbers are amounts of light."""
    return profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": b"curv" + bytes(4) + struct.pack(">I", 0)})


def strange_inks() -> bytes:
    """The profile of a press whose cyan ink is red, and whose magenta and yellow are none."""
    straight = bytes(range(256))
    white, red, black = bytes((255, 128, 128)), bytes((136, 208, 195)), bytes((0, 128, 128))
    colours = b"".join(black if corner & 1 else red if corner & 8 else white for corner in range(16))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + struct.pack(">9i", *(65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table + straight * 4 + colours + straight * 3})


def lightened(values: np.ndarray) -> np.ndarray:
    """Amounts of light, 0 to 255, as the numbers of sRGB."""
    light = values / 255
    numbers = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (numbers * 255 + 0.5).astype(np.uint8)
