"""The page of a classifier: what it says, that it needs nothing beside it, and that it works in a browser."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from ganvas.classify.evaluate import evaluate
from ganvas.classify.resampling import Estimate
from ganvas.classify.scores import Bin, score
from ganvas.classify.train import train
from ganvas.foundation.errors import GanvasError
from ganvas.report.classifier import charts, page
from ganvas.report.classifier.page import render, write_page
from support.browser import DESKTOP, PHONE, Visit, visit
from support.command_line import Cli
from support.corners import write_corners
from support.narrowing import not_none
from support.pages import text_of

HOSTILE = "</script><img src=x onerror=alert(1)>"
FEW = ["dusk", HOSTILE, "post-impressionism of the south of France & beyond"]
MANY = [f"{letter}/nocturne/composition-with-a-long-name" for letter in "abcdefghijkl"]
SECTIONS = ["title", "headline", "classes", "confusion", "ranking", "galleries", "attention", "provenance"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classifiers and their pages, which no test changes: a network, a forest of many classes, and one of two."""
    folder = tmp_path_factory.mktemp("pages")
    few = write_corners(folder / "few", FEW, count=90)
    train(few, folder / "network", model="cnn", size=16, epochs=3, device="cpu", threads=1)
    train(write_corners(folder / "many", MANY, count=180), folder / "forest", model="forest", size=8, trees=10)
    groups = ["one" if number % 2 else str(number) for number in range(60)]
    train(write_corners(folder / "leaky", group=groups), folder / "pair", model="forest", size=8, trees=4)
    for name in ("network", "forest", "pair"):
        write_page(evaluate(folder / name), folder / f"{name}.html")
    return folder


# --- What it says ---


def test_the_page_states_how_good_the_classifier_is_and_what_it_was_judged_on(folder: Path) -> None:
    evaluation, text = evaluate(folder / "pair"), text_of((folder / "pair.html").read_text("utf-8"))
    scores = evaluation.scores
    for expected in (
        "forest on leaky",
        "Distinguishes dark and lit.",
        f"right for {round(scores.accuracy.value * scores.pictures)} of {scores.pictures} pictures that were held back",
        f"Accuracy {scores.accuracy.value:.3f} {scores.accuracy.low:.3f} to {scores.accuracy.high:.3f}",
        f"always answering “{scores.baseline.name}”: {scores.baseline.accuracy:.3f}",
        "Note: each of the classes &#39;lit&#39; is a single group",
        "lit leaky",
        f"{scores.pictures} pictures in leaky, {scores.groups} groups",
        f"ganvas classify train {folder / 'leaky'} --out pair --label class --model forest --set size=8 --set trees=4",
        f"ganvas classify evaluate {folder / 'pair'} --seed 0",
    ):
        assert expected in text


def test_every_section_that_has_something_to_show_is_there(folder: Path) -> None:
    for name, expected in (("forest", SECTIONS), ("network", [*SECTIONS[:-1], "learning", "provenance"])):
        assert (
            re.findall(r'<(?:section|header) id="([a-z]+)"', (folder / f"{name}.html").read_text("utf-8")) == expected
        )


def test_rows_of_the_confusion_matrix_are_true_classes_by_name(folder: Path, tmp_path: Path) -> None:
    # All that is dark here is called lit: every picture of "lit" must stand in that row, in the other column.
    swapped = write_corners(tmp_path / "swapped", ("lit", "dark"), count=20, seed=3)
    section = page._confusion(evaluate(folder / "pair", swapped))
    assert section["names"] == ["dark", "lit"]
    assert [counts for counts, _ in not_none(section["rows"])] == [[0, 10], [10, 0]]
    assert section["confusions"] == [
        {"true": "dark", "predicted": "lit", "count": 10, "of": 10},
        {"true": "lit", "predicted": "dark", "count": 10, "of": 10},
    ]


def test_another_dataset_is_named_with_the_command(folder: Path, tmp_path: Path) -> None:
    other = write_corners(tmp_path / "other place", count=20, seed=4)
    text = text_of(write_page(evaluate(folder / "pair", other, seed=5), tmp_path / "page.html").read_text("utf-8"))
    assert "forest on other place" in text
    assert f"evaluate {folder / 'pair'} --data &#39;{other}&#39; --seed 5" in text


def test_wrong_predictions_show_the_maps_of_both_classes(folder: Path, tmp_path: Path) -> None:
    evaluation = evaluate(folder / "network", write_corners(tmp_path / "shuffled", FEW[::-1], count=12, seed=1))
    section = page._attention(evaluation)
    assert section is not None
    explained = not_none(section["network"])["explained"]
    wrong = [each for each in explained if each["prediction"].predicted_class != each["prediction"].true_class]
    assert wrong
    for each in explained:
        names = [activation["name"] for activation in each["maps"]]
        assert names == list(dict.fromkeys([each["prediction"].predicted_class, each["prediction"].true_class]))


def test_the_pictures_of_a_page_stay_light(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PICTURE_BYTES", 40_000)
    section = page._galleries(evaluate(folder / "forest"))
    shown = [each for gallery in section["galleries"] for chosen in gallery["lists"] for each in chosen]
    assert len(shown) > 50
    assert sum(len(each["picture"]["uri"]) for each in shown) < 1.5 * 40_000


def test_of_very_many_classes_the_hardest_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_CLASSES", 3)
    evaluation = evaluate(folder / "forest")
    hardest = sorted(each.f1.value for each in evaluation.scores.classes if each.f1)[:3]
    section = page._galleries(evaluation)
    assert sorted(not_none(gallery["scores"].f1).value for gallery in section["galleries"]) == hardest
    assert section["hidden"] == 9
    assert page._confusion(evaluation)["rows"] is None
    assert "9 more are not shown" in render(evaluation)


def test_a_page_of_a_single_picture(folder: Path, tmp_path: Path) -> None:
    lonely = write_corners(tmp_path / "lonely", FEW, count=3, seed=9, split=["test", "train", "train"])
    text = text_of(write_page(evaluate(folder / "network", lonely), tmp_path / "page.html").read_text("utf-8"))
    assert "of 1 picture in the test split of the dataset" in text
    assert "Note: all pictures are one group, so standard errors cannot be estimated" in text
    assert "AUC" in text


def test_a_failed_write_leaves_the_page_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "page.html"
    out.write_text("before")
    evaluation = evaluate(folder / "pair")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(GanvasError, match="No space left"):
        write_page(evaluation, out)
    assert out.read_text("utf-8") == "before"


def test_the_command_writes_the_page_and_still_prints_the_scores(folder: Path, cli: Cli, tmp_path: Path) -> None:
    done = cli("classify", "evaluate", folder / "pair", "--out", "pages/pair.html", "--json", check=True)
    assert json.loads(done.stdout)["leaky"] == ["lit"]
    assert (tmp_path / "pages" / "pair.html").read_text("utf-8") == (folder / "pair.html").read_text("utf-8")


# --- Charts ---


def test_curves_that_cannot_be_drawn_are_left_out() -> None:
    scores = score(np.eye(2)[[0, 0]], np.array([0, 0]), ["a", "b"], np.array([0, 1]), "a")
    assert charts.roc(scores.classes) is None
    assert charts.learning([], None) == []
    assert charts.learning([{"epoch": 1, "train_loss": 0.1}], 1) == []


def test_learning_is_drawn_for_what_was_logged() -> None:
    history = [{"epoch": n, "train_loss": 1 / n, "validation_loss": None, "train_accuracy": 0.5} for n in (1, 2, 3)]
    loss, accuracy = charts.learning(history, None)
    assert [[line.name for line in chart.figure.data] for chart in (loss, accuracy)] == [["train"], ["train"]]
    assert list(loss.figure.data[0].y) == pytest.approx([1, 1 / 2, 1 / 3])


def test_the_hardest_of_many_classes_have_the_colours(folder: Path) -> None:
    classes = evaluate(folder / "forest").scores.classes
    chart = charts.roc(classes)
    assert chart is not None
    named = [line for line in chart.figure.data if line.showlegend is not False]
    assert len(chart.figure.data) == len(classes)
    assert len(named) == len(charts.COLOURS)
    areas = sorted(each.auc.value for each in classes if each.auc)
    assert f"{areas[0]:.2f}" in named[-1].name
    assert all(len(line.name) < 32 for line in named)


def test_calibration_shows_each_bin_with_its_interval() -> None:
    bins = [Bin(0.4, 0.5, 3, 0.45, Estimate(0.5, 0.1, 0.3, 0.7)), Bin(0.9, 1.0, 12, 0.97, Estimate(1.0))]
    (points,) = charts.calibration(bins, 0.04).figure.data
    assert list(points.y) == [0.5, 1.0]
    assert list(points.error_y.array) == pytest.approx([0.2, 0])
    assert list(points.error_y.arrayminus) == pytest.approx([0.2, 0])
    assert points.marker.size[1] > points.marker.size[0]


# --- In a browser ---


def assert_sound(seen: Visit, charts: int) -> None:
    """It draws its charts and pictures, fits its window, asks for nothing and complains of nothing."""
    expect(seen.page.locator(".chart:has(.scatterlayer .trace)")).to_have_count(charts)
    seen.assert_sound()


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_long_names_fit_and_hostile_ones_are_text(folder: Path, browser: Browser, size: ViewportSize) -> None:
    with visit(browser, folder / "network.html", size) as seen:
        seen.page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
        assert_sound(seen, charts=4)
        assert seen.page.locator("#classes tbody th", has_text=HOSTILE).count() == 1
        assert seen.page.locator("img[src=x]").count() == 0


@pytest.mark.browser
def test_a_large_matrix_scrolls_inside_itself_on_a_phone(folder: Path, browser: Browser) -> None:
    with visit(browser, folder / "forest.html", PHONE) as seen:
        assert_sound(seen, charts=2)
        table, name = seen.page.locator("#confusion .scroll"), seen.page.locator(".matrix tbody th").first
        assert table.evaluate("box => box.scrollWidth > box.clientWidth")
        before = name.bounding_box()
        table.evaluate("box => box.scrollBy(200, 0)")
        assert name.bounding_box() == before  # the names stay in sight


@pytest.mark.browser
def test_cells_of_the_matrix_are_coloured_by_their_share(folder: Path, browser: Browser) -> None:
    with visit(browser, folder / "pair.html") as seen:
        assert_sound(seen, charts=2)
        cells = seen.page.locator(".matrix tbody td")
        counts = evaluate(folder / "pair").scores.confusion.ravel().tolist()
        assert cells.all_inner_texts() == [str(count) for count in counts]
        colours = cells.evaluate_all("cells => cells.map(cell => getComputedStyle(cell).backgroundColor)")
        assert len(set(colours)) > 1
