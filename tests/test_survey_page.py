"""The page of a survey: what it says and shows, that it needs nothing beside it, and that it works in a browser."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, ViewportSize, expect

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.survey import classes
from ganvas.data.survey.survey import survey
from ganvas.report.survey import page
from ganvas.report.survey.page import render, write_page
from ganvas.report.survey.thumbnails import _by_colour, mosaic
from support.browser import DESKTOP, PHONE, visit
from support.command_line import Cli
from support.datasets import HASHES, flat, noise, write_pictures_of
from support.pages import text_of

HOSTILE = "</script><img src=x onerror=alert(1)>"
NAMES = ["dusk", HOSTILE, "post-impressionism of the south of France & beyond, in one_word_that_is_very_long_indeed"]
EVERYTHING = ["title", "headline", "classes", "means", "appearance", "columns", "dates", "shapes", "leaks"]


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with something for every section, prepared from files of which some are broken."""
    folder = tmp_path_factory.mktemp("rich")
    pictures = folder / "pictures"
    random = np.random.default_rng(0)
    for number in range(36):
        kind = ("dawn", "dusk", "night")[number % 3]
        (pictures / kind).mkdir(parents=True, exist_ok=True)
        base = random.integers(0, 200, (4, 4, 3)) // (number % 3 + 1)
        picture = Image.fromarray(base.astype(np.uint8)).resize((40 + number, 60 - number), Image.Resampling.BICUBIC)
        picture.save(pictures / kind / f"{number}.png")
    shutil.copy(pictures / "dawn" / "0.png", pictures / "dawn" / "again.png")
    (pictures / "dusk" / "empty.png").touch()
    whole = (pictures / "dusk" / "1.png").read_bytes()
    (pictures / "dusk" / "cut.png").write_bytes(whole[: len(whole) // 2])
    data = folder / "evenings"
    prepare(pictures, data, size=16)
    index = pd.read_parquet(data / "index.parquet")
    index["year"] = [str(1850 + 3 * number) for number in range(len(index))]
    index["licence"], index["technique"] = "CC0", ["oil", "ink", HOSTILE] * 12 + [None]
    index["split"] = ["test" if "again" in name else "train" for name in index["source"]]
    index["class"] = index["class"].map(dict(zip(("dawn", "dusk", "night"), NAMES, strict=True)))
    index.to_parquet(data / "index.parquet")
    info = json.loads((data / "dataset.json").read_text("utf-8"))
    (data / "dataset.json").write_text(json.dumps(info | {"class_names": NAMES}))
    (data / "checksums.json").unlink()
    write_page(survey(data), folder / "page.html")
    return folder


def sections_of(page: str) -> list[str]:
    return re.findall(r'<(?:section|header) id="([a-z]+)"', page)


# --- What it says ---


def test_every_section_that_has_something_to_show_is_there(rich: Path) -> None:
    assert sections_of((rich / "page.html").read_text("utf-8")) == [
        *EVERYTHING,
        "duplicates",
        "rejected",
        "origins",
        "provenance",
    ]


def test_the_page_says_what_is_in_the_dataset(rich: Path) -> None:
    text = text_of((rich / "page.html").read_text("utf-8"))
    for expected in (
        "37 pictures: dusk, ",
        "36 for training, 1 held back.",
        "Originals 25\N{EN DASH}75 pixels a side",
        "Left out 2 files, for the reasons below",
        "Warning: 1 picture held back has a near-duplicate in training",
        "The column year gives the year of 37 of 37 pictures, from 1850 to 1958",
        "damaged or cut short 1 file",
        "empty file 1 file",
        "licence CC0 (37)",
        f"ganvas survey {rich / 'evenings'} --out page.html --seed 0 --label class",
    ):
        assert expected in text, expected


def test_a_single_picture_without_anything_has_a_page(tmp_path: Path) -> None:
    page = render(survey(write_pictures_of(tmp_path / "data", noise(1))))
    assert sections_of(page) == ["title", "headline", "means", "appearance", "origins", "provenance"]
    assert "1 picture." in text_of(page)
    assert "copies could not be looked for" in text_of(page)
    assert "Plotly" not in page


@pytest.mark.parametrize("size", [8, 300])
def test_pictures_of_any_size_make_a_light_page(tmp_path: Path, size: int) -> None:
    page = render(survey(write_pictures_of(tmp_path / "data", noise(30, size), ["a", "b"] * 15)))
    assert len(page) < 1_500_000


def test_the_palette_is_on_the_page(tmp_path: Path) -> None:
    images = flat([(200, 30, 40)] * 3)
    images[:, :, 6:] = (30, 40, 200)
    page = render(survey(write_pictures_of(tmp_path / "data", images, ["a"] * 3)))
    assert page.count('<i style="background: #c81e28; flex-grow: 0.7500"></i>') == 2  # its bar and its strip
    assert "#c81e28 75 % #1e28c8 25 %" in text_of(page)


def test_of_very_many_classes_the_others_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MOST_CLASSES", 13)
    names = [f"class {number:02}" for number in range(15) for _ in range(2 + (number > 1))]
    page = render(survey(write_pictures_of(tmp_path / "data", noise(len(names)), names)))
    assert len(re.findall(r'class="class-pictures is-compact"', page)) == 13
    assert "And 2 smaller classes with 4 pictures in all" in text_of(page)
    assert "These are the 13 largest classes; 2 more are not shown." in text_of(page)


def test_samples_say_that_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MEAN_BYTES", 0)
    monkeypatch.setattr(classes, "GROUPED", 24)
    monkeypatch.setattr(classes, "PICTURES", 30)
    text = text_of(render(survey(write_pictures_of(tmp_path / "data", noise(60)))))
    for expected in ("mean of 32 of 60, chosen at random", "from 24 chosen at random", "of at most 30 pictures)"):
        assert expected in text


def test_the_mosaic_goes_from_dark_to_light_and_from_warm_to_cool(tmp_path: Path) -> None:
    shades = [(level, level, level + 30 * cool) for level in (200, 20, 80, 140) for cool in (1, 0)]
    tiles = flat(shades, size=4)[np.random.default_rng(0).permutation(8)]
    ordered = tiles[_by_colour(tiles, across=4, down=2)].reshape(2, 4, 4, 4, 3)[:, :, 0, 0]
    assert ordered[..., 0].tolist() == [[20, 80, 140, 200]] * 2
    assert (ordered[..., 2] - ordered[..., 0]).tolist() == [[0] * 4, [30] * 4]
    shown = mosaic(write_pictures_of(tmp_path / "data", noise(100)), seed=0)
    assert shown is not None
    assert (shown["count"], round(shown["width"] / shown["height"], 1)) == (96, 2.7)
    assert mosaic(write_pictures_of(tmp_path / "few", noise(11)), seed=0) is None


def test_groups_too_large_to_show_still_show_both_sides_and_every_class(tmp_path: Path) -> None:
    count = 20
    data = write_pictures_of(
        tmp_path / "data",
        noise(count),
        ["a"] * (count - 1) + ["b"],
        phash=[HASHES[0]] * count,
        split=["train"] * (count - 2) + ["test", "train"],
    )
    section = page._duplicates(survey(data))
    assert section is not None
    (group,) = section["leaks"]
    assert {(each["split"], each["class_name"]) for each in group["pictures"]} == {
        ("train", "a"),
        ("test", "a"),
        ("train", "b"),
    }
    assert (len(group["pictures"]), group["hidden"], group["conflicting"]) == (6, 14, True)


def test_files_left_out_are_shown_if_they_can_be_decoded(rich: Path) -> None:
    section = page._rejected(survey(rich / "evenings"))
    assert section is not None
    assert {each["reason"]: len(each["pictures"]) for each in section["reasons"]} == {
        "damaged or cut short": 1,
        "empty file": 0,
    }


def test_a_folder_that_is_gone_is_no_hindrance(tmp_path: Path) -> None:
    for number, source in enumerate((str(tmp_path / "gone"), "\0", ["a", "b"], None, "x" * 5000)):
        data = write_pictures_of(
            tmp_path / str(number), noise(2), options={"source": source}, rejected="a.png,damaged\n"
        )
        assert "these files cannot be shown" in text_of(render(survey(data)))


def test_the_same_survey_is_the_same_page(rich: Path) -> None:
    assert render(survey(rich / "evenings")) == (rich / "page.html").read_text("utf-8")
    assert render(survey(rich / "evenings", seed=1)) != (rich / "page.html").read_text("utf-8")


# --- The command ---


def test_the_command_prints_the_figures(rich: Path, cli: Cli) -> None:
    done = cli("survey", rich / "evenings", "--json", check=True)
    assert json.loads(done.stdout) == survey(rich / "evenings").record()
    text = cli("survey", rich / "evenings", check=True).stdout
    assert "37 pictures of 16 x 16 (36 train, 1 test)" in text
    assert "warning: 1 picture held back has a near-duplicate" in text


def test_the_command_writes_the_page_in_place_of_an_older_one(rich: Path, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("before")
    done = cli("survey", rich / "evenings", "--out", "page.html", "--json", check=True)
    assert json.loads(done.stdout)["pictures"] == 37
    assert (tmp_path / "page.html").read_text("utf-8") == (rich / "page.html").read_text("utf-8")
    assert cli("survey", rich / "evenings", "--out", "other.html", check=True).stdout.endswith("other.html\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.html", "page.html"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "nowhere does not exist (no dataset.json); make one with: ganvas prepare"),
        (("DATA", "--label", "styl"), "unknown column 'styl'; choose from: class, content, duplicates, height"),
        (("DATA", "--label", "sha256"), "the column 'sha256' has a class of one picture"),
        (("DATA", "--out", "page.pdf"), "--out page.pdf must end in .html"),
        (("DATA", "--out", "."), "--out . is a directory; name a file in it, such as page.html"),
    ],
)
def test_bad_input_is_one_line(rich: Path, cli: Cli, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = cli("survey", *(str(rich / "evenings") if word == "DATA" else word for word in words))
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_page_as_it_was(
    rich: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "page.html"
    out.write_text("before")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    done = cli("survey", rich / "evenings", "--out", out)
    assert (done.returncode, out.read_text("utf-8")) == (2, "before")
    assert "No space left on device; nothing was changed" in done.stderr
    assert list(tmp_path.iterdir()) == [out]


# --- In a browser ---


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_page_fits_its_window_and_hostile_names_are_text(rich: Path, browser: Browser, size: ViewportSize) -> None:
    with visit(browser, rich / "page.html", size) as seen:
        seen.page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
        expect(seen.page.locator(".chart .scatterlayer .trace")).to_have_count(1)
        assert seen.page.locator(".bar-name", has_text=HOSTILE).count() == 2  # as a class and as a technique
        assert seen.page.locator("img[src=x]").count() == 0
        seen.assert_sound()


@pytest.mark.browser
def test_bars_are_as_long_as_classes_are_large_and_painted_in_their_colours(tmp_path: Path, browser: Browser) -> None:
    images = flat([(200, 30, 40)] * 8 + [(30, 40, 200)] * 4)
    data = write_pictures_of(tmp_path / "data", images, ["red"] * 8 + ["blue"] * 4)
    with visit(browser, write_page(survey(data), tmp_path / "page.html")) as seen:
        bars = seen.page.locator("#classes .bar-paint")
        first, second = (box["width"] for box in (bars.nth(0).bounding_box(), bars.nth(1).bounding_box()) if box)
        assert first == pytest.approx(2 * second, abs=1)
        assert seen.page.locator("#classes .bar-name").all_inner_texts() == ["red", "blue"]
        colours = bars.locator("i").evaluate_all("parts => parts.map(part => getComputedStyle(part).backgroundColor)")
        assert colours == ["rgb(200, 30, 40)", "rgb(30, 40, 200)"]
        seen.page.get_by_role("link", name="blue").click()
        pictures = seen.page.locator("#class-0")
        expect(pictures).to_be_in_viewport()
        assert pictures.locator("h3").inner_text().startswith("blue")
        seen.assert_sound()


@pytest.mark.browser
def test_columns_of_the_timeline_are_as_high_as_there_are_pictures(tmp_path: Path, browser: Browser) -> None:
    data = write_pictures_of(tmp_path / "data", noise(4), date=["1901", "1901", "1902", "1904"])
    with visit(browser, write_page(survey(data), tmp_path / "page.html"), PHONE) as seen:
        boxes = [box.bounding_box() for box in seen.page.locator(".column-paint").all()]
        heights = [box["height"] if box else 0 for box in boxes]
        assert heights == pytest.approx([heights[0], heights[0] / 2, 0, heights[0] / 2], abs=1)
        assert heights[0] > 100
        seen.assert_sound()


@pytest.mark.browser
def test_the_page_is_dark_at_night_and_white_on_paper(rich: Path, browser: Browser) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, rich / "page.html") as seen:
        day = seen.page.evaluate(background)
        seen.page.emulate_media(color_scheme="dark")
        assert seen.page.evaluate(background) == "rgb(22, 21, 20)" != day
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert seen.page.evaluate(background) == "rgb(255, 255, 255)"
        exact = "getComputedStyle(document.querySelector('.strip i')).printColorAdjust"
        assert seen.page.evaluate(exact) == "exact"
        assert len(seen.page.pdf()) > 10_000
        seen.assert_sound()


@pytest.mark.browser
def test_the_mosaic_scrolls_on_a_phone(rich: Path, browser: Browser) -> None:
    with visit(browser, rich / "page.html", PHONE) as seen:
        strip = seen.page.locator(".hero .scroll")
        assert strip.evaluate("box => box.scrollWidth > box.clientWidth + 100")
        seen.assert_sound()
    assert Dataset.open(rich / "evenings").splits["test"] == 1
