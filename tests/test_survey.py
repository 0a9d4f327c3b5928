"""The figures of a survey against cases that can be worked out by hand."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import ganvas
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.survey import classes
from ganvas.data.survey.composites import composites, mean_picture
from ganvas.data.survey.dates import timelines, years_of
from ganvas.data.survey.near_duplicates import near_duplicates_of
from ganvas.data.survey.originals import folders_of, thumbnail
from ganvas.data.survey.palette import Colour, palette, to_lab
from ganvas.data.survey.rejected import RejectedFile, RejectedFiles, rejected_files
from ganvas.data.survey.shapes import shapes_of
from ganvas.data.survey.survey import Survey, survey
from ganvas.foundation.errors import DataError
from support.datasets import HASHES, flat, noise, write_pictures_of
from support.pictures import quarters

RED, BLUE, GREY = (200, 30, 40), (30, 40, 200), (128, 128, 128)


# --- Colours ---


def test_the_palette_of_a_class_of_two_colours_is_these_two_with_their_shares() -> None:
    images = flat([RED] * 6)
    images[:, :, 6:] = BLUE
    assert palette(images, np.arange(6), (0,)) == (Colour("#c81e28", 0.75), Colour("#1e28c8", 0.25))


def test_only_the_pictures_of_the_class_count() -> None:
    images = flat([RED, BLUE, RED, GREY])
    assert palette(images, np.array([0, 2]), (0,)) == (Colour("#c81e28", 1.0),)


def test_shades_that_an_eye_would_hardly_tell_apart_are_one_colour() -> None:
    images = flat([(100, 100, 100), (103, 100, 100), (100, 103, 100), (250, 240, 10)])
    assert [colour.share for colour in palette(images, np.arange(4), (0,))] == [0.75, 0.25]


def test_a_palette_has_few_colours_that_are_all_there_and_come_to_one() -> None:
    images = noise(40)
    found = palette(images, np.arange(40), (3,))
    assert 2 <= len(found) <= 8
    assert sum(colour.share for colour in found) == pytest.approx(1)
    there = {"#" + bytes(pixel).hex() for pixel in images.reshape(-1, 3)}
    assert {colour.code for colour in found} <= there
    assert found == palette(images, np.arange(40), (3,))


def test_lab_coordinates_are_those_of_the_standard() -> None:
    known = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)
    expected = [[100, 0, 0], [0, 0, 0], [54.3, 80.8, 69.9], [29.6, 68.3, -112.0]]
    assert to_lab(known) == pytest.approx(np.array(expected), abs=0.6)


# --- Means and groups ---


def test_the_mean_picture_is_exact() -> None:
    images = noise(300, seed=1)
    rows = np.arange(0, 300, 3)
    assert np.array_equal(mean_picture(images, rows), np.rint(images[rows].mean(axis=0)).astype(np.uint8))
    assert np.array_equal(mean_picture(flat([(0, 100, 255), (2, 101, 255)]), np.arange(2))[0, 0], [1, 100, 255])


def test_composites_are_the_means_of_the_groups_there_are() -> None:
    dark, light = noise(1, seed=1)[0] // 4, 255 - noise(1, seed=2)[0] // 4
    images = np.stack([light if number % 4 == 0 else dark for number in range(40)])
    found = composites(images, np.arange(40), (0,))
    assert [each.count for each in found] == [30, 10]
    assert np.array_equal(found[0].picture, dark)
    assert np.array_equal(found[1].picture, light)
    assert [each.typical for each in found] == [1, 0]


def test_no_composite_mixes_what_is_far_apart() -> None:
    images = noise(60, seed=3) // 4
    images[::2] += 180
    found = composites(images, np.arange(60), (0,))
    assert len(found) == 6
    assert sum(each.count for each in found) == 60
    means = np.array([each.picture.mean() for each in found])
    assert ((means < 60) | (means > 180)).all()
    assert sum(each.count for each, mean in zip(found, means, strict=True) if mean < 60) == 30


def test_few_pictures_make_no_groups() -> None:
    assert composites(noise(15), np.arange(15), (0,)) == ()
    assert len(composites(noise(16), np.arange(16), (0,))) == 2
    assert len(composites(flat([GREY] * 20), np.arange(20), (0,))) == 1


# --- Classes ---


def test_classes_are_counted_by_split_and_weighed(tmp_path: Path) -> None:
    split = ["train", "train", "test", "validation"]
    data = write_pictures_of(tmp_path / "data", noise(4), ["sea", "sea", "sea", "sky"], split=split)
    found = survey(data)
    assert [(members.name, len(members), members.splits) for members in found.classes] == [
        ("sea", 3, {"train": 2, "validation": 0, "test": 1}),
        ("sky", 1, {"train": 0, "validation": 1, "test": 0}),
    ]
    assert found.effective_classes == pytest.approx(math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25))))
    assert any("'sea' has 3.0 times as many pictures as 'sky'" in line for line in found.advice)


def test_classes_can_be_taken_from_another_column(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", noise(4), ["a", "b", "a", "b"], style=["x", "x", "y", "y"])
    assert [members.name for members in survey(data, label="style").classes] == ["x", "y"]
    with pytest.raises(DataError, match=r"unknown column 'stile' .did you mean 'style'"):
        survey(data, label="stile")


def classes_in(found: Survey) -> Any:
    """The classes of a survey as JSON has them."""
    return found.record()["classes"]


def test_of_very_many_classes_the_largest_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MOST_CLASSES", 2)
    names = ["a"] * 2 + ["b"] * 5 + ["c"] * 3 + ["d"] * 4
    found = survey(write_pictures_of(tmp_path / "data", noise(14), names))
    assert sorted(found.appearances) == [1, 3]
    assert [("palette" in each) for each in classes_in(found)] == [False, True, False, True]


def test_what_is_too_much_to_read_is_sampled_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MEAN_BYTES", 40 * 8 * 8 * 3)
    monkeypatch.setattr(classes, "GROUPED", 24)
    (one,) = classes_in(survey(write_pictures_of(tmp_path / "data", noise(100))))
    assert (one["pictures"], one["averaged"], one["grouped"], sum(one["groups"])) == (100, 40, 24, 24)


def test_columns_are_counted_and_told_apart_by_what_they_are_about(tmp_path: Path) -> None:
    data = write_pictures_of(
        tmp_path / "data",
        noise(4),
        ["a", "b", "a", "b"],
        medium=["oil", "oil", None, "ink"],
        licence=["CC0", "CC0", "CC0", None],
        artist=["Anna", "Anna", "Ben", "Ben"],
        year=["1880", "c. 1881", "?", "1882"],
    )
    found = survey(data)
    assert {each.name: (each.counts, each.unknown) for each in found.columns} == {
        "medium": ({"oil": 2, "ink": 1}, 1),
        "artist": ({"Anna": 2, "Ben": 2}, 0),
        "class": ({"a": 2, "b": 2}, 0),
    }
    assert [(each.name, each.words) for each in found.licences] == [("licence", "CC0 (3), nothing for 1")]
    assert [each.name for each in found.origins] == ["artist"]
    assert [each.column for each in found.dates] == ["year"]


# --- Shapes ---


def test_shapes_are_measured(tmp_path: Path) -> None:
    width, height = [100, 200, 400, 6], [100, 100, 100, 12]
    data = write_pictures_of(tmp_path / "data", noise(4), options={"fit": "crop"}, width=width, height=height)
    found = shapes_of(data)
    assert found is not None
    assert (found.known, found.smallest, found.median, found.largest, found.enlarged) == (4, 6, 100, 400, 1)
    assert found.cropped == pytest.approx((0 + 1 / 2 + 3 / 4 + 1 / 2) / 4)
    assert [(each.name, each.count, each.ratio) for each in found.proportions] == [
        ("tall", 1, 0.5),
        ("about square", 1, 1.0),
        ("panorama", 2, 3.0),
    ]
    assert sorted(found.sizes.tolist()) == [[6, 12, 1], [100, 100, 1], [200, 100, 1], [400, 100, 1]]
    advice = " ".join(survey(data).advice)
    assert "1 picture is smaller than 8 pixels" in advice
    assert "cut off 44% of the average picture" in advice


def test_a_padded_picture_is_enlarged_only_if_its_longer_side_is_short(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", noise(2), options={"fit": "pad"}, width=[6, 6], height=[7, 20])
    found = shapes_of(data)
    assert found is not None
    assert found.enlarged == 1


def test_an_original_with_several_crops_is_measured_once(tmp_path: Path) -> None:
    data = write_pictures_of(
        tmp_path / "data", noise(3), source=["a", "a", "b"], crop=[0, 1, 0], width=[8, 8, 16], height=[8, 8, 8]
    )
    found = shapes_of(data)
    assert found is not None
    assert (found.known, found.cropped) == (2, 0.25)
    assert survey(data).columns == []


@pytest.mark.parametrize("width", [["x", None], [math.nan, math.inf], [0, -3]])
def test_sizes_that_are_none_are_passed_over(tmp_path: Path, width: list[object]) -> None:
    assert shapes_of(write_pictures_of(tmp_path / "data", noise(2), width=width, height=[5, 5])) is None


def test_an_index_without_sizes_and_hashes_still_has_a_survey(tmp_path: Path) -> None:
    record = survey(write_pictures_of(tmp_path / "data", noise(1))).record()
    assert (record["pictures"], record["originals"], record["near_duplicates"], record["rejected"]) == (
        1,
        None,
        None,
        None,
    )


# --- Dates ---


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1889", 1889),
        ("1889.0", 1889),
        ("c. 1888-90", 1888),
        ("February 1888", 1888),
        ("1889-06-18", 1889),
        ("18890618", math.nan),
        ("19th century", math.nan),
        ("", math.nan),
        (None, math.nan),
    ],
)
def test_the_year_of_a_date(text: str | None, year: float) -> None:
    assert years_of(pd.Series([text], dtype="object")).tolist() == pytest.approx([year], nan_ok=True)


def test_numbers_are_years_too() -> None:
    assert years_of(pd.Series([1889, 1950])).tolist() == [1889, 1950]
    assert years_of(pd.Series([1889.0, math.nan])).tolist() == pytest.approx([1889, math.nan], nan_ok=True)


def test_a_timeline_has_no_gap_and_the_colours_of_each_period(tmp_path: Path) -> None:
    images = flat([RED, RED, BLUE, GREY])
    (line,) = timelines(write_pictures_of(tmp_path / "data", images, date=["1801", "1809", "1880", "undated"]), 0)
    assert (line.column, line.known, line.first, line.median, line.last) == ("date", 3, 1801, 1809, 1880)
    assert [(each.first, each.last) for each in line.periods] == [(n, n + 4) for n in range(1800, 1885, 5)]
    assert [each.count for each in line.periods] == [1, 1, *[0] * 14, 1]
    assert [[colour.code for colour in each.palette] for each in line.periods[-2:]] == [[], ["#1e28c8"]]


def test_a_column_of_another_kind_is_no_timeline(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"updated_by": ["1900", "1901"], "date": ["soon", "1901"], "years": ["1 to 2", "3 to 4"]}
    data = write_pictures_of(tmp_path / "data", noise(2), **columns)
    assert [each.column for each in timelines(data, 0)] == ["date"]


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats()), min_size=1))
@settings(max_examples=50, deadline=None)
def test_anything_may_stand_where_a_date_should(values: list[object]) -> None:
    years = years_of(pd.Series(values, dtype="object").astype(str))
    assert ((years >= 1000) & (years < 2100) | years.isna()).all()


# --- Near-duplicates ---


def test_copies_near_duplicates_leaks_and_contradictions_are_found(tmp_path: Path) -> None:
    near = f"{int(HASHES[0], 16) ^ 0b11 ^ (0b11 << 40):016x}"  # half the bits are still set
    data = write_pictures_of(
        tmp_path / "data",
        noise(8),
        ["a", "a", "a", "b", "b", "a", "a", "a"],
        sha256=["1", "2", "3", "3", "5", "6", "6", "8"],
        phash=[HASHES[0], near, HASHES[1], HASHES[1], HASHES[2], HASHES[3], HASHES[3], HASHES[4]],
        split=["train", "test", "train", "train", "train", "train", "train", "test"],
        group=["x", "y", "z", "z", "x", None, None, "x"],
    )
    found = near_duplicates_of(data)
    assert found is not None
    assert [rows.tolist() for rows in found.groups] == [[0, 1], [2, 3], [5, 6]]
    assert (found.pictures, found.redundant, found.copies) == (6, 3, 2)
    assert [rows.tolist() for rows in found.leaks] == [[0, 1]]
    assert (found.leaked, found.divided_groups) == (1, 1)
    assert [rows.tolist() for rows in found.conflicts] == [[2, 3]]
    advice = " | ".join(survey(data).advice)
    for expected in (
        "1 picture held back has a near-duplicate in training",
        "1 group of the column 'group' has pictures on both sides",
        "1 group of near-duplicates has pictures of more than one class",
    ):
        assert expected in advice


def test_a_larger_group_of_near_duplicates_comes_first(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", noise(5), phash=[HASHES[n] for n in (0, 0, 1, 1, 1)])
    found = near_duplicates_of(data)
    assert found is not None
    assert [rows.tolist() for rows in found.groups] == [[2, 3, 4], [0, 1]]
    assert (found.leaks, found.conflicts, found.divided_groups) == ([], [], None)


def test_what_prepare_found_to_repeat_each_other_is_taken_from_the_index(tmp_path: Path) -> None:
    data = write_pictures_of(
        tmp_path / "data",
        noise(5),
        duplicates=pd.Series([0, None, 1, 0, 1], dtype="Int64"),
        phash=[HASHES[0]] * 5,
        content=["x", "y", "z", "x", "v"],
        split=["train", "train", "test", "train", "train"],
    )
    found = near_duplicates_of(data)
    assert found is not None
    assert [rows.tolist() for rows in found.groups] == [[0, 3], [2, 4]]
    assert ([rows.tolist() for rows in found.leaks], found.copies) == ([[2, 4]], 1)


def test_a_hash_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a perceptual hash that is not 64 bits"):
        survey(write_pictures_of(tmp_path / "data", noise(2), phash=["xyz", HASHES[0]]))


# --- Files left out ---


def test_files_left_out_are_counted_by_reason(tmp_path: Path) -> None:
    lines = 'a.jpg,empty file\n"b, ""c"".jpg",damaged\nd.jpg,damaged\n'
    data = write_pictures_of(tmp_path / "data", noise(1), rejected=lines)
    assert rejected_files(data) == [
        RejectedFiles("damaged", [RejectedFile('b, "c".jpg'), RejectedFile("d.jpg")]),
        RejectedFiles("empty file", [RejectedFile("a.jpg")]),
    ]
    assert survey(data).record()["rejected"] == {"damaged": 2, "empty file": 1}
    assert "3 files were left out, next to 1 picture that could be used" in survey(data).advice[-1]


def test_a_list_of_files_left_out_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", noise(1))
    (data.path / "rejected.csv").write_bytes(b"path,reason\n\xff\xfe")
    with pytest.raises(DataError, match=r"rejected.csv cannot be read"):
        survey(data)


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_of_a_file_cut_short_the_upper_part_is_seen(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"cut.{kind}"
    Image.effect_noise((300, 300), 60).convert("RGB").save(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    seen = thumbnail({"": tmp_path}, file.name)
    assert seen is not None
    assert (seen.mode, max(seen.size)) == ("RGB", 160)
    pixels = np.asarray(seen).astype(float)
    assert pixels[:60].std() > 10 * max(pixels[110:].std(), 0.1)


def test_of_a_picture_too_small_all_is_seen_and_of_what_is_none_nothing(tmp_path: Path) -> None:
    quarters(6, 4).save(tmp_path / "tiny.png")
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    seen = thumbnail({"": tmp_path}, "tiny.png")
    assert seen is not None
    assert np.array_equal(np.asarray(seen), np.asarray(quarters(6, 4)))
    for name in ("text.jpg", "empty.png", "gone.png", "", "\0", "x" * 5000):
        assert thumbnail({"": tmp_path}, name) is None


def test_a_name_that_leads_out_of_the_folder_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    quarters().save(tmp_path / "secret.png")
    (tmp_path / "folder" / "link.png").symlink_to(tmp_path / "secret.png")
    for name in ("../secret.png", str(tmp_path / "secret.png"), "link.png"):
        assert thumbnail({"": tmp_path / "folder"}, name) is None


def test_files_of_several_sources_and_of_a_table_are_found(tmp_path: Path) -> None:
    for place in ("sea", "sky"):
        (tmp_path / place).mkdir()
        quarters(6 if place == "sea" else 4, 4).save(tmp_path / place / "tiny.png")
    (tmp_path / "sea" / "table.csv").touch()
    sources = {"a": str(tmp_path / "sea"), "b": str(tmp_path / "sky"), "c": "painter:9"}
    cases: list[tuple[dict[str, Any], str, int]] = [
        ({"source": sources}, "a/tiny.png", 6),
        ({"source": sources}, "b/tiny.png", 4),
        ({"source": str(tmp_path / "sea" / "table.csv")}, "tiny.png", 6),
        ({"source": str(tmp_path / "sea" / "table.csv"), "root": str(tmp_path / "sky")}, "tiny.png", 4),
    ]
    for number, (options, name, width) in enumerate(cases):
        folders = folders_of(write_pictures_of(tmp_path / str(number), noise(1), options=options))
        seen = thumbnail(folders, name)
        assert seen is not None
        assert seen.width == width
        assert thumbnail(folders, "c/tiny.png") is None


def test_what_is_said_of_a_single_file_is_kept(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", noise(1))
    (data.path / "rejected.csv").write_text("path,reason,detail\na.jpg,copy of another picture,b.jpg\n")
    (found,) = rejected_files(data) or []
    assert [str(file) for file in found.files] == ["a.jpg (b.jpg)"]


# --- As a whole ---


def test_the_same_seed_gives_the_same_survey(tmp_path: Path) -> None:
    data = write_pictures_of(tmp_path / "data", noise(80), ["a", "b"] * 40)
    assert ganvas.survey(data.path, seed=5).record() == survey(Dataset.open(data.path), seed=5).record()
    with pytest.raises(DataError, match="seed -1 is out of range"):
        survey(data, seed=-1)


def test_a_survey_does_without_torch() -> None:
    code = "import sys, ganvas.data.survey.survey, ganvas.report.survey.page; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
