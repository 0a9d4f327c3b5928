"""The page of several generators in a browser: whole by itself, on any screen, whatever they are called."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from ganvas.report.comparison.page import COLOURS, Side, figure, markdown, write_page
from support.browser import DESKTOP, PHONE, visit

HOSTILE = "</script><img src=x onerror=alert(1)>"
HEADS = ["recipe", "KID, first evaluation", "KID, best", "precision", "recall", "modes", "label accuracy", "img/s"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    names = [HOSTILE, "mean", *(f"recipe-with-a-long-name-{number}" for number in range(len(COLOURS) + 1))]
    sides = [Side("real pictures", "48 of them", random.integers(0, 255, (50, 50, 3)).astype(np.uint8))]
    for number, name in enumerate(names):
        curve = [] if name == "mean" else [(minute, 1.0 / (minute + number + 1)) for minute in range(5)]
        sides.append(Side(name, f"seed {number}", random.integers(0, 255, (50, 50, 3)).astype(np.uint8), curve))
    rows = [[name, *["0.123 ± 0.004"] * (len(HEADS) - 1)] for name in names]
    file = tmp_path_factory.mktemp("page") / "comparison.html"
    write_page(file, "Recipes on data", HEADS, rows, sides, {"Budget": "15m"}, floor=["mean"])
    return file


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_page_is_whole_quiet_and_as_wide_as_its_window(page: Path, browser: Browser, size: ViewportSize) -> None:
    with visit(browser, page, size) as seen:
        expect(seen.page.locator("tbody tr")).to_have_count(len(COLOURS) + 3)
        expect(seen.page.locator("tr.floor th")).to_have_text("mean")
        expect(seen.page.locator(".sides img")).to_have_count(len(COLOURS) + 4)
        expect(seen.page.locator("#chart-kid .scatterlayer .trace")).to_have_count(len(COLOURS) + 2)
        assert seen.overflow <= 0
        assert (seen.requests, seen.complaints) == ([], [])


def test_lines_of_one_colour_differ_in_their_dashes(page: Path, browser: Browser) -> None:
    with visit(browser, page) as seen:
        lines = seen.page.evaluate(
            "document.querySelector('#chart-kid').data.map(({ line }) => line.color + ' ' + line.dash)"
        )
    assert len(set(lines)) == len(lines) == len(COLOURS) + 2


def test_without_pictures_or_curves_their_sections_are_left_out(tmp_path: Path) -> None:
    write_page(tmp_path / "bare.html", "Nothing yet", HEADS, [], [], {})
    text = (tmp_path / "bare.html").read_text("utf-8")
    assert 'id="scores"' in text
    assert 'id="pictures"' not in text
    assert 'id="curves"' not in text


def test_a_table_in_markdown() -> None:
    table = markdown(["a", "b"], [["1", figure(None, ".2f")], ["2", figure(0.126, ".2f")]])
    assert table == "| a | b |\n|---|---|\n| 1 | — |\n| 2 | 0.13 |"
