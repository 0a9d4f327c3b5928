"""Files of every kind that folders of pictures hold, good and bad."""

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from ganvas.data.pictures.rejection import Reason, too_long, too_small
from support.picture_files import (
    BILEVEL,
    GREY,
    HOLED,
    JPEG,
    NOISE,
    OPACITY,
    PICTURE,
    PIXELS,
    animated,
    bmp_header,
    broken_png,
    cmyk,
    deep,
    encode,
    heif,
    inverted,
    jpeg,
    lab,
    lightened,
    linear_grey,
    png,
    png_of,
    progressive_header,
    psd,
    qoi,
    scan_by_scan_header,
    strange_inks,
    tiff,
    tiff_of_claims,
    turned,
    vips,
    with_exif_at_the_end,
    without_adobe,
    ycck,
)
from support.pictures import swapped_profile

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
    yield "bomb, scan by scan.jpg", scan_by_scan_header(30000, 29605), Reason.TOO_LARGE
    yield "dot.gif", encode(Image.new("RGB", (1, 1)), "GIF"), too_small(8)
    yield "thin.png", encode(Image.new("RGB", (7, 100)), "PNG"), too_small(8)
    yield "banner.png", encode(Image.new("RGB", (1000, 10)), "PNG"), too_long(50)
    yield "notes.txt", b"hello", "not a picture (extension .txt)"
    yield "Thumbs.db", b"hello", "not a picture (extension .db)"
    yield "README", b"hello", "not a picture (no extension)"
    yield "vectors.svg", b"<svg/>", "not a picture (extension .svg)"
    yield "film.mp4", b"\0\0\0\x18ftypmp42", "not a picture (extension .mp4)"
