"""The page of a sweep in a browser: whole by itself, on any screen, whatever its options are called."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from ganvas.data.dataset.dataset import Dataset
from ganvas.report.sweep.page import BEST, WORST, write_page
from ganvas.report.sweep.trials import SweptTrial, cells
from ganvas.settings.ranges import Range, Value, Values, Varied
from support.browser import DESKTOP, PHONE, visit
from support.datasets import write_dataset

HOSTILE = "</script><img src=x onerror=alert(1)>"
RANGES: dict[str, Varied] = {
    "g_lr": Range(1e-5, 1e-2, log=True),
    "width": Range(8, 64),
    "augment": Values((HOSTILE, "none")),
}


def trial(number: int, *, is_whole: bool) -> SweptTrial:
    values: dict[str, Value] = {
        "g_lr": 10.0 ** -(2 + number % 4),
        "width": 8 + number,
        "augment": HOSTILE if number % 2 else "none",
    }
    return SweptTrial(
        number=number,
        is_whole=is_whole,
        ending="trained to the end" if is_whole else HOSTILE,
        values={} if number == 0 else values,
        kid=0.1 * (number + 1),
        kid_se=0.01 if is_whole else None,
        kimg=8.0 if is_whole else 2.0,
        curve=[(kimg, 1.0 / kimg + 0.1 * number) for kimg in ((2.0, 4.0, 8.0) if is_whole else (2.0,))],
        has_defaults=number == 0,
        host="a-machine",
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, random = tmp_path_factory.mktemp("page"), np.random.default_rng(0)
    trials = [trial(number, is_whole=number < 7) for number in range(12)]
    write_page(
        folder / "sweep.html",
        title=f"Settings of {HOSTILE}",
        summary="12 trials",
        trials=trials,
        ranges=RANGES,
        importances={"g_lr": 0.7, "augment": 0.2, "width": 0.1},
        sheets={number: random.integers(0, 255, (50, 50, 3)).astype(np.uint8) for number in range(10)},
        data=Dataset.open(write_dataset(folder / "data", classes=0)),
        facts={"Recipe": HOSTILE},
    )
    return folder / "sweep.html"


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_page_is_whole_quiet_and_as_wide_as_its_window(page: Path, browser: Browser, size: ViewportSize) -> None:
    with visit(browser, page, size) as seen:
        expect(seen.page.locator("tbody tr")).to_have_count(12)
        expect(seen.page.locator("tr.floor")).to_have_count(5)
        expect(seen.page.locator(".sides img")).to_have_count(1 + BEST + WORST)
        expect(seen.page.locator("#chart-courses .scatterlayer .trace")).to_have_count(12)
        expect(seen.page.locator("#options .chart")).to_have_count(1 + len(RANGES))
        expect(seen.page.locator("#trials")).to_contain_text("they were trained on a-machine")
        seen.assert_sound()


def test_a_sweep_without_a_whole_trial_or_pictures_has_a_page(tmp_path: Path) -> None:
    data = Dataset.open(write_dataset(tmp_path / "data", classes=0))
    write_page(tmp_path / "bare.html", "Settings", "0 trials", [], RANGES, {}, {}, data, {})
    text = (tmp_path / "bare.html").read_text("utf-8")
    assert "No trial was trained to the end." in text
    assert 'id="pictures"' not in text
    assert 'id="curves"' not in text


def test_a_row_says_what_is_known() -> None:
    row = cells(SweptTrial(3, False, "failed", {"g_lr": 0.00012345, "width": 8}, error="too large"), list(RANGES))
    assert row == ["3", "—", "—", "too large", "—", "0.000123", "8", "own"]
