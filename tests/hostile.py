"""Picture files of every kind that folders hold, good and bad, made byte by byte where no library writes them."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pillow_heif
import pyvips
from PIL import Image, ImageCms

from ganvas.data.rejection import Reason, too_long, too_small
from pictures import quarters, swapped_profile

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

# What a file shows: a picture and how far a pixel may be from it.
Shown = tuple[Image.Image, int]
EXACT, LOSSY = 1, 12
COLOURS: Shown = (PICTURE, EXACT)
ALMOST: Shown = (PICTURE, LOSSY)


def on_white(opaque: Image.Image) -> Image.Image:
    white = Image.new("RGB", opaque.size, "white")
    white.paste(opaque, mask=Image.fromarray(OPACITY))
    return white


WITH_HOLE: Shown = (on_white(PICTURE), EXACT)
GREYS: Shown = (GREY.convert("RGB"), EXACT)
BLACK_AND_WHITE: Shown = (BILEVEL.convert("RGB"), EXACT)


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
    spaces = [ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")]
    converted = ImageCms.profileToProfile(PICTURE, *spaces, outputMode="LAB")
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


def tiff(values: np.ndarray, photometric: int, order: str = "<", sample_format: int = 1) -> bytes:
    """An uncompressed TIFF of one strip."""
    height, width, channels = (*values.shape, 1)[:3]
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


# ---- the folder -------------------------------------------------------------------------------------------------


def pictures() -> Iterator[tuple[str, bytes, Shown]]:
    """Files that are pictures: name, content, and what they show."""
    yield "jpeg.jpg", JPEG, ALMOST
    yield "JPEG in capitals.JPEG", JPEG, ALMOST
    yield (
        "jpeg, sampled.jpg",
        jpeg(Image.new("RGB", (64, 48), "red"), subsampling=2),
        (Image.new("RGB", (64, 48), "red"), 3),
    )
    yield "jpeg, progressive.jpg", jpeg(progressive=True), ALMOST
    yield "jpeg, grey.jpg", jpeg(GREY), (GREY.convert("RGB"), LOSSY)
    yield "jpeg, CMYK as Adobe inverts it.jpg", jpeg(cmyk()), ALMOST
    yield "jpeg, CMYK.jpg", without_adobe(jpeg(inverted())), ALMOST
    yield "jpeg, YCCK.jpg", ycck(), ALMOST
    yield "jpeg, garbage behind.jpg", JPEG + b"garbage" * 99, ALMOST
    yield "jpeg, broken EXIF.jpg", jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"), ALMOST
    yield "jpeg, really.png", JPEG, ALMOST
    yield "png, really.jpg", encode(PICTURE, "PNG"), COLOURS
    yield "gif, really.tif", encode(PICTURE, "GIF"), COLOURS
    for orientation in range(1, 9):
        yield f"turned {orientation}.jpg", turned(orientation, quality=98, subsampling=0), ALMOST
    yield "turned.png", turned(6, "PNG"), COLOURS
    yield "turned, told late.png", with_exif_at_the_end(turned(6, "PNG")), COLOURS
    yield "turned.webp", turned(8, "WEBP", lossless=True), COLOURS
    yield "turned.tif", turned(5, "TIFF"), COLOURS
    yield "turned.avif", turned(6, "AVIF", quality=100, subsampling="4:4:4"), ALMOST
    yield "png.png", encode(PICTURE, "PNG"), COLOURS
    yield "png, interlaced.png", vips(PIXELS, "srgb", ".png", interlace=True), COLOURS
    yield "png, 48 bits.png", vips(deep(PIXELS), "rgb16", ".png"), COLOURS
    yield "png, 64 bits.png", vips(deep(np.asarray(HOLED)), "rgb16", ".png"), WITH_HOLE
    yield "png, palette.png", encode(PICTURE.quantize(4), "PNG"), COLOURS
    yield "png, palette of 2 bits.png", encode(PICTURE.quantize(4), "PNG", bits=2), COLOURS
    yield "png, 1 bit.png", encode(BILEVEL, "PNG"), BLACK_AND_WHITE
    yield "png, grey.png", encode(GREY, "PNG"), GREYS
    yield (
        "png, grey of 4 bits.png",
        png_of(np.packbits(np.kron([[0, 1], [1, 1]], np.ones((24, 128), int)), axis=1), 4, 0),
        (
            Image.fromarray(np.kron(np.array([[0, 255], [255, 255]], np.uint8), np.ones((24, 32), np.uint8))).convert(
                "RGB"
            ),
            EXACT,
        ),
    )
    yield "png, grey of 16 bits.png", vips(deep(np.asarray(GREY)), "grey16", ".png"), GREYS
    yield (
        "png, grey, alpha.png",
        encode(Image.merge("LA", (GREY, Image.fromarray(OPACITY))), "PNG"),
        (
            on_white(GREY.convert("RGB")),
            EXACT,
        ),
    )
    yield "png, alpha.png", encode(HOLED, "PNG"), WITH_HOLE
    yield "png, one colour transparent.png", encode(PICTURE, "PNG", transparency=(255, 255, 0)), WITH_HOLE
    yield "png, animated.png", animated("PNG"), COLOURS
    yield (
        "png, swapped profile.png",
        encode(Image.fromarray(PIXELS[..., [1, 0, 2]]), "PNG", icc_profile=swapped_profile()),
        (PICTURE, 4),
    )
    yield "png, broken profile.png", encode(PICTURE, "PNG", icc_profile=b"no profile"), COLOURS
    yield (
        "png, grey profile.png",
        encode(GREY, "PNG", icc_profile=linear_grey()),
        (
            Image.fromarray(lightened(np.asarray(GREY))).convert("RGB"),
            3,
        ),
    )
    yield (
        "png, grey profile, alpha.png",
        encode(Image.merge("LA", (GREY, Image.fromarray(OPACITY))), "PNG", icc_profile=linear_grey()),
        (on_white(Image.fromarray(lightened(np.asarray(GREY))).convert("RGB")), 3),
    )
    yield (
        "jpeg, CMYK profile.jpg",
        jpeg(Image.new("CMYK", (64, 48), (255, 0, 0, 0)), icc_profile=strange_inks()),
        (Image.new("RGB", (64, 48), (255, 0, 0)), 25),
    )
    yield "jpeg, profile of another space.jpg", jpeg(cmyk(), icc_profile=swapped_profile()), ALMOST
    yield "gif.gif", encode(PICTURE, "GIF"), COLOURS
    yield "gif, interlaced.gif", encode(PICTURE, "GIF", interlace=1), COLOURS
    yield "gif, animated.gif", animated("GIF"), COLOURS
    yield "gif, transparent.gif", encode(HOLED, "GIF"), WITH_HOLE
    yield "webp.webp", encode(PICTURE, "WEBP", quality=100, exact=True), (PICTURE, 40)
    yield "webp, lossless.webp", encode(PICTURE, "WEBP", lossless=True), COLOURS
    yield "webp, alpha.webp", encode(HOLED, "WEBP", lossless=True, exact=True), WITH_HOLE
    yield "webp, animated.webp", animated("WEBP", lossless=True), COLOURS
    yield "avif.avif", encode(PICTURE, "AVIF", quality=100, subsampling="4:4:4"), ALMOST
    yield "avif, alpha.avif", encode(HOLED, "AVIF", quality=100, subsampling="4:4:4"), (WITH_HOLE[0], LOSSY)
    yield "avif, animated.avif", animated("AVIF", quality=100, subsampling="4:4:4"), ALMOST
    yield "heic.heic", heif(PICTURE), ALMOST
    yield "heic, alpha.HEIC", heif(HOLED), (WITH_HOLE[0], LOSSY)
    yield "heic, really.jpg", heif(PICTURE), ALMOST
    yield "jpeg 2000.jp2", encode(PICTURE, "JPEG2000"), COLOURS
    yield "jpeg 2000, code stream.j2k", encode(PICTURE, "JPEG2000", no_jp2=True), COLOURS
    yield "jpeg 2000, alpha.jp2", encode(HOLED, "JPEG2000"), WITH_HOLE
    yield "jpeg 2000, 16 bits.jp2", encode(Image.fromarray(deep(np.asarray(GREY))), "JPEG2000"), GREYS
    yield "bmp.bmp", encode(PICTURE, "BMP"), COLOURS
    yield "bmp, palette.bmp", encode(PICTURE.quantize(4), "BMP"), COLOURS
    yield "bmp, 1 bit.bmp", encode(BILEVEL, "BMP"), BLACK_AND_WHITE
    yield "bmp, no header.dib", encode(PICTURE, "DIB"), COLOURS
    yield "tga.tga", encode(PICTURE, "TGA"), COLOURS
    yield "tga, run lengths, alpha.tga", encode(HOLED, "TGA", compression="tga_rle"), WITH_HOLE
    yield "ppm.ppm", encode(PICTURE, "PPM"), COLOURS
    yield "pbm.pbm", encode(BILEVEL, "PPM"), BLACK_AND_WHITE
    yield "pgm, in letters.pgm", f"P2 64 48 255 {' '.join(map(str, np.asarray(GREY).ravel()))}".encode(), GREYS
    yield "pgm, 16 bits.pgm", b"P5 64 48 65535\n" + deep(np.asarray(GREY)).astype(">u2").tobytes(), GREYS
    yield "qoi.qoi", qoi(), COLOURS
    yield "psd.psd", psd(), COLOURS
    yield "mpo.mpo", animated("MPO", quality=98, subsampling=0), ALMOST
    yield "tiff.tif", encode(PICTURE, "TIFF"), COLOURS
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        lossy = compression == "jpeg"
        yield (
            f"tiff, {compression}.tiff",
            encode(PICTURE, "TIFF", compression=compression, **({"quality": 98} if lossy else {})),
            (PICTURE, 40 if lossy else EXACT),
        )
    yield "tiff, fax.tif", encode(BILEVEL, "TIFF", compression="group4"), BLACK_AND_WHITE
    yield "tiff, pages.tif", animated("TIFF"), COLOURS
    yield "tiff, tiles.tif", vips(PIXELS, "srgb", ".tif", tile=True, tile_width=16, tile_height=16), COLOURS
    yield (
        "tiff, pyramid.tif",
        vips(PIXELS, "srgb", ".tif", tile=True, pyramid=True, tile_width=16, tile_height=16),
        COLOURS,
    )
    yield "tiff, big.tif", vips(PIXELS, "srgb", ".tif", bigtiff=True), COLOURS
    yield "tiff, 48 bits.tif", tiff(deep(PIXELS), 2), COLOURS
    yield "tiff, big-endian.tif", tiff(deep(PIXELS), 2, ">"), COLOURS
    yield "tiff, alpha.tif", encode(HOLED, "TIFF"), WITH_HOLE
    yield "tiff, palette.tif", encode(PICTURE.quantize(4), "TIFF"), COLOURS
    yield "tiff, CMYK.tif", encode(cmyk(), "TIFF"), COLOURS
    yield "tiff, Lab.tif", encode(lab(), "TIFF"), (PICTURE, 30)
    yield "tiff, grey of 8 bits from white to black.tif", tiff(255 - np.asarray(GREY), 0), GREYS
    yield "tiff, grey of 16 bits.tif", tiff(deep(np.asarray(GREY)), 1), GREYS
    yield "tiff, grey of 16 bits from white to black.tif", tiff(65535 - deep(np.asarray(GREY)), 0), GREYS
    yield "tiff, grey of 16 bits, big-endian.tif", tiff(deep(np.asarray(GREY)), 1, ">"), GREYS
    yield "tiff, grey of 32 bits.tif", tiff(np.asarray(GREY).astype(np.uint32) * 16843009, 1), GREYS
    yield "tiff, grey of floats to 1.tif", tiff((np.asarray(GREY) / 255).astype(np.float32), 1, "<", 3), GREYS
    yield "tiff, grey of floats to 255.tif", tiff(np.asarray(GREY).astype(np.float32), 1, "<", 3), GREYS
    yield "long.png", encode(PICTURE.resize((400, 10)), "PNG"), (PICTURE.resize((400, 10)), EXACT)
    yield (
        "huge.png",
        vips(np.zeros((9000, 9000), np.uint8), "b-w", ".png", bitdepth=1),
        (
            Image.new("RGB", (64, 64)),
            EXACT,
        ),
    )
    for name in (
        "ünïcödé 画.png",
        "صورة.png",
        "🎨.png",
        "-rf.png",
        " spaces .png",
        "new\nline.png",
        "'quo\"te'.png",
        "%s.png",
    ):
        yield name, encode(PICTURE, "PNG"), COLOURS
    yield "x" * 240 + ".png", encode(PICTURE, "PNG"), COLOURS
    yield "two.endings.txt.png", encode(PICTURE, "PNG"), COLOURS


def rubbish() -> Iterator[tuple[str, bytes, str]]:
    """Files that are none: name, content, and the reason."""
    yield "empty.jpg", b"", Reason.EMPTY
    yield "zeros.png", bytes(5000), Reason.NOT_AN_IMAGE
    yield "random.jpg", np.random.default_rng(1).bytes(5000), Reason.NOT_AN_IMAGE
    yield "web page.jpg", b"<!DOCTYPE html><title>404</title>", Reason.NOT_AN_IMAGE
    yield "text.png", "nur ein Wörtchen".encode(), Reason.NOT_AN_IMAGE
    yield "one byte.gif", b"G", Reason.NOT_AN_IMAGE
    yield "archive.jpg", b"PK\x03\x04" + bytes(200), Reason.NOT_AN_IMAGE
    yield "document.tif", b"%PDF-1.7\n" + bytes(200), Reason.NOT_AN_IMAGE
    yield "drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>', Reason.NOT_AN_IMAGE
    yield "postscript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", Reason.NOT_AN_IMAGE
    yield "film.webp", b"\0\0\0\x18ftypmp42" + bytes(200), Reason.NOT_AN_IMAGE
    yield "sound.webp", b"RIFF\x24\0\0\0WAVEfmt " + bytes(200), Reason.NOT_AN_IMAGE
    yield "only the beginning.png", b"\x89PNG\r\n\x1a\n", Reason.UNSUPPORTED
    yield "only the beginning.jpg", b"\xff\xd8\xff\xe0", Reason.UNSUPPORTED
    yield "only the beginning.heic", heif(PICTURE)[:40], Reason.UNSUPPORTED
    yield "five channels.tif", tiff(np.zeros((48, 64, 5), np.uint8), 1), Reason.UNSUPPORTED
    yield "colours of floats.tif", tiff(np.zeros((48, 64, 3), np.float32), 2, "<", 3), Reason.UNSUPPORTED
    yield "cut.jpg", JPEG[: len(JPEG) * 2 // 3], Reason.DAMAGED
    yield "cut, progressive.jpg", jpeg(progressive=True)[:-300], Reason.DAMAGED
    for format, ending in (
        ("PNG", "png"),
        ("GIF", "gif"),
        ("WEBP", "webp"),
        ("TIFF", "tif"),
        ("BMP", "bmp"),
    ):
        data = encode(Image.fromarray(NOISE), format)
        yield f"cut.{ending}", data[: len(data) * 2 // 3], Reason.DAMAGED
    yield "cut.avif", encode(PICTURE, "AVIF")[:-40], Reason.DAMAGED
    yield "only the beginning.avif", encode(PICTURE, "AVIF")[:60], Reason.UNSUPPORTED
    yield "cut.jp2", encode(Image.fromarray(NOISE), "JPEG2000")[:400], Reason.DAMAGED
    yield "cut.heic", heif(PICTURE)[:-200], Reason.DAMAGED
    yield "one wrong byte.png", broken_png(), Reason.DAMAGED
    yield "cut, huge.png", vips(np.zeros((9000, 9000), np.uint8), "b-w", ".png", bitdepth=1)[:2000], Reason.DAMAGED
    yield "bomb.png", png(60000, 60000, 8, 2), Reason.TOO_LARGE
    yield "bomb, interlaced.png", png(30000, 30000, 8, 2, interlace=1), Reason.TOO_LARGE
    yield "bomb.gif", b"GIF89a" + struct.pack("<HH", 65535, 65535) + encode(PICTURE, "GIF")[10:], Reason.TOO_LARGE
    yield "bomb.bmp", bmp_header(50000, 50000), Reason.TOO_LARGE
    yield "bomb.tif", tiff_of_claims(60000), Reason.TOO_LARGE
    yield "bomb, progressive.jpg", progressive_header(30000, 29605), Reason.TOO_LARGE
    yield "dot.gif", encode(Image.new("RGB", (1, 1)), "GIF"), too_small(8)
    yield "thin.png", encode(Image.new("RGB", (7, 100)), "PNG"), too_small(8)
    yield "banner.png", encode(Image.new("RGB", (1000, 10)), "PNG"), too_long(50)
    yield "notes.txt", b"hello", "not a picture (extension .txt)"
    yield "Thumbs.db", b"hello", "not a picture (extension .db)"
    yield "README", b"hello", "not a picture (no extension)"
    yield "vectors.svg", b"<svg/>", "not a picture (extension .svg)"
    yield "film.mp4", b"\0\0\0\x18ftypmp42", "not a picture (extension .mp4)"


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
