import contextlib
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ganvas.data.pictures import decode as decode_module
from ganvas.data.pictures.decode import Picture, decode
from ganvas.data.pictures.fit import place
from ganvas.data.pictures.frame import FITS, Frame
from ganvas.data.pictures.rejection import Reason, Rejected, too_small
from support.picture_files import encode
from support.pictures import quarters, swapped_profile

ORIENTATION = 0x0112
SQUARE = (16, 16)


def decoded(data: bytes, size: int = 1024, **options: Any) -> Picture:
    return decode(io.BytesIO(data), Frame(size, **options))


def reason_for(data: bytes) -> str:
    with pytest.raises(Rejected) as caught:
        decoded(data)
    return caught.value.reason


def plain(mode: str, colour: Any) -> Image.Image:
    return Image.new(mode, SQUARE, colour)


# ---- colours ----------------------------------------------------------------------------------------------------


def palette_picture(**options: Any) -> bytes:
    image = plain("P", 1)
    image.putpalette([10, 20, 30, 200, 100, 50])
    return encode(image, "PNG", **options)


def deep(values: Any, format: str = "TIFF") -> bytes:
    return encode(Image.fromarray(np.full(SQUARE, *values)), format)


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        pytest.param(encode(plain("1", 1), "PNG"), (255, 255, 255), id="1-bit"),
        pytest.param(encode(plain("L", 77), "PNG"), (77, 77, 77), id="grey"),
        pytest.param(encode(plain("LA", (77, 255)), "PNG"), (77, 77, 77), id="grey with alpha"),
        pytest.param(encode(plain("LA", (77, 0)), "PNG"), (255, 255, 255), id="grey, transparent"),
        pytest.param(palette_picture(), (200, 100, 50), id="palette"),
        pytest.param(palette_picture(transparency=1), (255, 255, 255), id="palette, transparent"),
        pytest.param(encode(plain("L", 9), "PNG", transparency=9), (255, 255, 255), id="grey, one transparent"),
        pytest.param(
            encode(plain("RGB", (9, 8, 7)), "PNG", transparency=(9, 8, 7)), (255, 255, 255), id="one colour transparent"
        ),
        pytest.param(encode(plain("RGB", (200, 100, 50)), "PNG"), (200, 100, 50), id="RGB"),
        pytest.param(encode(plain("RGBA", (200, 100, 50, 255)), "PNG"), (200, 100, 50), id="RGBA"),
        pytest.param(encode(plain("RGBA", (255, 0, 0, 128)), "PNG"), (255, 127, 127), id="half transparent"),
        pytest.param(encode(plain("RGBA", (255, 0, 255, 0)), "WEBP", lossless=True), (255, 255, 255), id="WebP"),
        pytest.param(encode(plain("RGB", (200, 100, 50)), "JPEG", quality=100), (200, 100, 50), id="JPEG"),
        pytest.param(encode(plain("CMYK", (0, 255, 255, 0)), "JPEG", quality=100), (255, 0, 0), id="CMYK JPEG"),
        pytest.param(encode(plain("CMYK", (0, 255, 255, 0)), "TIFF"), (255, 0, 0), id="CMYK TIFF"),
        pytest.param(encode(plain("LAB", (255, 128, 128)), "TIFF"), (255, 255, 255), id="Lab"),
        pytest.param(deep((0x8080, np.uint16), "PNG"), (128, 128, 128), id="16-bit PNG"),
        pytest.param(deep((0x8080, np.uint16)), (128, 128, 128), id="16-bit TIFF"),
        pytest.param(deep((0x8080, np.int32)), (128, 128, 128), id="16 bits in 32"),
        pytest.param(deep((128, np.int32)), (128, 128, 128), id="8 bits in 32"),
        pytest.param(deep((-(2**31), np.int32)), (128, 128, 128), id="32-bit"),
        pytest.param(deep((0.5, np.float32)), (128, 128, 128), id="float to 1"),
        pytest.param(deep((128.0, np.float32)), (128, 128, 128), id="float to 255"),
        pytest.param(deep((1e9, np.float32)), (255, 255, 255), id="float to anything"),
        pytest.param(deep((np.nan, np.float32)), (0, 0, 0), id="float, not a number"),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(data: bytes, colour: tuple[int, int, int]) -> None:
    picture = decoded(data)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.shape == (*SQUARE, 3)
    assert np.abs(picture.pixels.astype(int) - colour).max() <= 2


def test_a_transparent_16_bit_grey_shows_the_background() -> None:
    image = Image.fromarray(np.array([[500] * 8 + [65535] * 8] * 16, np.uint16))
    pixels = decoded(encode(image, "PNG", transparency=500), background=(1, 2, 3)).pixels
    assert (pixels[:, :8] == (1, 2, 3)).all()
    assert (pixels[:, 8:] == 255).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (20, 200, 90)])
def test_what_lies_beneath_transparency_never_shows(fit: str, background: tuple[int, int, int]) -> None:
    pixels = np.zeros((90, 90, 4), np.uint8)
    pixels[..., :3] = np.random.default_rng(0).integers(0, 256, (90, 90, 3))
    pixels[31:59, 31:59] = (*background, 255)
    picture = decoded(encode(Image.fromarray(pixels), "PNG"), background=background)
    # The figure has the background's colour, so any other colour would be garbage from below or a fringe.
    assert (place(picture.pixels, Frame(32, fit, background)) == background).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_embedded_profile_is_applied(mode: str) -> None:
    data = encode(plain(mode, (255, 0, 0)), "PNG", icc_profile=swapped_profile())
    assert np.abs(decoded(data).pixels.astype(int) - (0, 255, 0)).max() <= 2


@pytest.mark.parametrize(
    "image", [plain("RGB", (255, 0, 0)), plain("CMYK", (0, 255, 255, 0))], ids=["broken", "of another colour space"]
)
def test_a_useless_profile_is_ignored(image: Image.Image) -> None:
    profile = swapped_profile() if image.mode == "CMYK" else b"no profile at all"
    assert (decoded(encode(image, "TIFF", icc_profile=profile)).pixels == (255, 0, 0)).all()


# ---- geometry ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation: int, format: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = quarters()
    data = encode(stored, format, exif=exif, **({"lossless": True} if format == "WEBP" else {}))
    tagged = Image.open(io.BytesIO(encode(stored, "PNG", exif=exif)))
    upright = ImageOps.exif_transpose(tagged)
    picture = decoded(data)
    np.testing.assert_array_equal(picture.pixels, np.asarray(upright))
    assert (picture.width, picture.height) == upright.size


def test_a_photograph_taken_sideways_stands_up() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera's top is at the right
    pixels = decoded(encode(quarters(48, 32), "PNG", exif=exif)).pixels
    assert pixels.shape == (48, 32, 3)
    assert tuple(pixels[0, -1]) == (255, 0, 0)
    assert tuple(pixels[0, 0]) == (0, 0, 255)


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"])
def test_a_broken_exif_block_costs_nothing(exif: bytes) -> None:
    assert decoded(encode(quarters(), "JPEG", exif=exif)).pixels.shape == (32, 48, 3)


def test_a_big_jpeg_is_decoded_no_further_than_needed() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    picture = decoded(encode(quarters(1600, 800), "JPEG", exif=exif), size=64)
    assert (picture.width, picture.height) == (800, 1600)
    assert picture.pixels.shape == (400, 200, 3)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_counts(format: str) -> None:
    frames = [plain("RGB", colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encode(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert (decoded(data).pixels == (255, 0, 0)).all()


@pytest.mark.parametrize(("width", "height"), [(48, 32), (32, 48), (7, 301), (33, 33)])
@pytest.mark.parametrize("fit", FITS)
def test_every_fit_fills_the_frame(fit: str, width: int, height: int) -> None:
    pixels = place(np.asarray(quarters(width, height)), Frame(16, fit))
    assert pixels.shape == (16, 16, 3)
    assert pixels.dtype == np.uint8


def test_crop_keeps_the_middle() -> None:
    pixels = np.zeros((30, 90, 3), np.uint8)
    pixels[:, 20:70] = (0, 255, 0)  # wider than the middle third by as much as the filter reaches
    assert (place(pixels, Frame(10, "crop")) == (0, 255, 0)).all()


def test_pad_keeps_proportions_and_adds_background() -> None:
    placed = place(np.zeros((30, 60, 3), np.uint8), Frame(40, "pad", (9, 8, 7)))
    assert (placed[:10] == (9, 8, 7)).all()
    assert (placed[10:30] == 0).all()
    assert (placed[30:] == (9, 8, 7)).all()


def test_squash_shows_all_four_corners() -> None:
    placed = place(np.asarray(quarters(90, 20)), Frame(10, "squash"))
    np.testing.assert_array_equal(
        placed[[0, 0, -1, -1], [0, -1, 0, -1]], [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    )


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(place(stripes, Frame(16)).astype(int) - 127).max() <= 4


@settings(deadline=None, max_examples=20)
@given(st.integers(8, 40))
def test_a_picture_of_the_right_size_is_left_as_it_is(size: int) -> None:
    pixels = np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)
    for fit in FITS:
        np.testing.assert_array_equal(place(pixels, Frame(size, fit)), pixels)


# ---- rejections -------------------------------------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + b"\0\0\0\0IDAT"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", Reason.EMPTY, id="empty"),
        pytest.param(b"<html>404</html>", Reason.NOT_AN_IMAGE, id="a web page"),
        pytest.param(bytes(1000), Reason.NOT_AN_IMAGE, id="zeros"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", Reason.NOT_AN_IMAGE, id="EPS"),
        pytest.param(encode(quarters(), "JPEG")[:-200], Reason.DAMAGED, id="JPEG cut short"),
        pytest.param(encode(quarters(), "PNG")[:-60], Reason.DAMAGED, id="PNG cut short"),
        pytest.param(encode(quarters(), "TIFF")[:500], Reason.DAMAGED, id="TIFF cut short"),
        pytest.param(png_header(60000, 60000), Reason.TOO_LARGE, id="decompression bomb"),
        pytest.param(encode(quarters(7, 100), "PNG"), too_small(8), id="too small"),
    ],
)
def test_a_bad_file_is_rejected_with_its_reason(data: bytes, reason: Reason) -> None:
    assert reason_for(data) == reason


@pytest.mark.parametrize("error", [MemoryError, RecursionError, KeyError, struct.error])
def test_whatever_a_reader_raises_is_a_rejection(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def explode(*_: Any) -> None:
        raise error

    data = encode(quarters(), "PNG")
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", explode)
    assert reason_for(data) in (Reason.DAMAGED, Reason.TOO_LARGE)


SEEDS = [encode(quarters(), format) for format in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM", "TGA")]


@settings(deadline=None)
@given(data=st.sampled_from(SEEDS), cut=st.integers(1, 4000), where=st.integers(0, 4000), byte=st.integers(0, 255))
def test_damage_ends_in_a_picture_or_a_rejection(data: bytes, cut: int, where: int, byte: int) -> None:
    damaged = bytearray(data[:cut])
    damaged[where % len(damaged)] = byte
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Rejected):
        patch.setattr(decode_module, "MOST_PIXELS", 10_000)  # a header may promise anything; keep the test small
        picture = decoded(bytes(damaged))
        assert picture.pixels.shape == (picture.height, picture.width, 3)
