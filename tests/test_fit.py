"""Which square of a picture is taken, how many, and in what light it is resized."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.pictures.decode import decode
from ganvas.data.pictures.fit import place, views
from ganvas.data.pictures.focus import best_crop_start
from ganvas.data.pictures.frame import FOCUSES, Frame, frame_for, frame_like
from ganvas.data.pictures.rejection import Reason, Rejected, too_long, too_small
from ganvas.data.prepare.prepare import prepare
from support.picture_files import encode
from support.pictures import quarters, write_pictures

# ---- where to crop ----------------------------------------------------------------------------------------------


def wall_with_a_figure(at: int, length: int = 300, side: int = 60) -> np.ndarray:
    """A wide grey wall with a small checkered figure whose middle is `at` pixels from the left."""
    pixels = np.full((side, length, 3), 120, np.uint8)
    checks = (np.indices((24, 24)).sum(axis=0) // 4 % 2 * 255).astype(np.uint8)
    pixels[18:42, at - 12 : at + 12] = checks[..., None]
    return pixels


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("at", [20, 90, 150, 275])
@pytest.mark.parametrize("focus", ["entropy", "saliency"])
def test_the_crop_holds_what_there_is_to_see(focus: str, at: int, upright: bool) -> None:
    pixels = wall_with_a_figure(at)
    pixels = pixels.transpose(1, 0, 2) if upright else pixels
    assert at - 48 <= best_crop_start(pixels, focus) <= at - 12
    placed = place(pixels, Frame(30, focus=focus))
    seen = np.abs(placed.astype(int) - 120).max(axis=2) > 30
    assert min(seen.any(axis=0).sum(), seen.any(axis=1).sum()) >= 12  # half of 24 pixels: the whole of it


@pytest.mark.parametrize("focus", FOCUSES)
def test_where_nothing_tells_more_the_middle_is_taken(focus: str) -> None:
    pixels = np.zeros((30, 90, 3), np.uint8)
    placed = place(pixels, Frame(10, focus=focus))
    np.testing.assert_array_equal(placed, place(pixels, Frame(10)))
    flat = np.full((30, 90, 3), 77, np.uint8)
    if focus != "centre":
        assert best_crop_start(flat, focus) == pytest.approx(30, abs=1)


@settings(deadline=None, max_examples=40)
@given(st.integers(8, 90), st.integers(8, 90), st.sampled_from(FOCUSES), st.integers(0, 99))
def test_any_shape_has_a_crop(width: int, height: int, focus: str, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert place(pixels, Frame(8, focus=focus)).shape == (8, 8, 3)


# ---- several squares of a long picture --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "count"), [(40, 40, 1), (59, 40, 1), (60, 40, 2), (40, 99, 2), (40, 100, 3), (400, 40, 10)]
)
def test_a_long_picture_gives_as_many_squares_as_it_holds(width: int, height: int, count: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    squares = views(pixels, Frame(40, "multicrop"))
    assert squares.shape == (count, 40, 40, 3)
    if count > 1:
        np.testing.assert_array_equal(squares[0], pixels[:40, :40])
        np.testing.assert_array_equal(squares[-1], pixels[-40:, -40:])
    assert views(pixels, Frame(40)).shape == (1, 40, 40, 3)


def test_the_squares_of_a_picture_are_rows_of_one_group(tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 3, side=16)
    long = np.random.default_rng(5).integers(0, 256, (16, 16 * 6, 3), np.uint8)
    Image.fromarray(long).save(tmp_path / "in" / "long.png")
    summary = prepare(
        tmp_path / "in", tmp_path / "data", size=16, fit="multicrop", split=0.5, group="long(?=NOT)|^[0-9]"
    )
    index = Dataset.open(tmp_path / "data").index
    crops = index[index["source"] == "long.png"]
    assert crops["crop"].tolist() == list(range(6))
    assert crops["sha256"].nunique() == crops["width"].nunique() == crops["split"].nunique() == 1
    assert crops["group"].unique().tolist() == ["long.png"]  # the expression does not find it
    assert summary.count == len(index) == 9
    np.testing.assert_array_equal(Dataset.open(tmp_path / "data").images[crops.index[2]], long[:, 32:48])


@pytest.mark.parametrize("seed", range(3))
def test_no_split_parts_the_squares_of_a_picture(tmp_path: Path, seed: int) -> None:
    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 48, 3), np.uint8)
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    prepare(tmp_path / "in", tmp_path / "data", size=16, fit="multicrop", split=0.5, seed=seed)
    index = Dataset.open(tmp_path / "data").index
    assert index["split"].value_counts().to_dict() == {"train": 12, "test": 12}
    assert (index.groupby("source")["split"].nunique() == 1).all()
    assert index["duplicates"].isna().all()


# ---- light ------------------------------------------------------------------------------------------------------


def test_linear_light_keeps_how_bright_a_pattern_is() -> None:
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(place(stripes, Frame(16)).astype(int) - 127).max() <= 4
    assert np.abs(place(stripes, Frame(16, linear=True)).astype(int) - 188).max() <= 4  # half the light of white


def test_linear_light_is_not_lost_where_a_jpeg_is_shrunk_as_it_is_decoded() -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    data = encode(Image.fromarray(stripes), "JPEG", quality=100, subsampling=0)
    for linear, grey in ((False, 127), (True, 188)):
        frame = Frame(16, linear=linear)
        placed = place(decode(io.BytesIO(data), frame).pixels, frame)
        assert np.abs(placed.astype(int) - grey).max() <= 5


@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
def test_linear_light_changes_no_plain_colour(fit: str) -> None:
    for value in range(0, 256, 5):
        pixels = np.full((20, 30, 3), (value, 255 - value, 77), np.uint8)
        assert (place(pixels, Frame(10, fit, linear=True))[5] == pixels[0, 0]).all()


# ---- transparency -----------------------------------------------------------------------------------------------


def figure(box: tuple[int, int, int, int], haze: int = 0) -> bytes:
    """A transparent picture of 100 x 60, red within the box; `haze` is how opaque the rest is."""
    image = Image.new("RGBA", (100, 60), (0, 255, 0, haze))
    image.paste((255, 0, 0, 255), box)
    return encode(image, "PNG")


def test_a_transparent_picture_can_be_cropped_to_its_subject() -> None:
    picture = decode(io.BytesIO(figure((10, 20, 40, 55), haze=3)), Frame(16, alpha="subject"))
    assert picture.pixels.shape == (35, 30, 3)
    assert (picture.pixels == (255, 0, 0)).all()
    assert (picture.width, picture.height) == (100, 60)
    assert decode(io.BytesIO(figure((10, 20, 40, 55))), Frame(16)).pixels.shape == (60, 100, 3)


def test_the_subject_is_found_before_the_picture_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(figure((10, 20, 40, 25 + 20))))
    picture = decode(io.BytesIO(encode(image, "PNG", exif=exif)), Frame(16, alpha="subject"))
    assert picture.pixels.shape == (30, 25, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (figure((0, 0, 0, 0)), Reason.INVISIBLE),
        (figure((0, 0, 5, 40)), too_small(8)),
    ],
)
def test_a_subject_that_cannot_be_shown(data: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode(io.BytesIO(data), Frame(16, alpha="subject"))
    assert caught.value.reason == reason


def test_an_opaque_picture_is_its_own_subject() -> None:
    assert decode(io.BytesIO(encode(quarters(), "PNG")), Frame(16, alpha="subject")).pixels.shape == (32, 48, 3)


# ---- what is not accepted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "options", "reason"),
    [
        ((31, 90), {"smallest_side": 32}, too_small(32)),
        ((90, 31), {"smallest_side": 32}, too_small(32)),
        ((100, 40), {"max_aspect": 2}, too_long(2)),
        ((40, 100), {"max_aspect": 2.4}, too_long(2.4)),
    ],
)
def test_small_and_long_pictures_can_be_left_out(size: tuple[int, int], options: dict[str, Any], reason: str) -> None:
    data = encode(quarters(*size), "PNG")
    assert decode(io.BytesIO(data), Frame(16)).pixels.shape == (size[1], size[0], 3)
    with pytest.raises(Rejected) as caught:
        decode(io.BytesIO(data), Frame(16, **options))
    assert (caught.value.reason, caught.value.detail) == (reason, f"{size[0]} x {size[1]}")


def test_a_picture_is_framed_like_those_of_a_dataset() -> None:
    options = {"fit": "crop", "background": "#010203", "focus": "entropy", "linear": True, "seed": 3, "split": None}
    assert frame_like(options, 32) == frame_for(32, "crop", "#010203", focus="entropy", linear=True)
    assert frame_like({}, 32) == Frame(32)
