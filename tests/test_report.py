"""The run page: what it shows of a run, that it needs nothing beside it, and that it works in a browser."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.typing import NDArray
from playwright.sync_api import Browser, ViewportSize, expect

from ganvas.artist.grids import grid, write_png
from ganvas.data.dataset.layout import Info
from ganvas.foundation.errors import GanvasError, RunError
from ganvas.foundation.files import append_record
from ganvas.report import charts, html
from ganvas.report.run import sample_grids, verdict
from ganvas.report.run.page import render, write_page
from ganvas.report.run.run import Run
from ganvas.verdict.kinds import in_order
from support.browser import DESKTOP, PHONE, visit

SIZE, SIDE, KIMG = 32, 8, 38.4
CLASSES = ["dunes", "<b>harbours</b>", "nocturnes & mists"]
DATASET: dict[str, Any] = {
    "fingerprint": "9f" * 32,
    "count": 300,
    "size": SIZE,
    "label_column": "genre",
    "class_names": CLASSES,
}


def paintings(count: int, blur: float, seed: int) -> NDArray[np.uint8]:
    """Landscapes of two colours with a sun, uint8 [count, S, S, 3]; `blur`, 0 to 1, hides them in noise."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : SIZE * 1j, 0 : 1 : SIZE * 1j]
    horizon, wave = chance.uniform(0.35, 0.75, (2, count, 1, 1))
    sky, land, sun = chance.uniform(0, 255, (3, count, 1, 1, 3))
    at_x, at_y, radius = chance.uniform((0.2, 0.1, 0.05), (0.8, 0.5, 0.16), (count, 3)).T[:, :, None, None]
    ground = y > horizon + 0.08 * np.sin(9 * wave * x + 7 * wave)
    picture = np.where(ground[..., None], land, sky * (0.6 + 0.4 * y[..., None]))
    disc = (x - at_x) ** 2 + (y - at_y) ** 2 < radius**2
    picture = np.where((disc & ~ground)[..., None], sun, picture)
    noise = np.random.default_rng(99).uniform(0, 255, picture.shape)
    mixed: NDArray[np.float64] = (1 - blur) * picture + blur * noise
    return mixed.astype(np.uint8)


def make_dataset(path: Path) -> None:
    path.mkdir()
    count = DATASET["count"]
    np.save(path / "images.npy", paintings(count, blur=0, seed=1))
    index = pd.DataFrame(
        {"source": [f"{n}.jpg" for n in range(count)], "genre": [CLASSES[n % 3] for n in range(count)]}
    )
    index.to_parquet(path / "index.parquet")
    info = Info.model_validate(DATASET)
    (path / "dataset.json").write_text(info.model_dump_json())


def make_run(path: Path, data: Path) -> None:
    """A run directory as the trainer leaves it: 400 log lines, 8 evaluations, 12 sample grids."""
    (path / "samples").mkdir(parents=True)
    config = {
        "schema_version": 1,
        "ganvas": "0.1.0",
        "recipe": "dcgan",
        "data": str(data),
        "dataset": DATASET,
        "networks": {"generator_parameters": 3_576_704, "discriminator_parameters": 2_765_568},
        "machine": {
            "device": "cpu",
            "device_name": "A Processor @ 2.10GHz",
            "precision": "float32",
            "threads": 2,
        },
        "versions": {"python": "3.11.4", "torch": "2.8.0", "torchvision": "0.23.0"},
        "settings": {"seed": 0, "budget": "5m", "grid_size": SIDE, "eval_samples": 1000},
        "options": {"batch_size": 64, "width": 64, "latent_dim": 100, "g_lr": 0.0002, "d_lr": 0.0002},
        "command": f"ganvas train {data.name} --recipe dcgan --budget 5m --seed 0",
    }
    (path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    write_lines(path / "stats.jsonl", [stats_line(done) for done in np.linspace(0, 1, 401)[1:]])
    write_lines(path / "evals.jsonl", eval_lines())
    for done in np.linspace(0, 1, 12):
        sheet = grid(paintings(SIDE * SIDE, blur=0.9 * (1 - done) ** 2, seed=7), SIDE)
        write_png(sample_file(path, KIMG * done), sheet)


def sample_file(run: Path, kimg: float) -> Path:
    return run / "samples" / f"{kimg:012.3f}.png"


def stats_line(done: float) -> dict[str, Any]:
    chance = np.random.default_rng(int(done * 1e6))
    real, fake = 0.35 + 0.1 * chance.normal(size=2) * (1.2 - done) + 0.2 * np.exp(-6 * done)
    return {
        "kimg": KIMG * done,
        "seconds": 302 * done,
        "img_per_s": 131 + 6 * chance.normal() - 50 * (chance.random() < 0.02),
        "step": int(600 * done),
        "d_loss": real + fake,
        "g_loss": 1.1 + 1.6 * done + 0.35 * chance.normal(),
        "d_loss/real": real,
        "d_loss/fake": fake,
        "d_accuracy_real": float(np.clip(0.78 + 0.1 * done + 0.05 * chance.normal(), 0, 1)),
        "d_accuracy_fake": float(np.clip(0.81 + 0.12 * done + 0.05 * chance.normal(), 0, 1)),
    }


def eval_lines() -> list[dict[str, Any]]:
    """Scores that fall, reach their best at the seventh evaluation, and rise again."""
    kids = [0.412, 0.201, 0.122, 0.081, 0.0496, 0.0311, 0.0213, 0.0266]
    return [
        {
            "kimg": KIMG * (n + 1) / 8,
            "seconds": 4.2 + 0.1 * n,
            "kid": kid,
            "kid_se": 0.001 + kid * 0.03,
            "fid": 30 + 400 * kid,
            "precision": 0.31 + 0.05 * n,
            "recall": 0.08 + 0.06 * n,
            "modes_covered": 5 + n,
            "modes_total": 12,
            "extractor": "efficientnet-lite2",
            "generated": 1000,
            "real": 300,
            "best": n <= 6,
        }
        for n, kid in enumerate(kids)
    ]


def write_lines(file: Path, records: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, its dataset and its page, which no test changes."""
    folder = tmp_path_factory.mktemp("gallery")
    make_dataset(folder / "painted")
    make_run(folder / "run", folder / "painted")
    write_page(folder / "run", folder / "page.html")
    return folder


@pytest.fixture
def run(gallery: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may break."""
    return shutil.copytree(gallery / "run", tmp_path / "run")


def change_config(run: Path, **changes: Any) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text("utf-8"))
    (run / "config.yaml").write_text(yaml.safe_dump(config | changes))


# --- What it says ---


def test_page_states_what_was_trained_on_what_and_how_well(gallery: Path) -> None:
    text = (gallery / "page.html").read_text("utf-8")
    for expected in (
        "<em>dcgan</em> on painted",
        "Trained for 5 min 2 s on 300 pictures",
        "3.58 million parameters",
        "A Processor @ 2.10GHz · cpu",
        "0.412 →",
        "0.0213 ± 0.0016",
        "11 of 12",
        "<strong>efficientnet-lite2</strong>, 1,000 generated pictures against",
        "not the FID of the literature",
        "ganvas train painted --recipe dcgan --budget 5m --seed 0",
        "64 of the pictures in painted",
    ):
        assert expected in text


def best_record(run: Path) -> dict[str, object]:
    best = Run.open(run).logs.best
    assert best is not None
    return best.record()


def test_best_is_the_snapshot_that_was_kept_or_else_the_lowest_kid(run: Path) -> None:
    records = eval_lines()
    assert best_record(run) == records[6]
    write_lines(
        run / "evals.jsonl",
        [{**record, "best": False} for record in records[:4]] + [{"kimg": 30, "kid": None}],
    )
    assert best_record(run) == {**records[3], "best": False}


def test_names_are_escaped(run: Path, tmp_path: Path) -> None:
    hostile = "<script>alert('x')</script>"
    change_config(run, recipe=hostile, data=f"/pictures/{hostile}", command=f"{hostile} & more")
    (run / "stats.jsonl").write_text(json.dumps(stats_line(0.5) | {f"d_loss/{hostile}": 1.0}))
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    assert "alert('x')" not in text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; more" in text


def test_a_page_of_many_big_grids_stays_light(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_grids, "PICTURE_BYTES", 500_000)
    write_png(sample_file(run, 40), np.random.default_rng(0).integers(0, 256, (260, 260, 3), dtype=np.uint8))
    for kimg in range(41, 80):
        shutil.copy(sample_file(run, 40), sample_file(run, kimg))
    section = sample_grids.pictures(Run.open(run))
    assert section is not None
    kimgs = [each["kimg"] for each in section["grids"]]
    assert len(kimgs) <= sample_grids.MAX_GRIDS
    assert (kimgs[0], kimgs[-1]) == (0, 79)
    assert section["grids"][section["best"]]["kimg"] == pytest.approx(KIMG * 10 / 11, abs=1e-3)
    assert sum(len(each["uri"]) for each in section["grids"]) < 1.4 * sample_grids.PICTURE_BYTES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (html.significant(0.0213), "0.0213"),
        (html.significant(-0.00012), "-0.000120"),
        (html.significant(1304.2), "1,304"),
        (html.significant(0.0), "0.000"),
        (html.significant(math.nan), "—"),
        (html.plus_minus(0.02134, 0.00112), "0.0213 ± 0.0011"),
        (html.plus_minus(0.5, None), "0.500"),
        (html.duration(45.4), "45 s"),
        (html.duration(302), "5 min 2 s"),
        (html.duration(7260), "2 h 1 min"),
        (html.whole(None), "—"),
    ],
)
def test_numbers_read_well(text: str, expected: str) -> None:
    assert text == expected


def test_long_logs_are_averaged_down() -> None:
    figure = charts.curves([{"kimg": n / 10, "img_per_s": 100.0} for n in range(20_000)], [], None)[0].figure
    assert len(figure.data[0].x) == charts.POINTS
    assert set(figure.data[0].y) == {100.0}


def test_accuracy_and_losses_share_the_axis_of_time() -> None:
    stats = [
        {"kimg": n, "d_loss": 0.5, "g_loss": 2.0, "d_accuracy_real": 1.0, "d_accuracy_fake": 0.5} for n in range(9)
    ]
    (chart,) = [chart for chart in charts.curves(stats, [], None) if chart.name == "accuracy-losses"]
    traces = {trace.name: trace for trace in chart.figure.data}
    assert list(traces) == ["loss, discriminator", "loss, generator", "accuracy, discriminator"]
    assert [trace.yaxis for trace in traces.values()] == [None, None, "y2"]
    assert set(traces["accuracy, discriminator"].y) == {0.75}
    for missing in ("d_loss", "g_loss"), ("d_accuracy_real", "d_accuracy_fake"):
        some = [{key: value for key, value in line.items() if key not in missing} for line in stats]
        assert "accuracy-losses" not in [chart.name for chart in charts.curves(some, [], None)]


# --- The verdict ---

VERDICTS = ["warming up", "learning", "learning", "collapsing", "learning", "converged", "memorising", "memorising"]


def judged_lines() -> list[dict[str, Any]]:
    """Evaluations that came to verdicts, the last of which is about a class with a hostile name."""
    return [
        record
        | {"verdict": verdict, "verdict_since": 0.0, "recall_se": 0.02, "diversity": 0.5, "copies": 0.03}
        | ({"verdict_classes": CLASSES[1:2], "evidence": {"copies": 0.034}, "advice": "add pictures"} if n > 5 else {})
        for n, (record, verdict) in enumerate(zip(eval_lines(), VERDICTS, strict=True))
    ]


def test_fid_is_drawn_of_evaluations_with_equally_many_pictures() -> None:
    scores = [line | {"generated": 64 if n < 2 else 1000} for n, line in enumerate(eval_lines())]
    (chart,) = [chart for chart in charts.curves([], scores, None) if chart.name == "fid"]
    assert list(chart.figure.data[0].y) == [line["fid"] for line in scores[2:]]
    (chart,) = [chart for chart in charts.curves([], scores, None) if chart.name == "kid"]
    assert len(chart.figure.data[0].y) == len(scores)


def test_the_verdict_stands_at_the_top_with_what_it_rests_on(run: Path, tmp_path: Path) -> None:
    records = judged_lines()
    records[-1] |= {"verdict_since": 33.6, "response": "stop"}
    records[3] |= {"response": "roll back"}
    write_lines(run / "evals.jsonl", records)
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    top = " ".join(text[text.index('id="verdict"') : text.index('id="pictures"')].split())
    for expected in (
        '<strong class="verdict-badge">memorising</strong>',
        "since 33.6 kimg",
        "It copies training pictures",
        "Class in question: &lt;b&gt;harbours&lt;/b&gt;.",
        "To try: add pictures",
        "Rolled back to its best evaluation at 19.2 kimg, with lower learning rates. "
        "Training was stopped because of it.",
        "share of near copies <b>0.0340</b>",
    ):
        assert expected in top
    assert "3.0 %" in text[text.index('id="evaluations"') :]


def test_every_verdict_there_is_has_a_colour_and_a_meaning() -> None:
    kinds = in_order()
    assert all(kind.colour and kind.meaning for kind in kinds)
    assert len({kind.colour for kind in kinds}) == len({kind.name for kind in kinds}) == len(kinds)


def test_a_run_whose_loss_was_no_number_still_has_a_page(run: Path, tmp_path: Path) -> None:
    with (run / "evals.jsonl").open("a") as file:
        file.write(json.dumps({"kimg": 40.0, "kid": None, "best": False, "verdict": "diverged", "evidence": {}}) + "\n")
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    assert '<strong class="verdict-badge">diverged</strong>' in text
    assert "0.0213 ± 0.0016" in text
    assert "Based on" not in text


def test_a_verdict_holds_for_the_time_before_its_evaluation(run: Path) -> None:
    write_lines(run / "evals.jsonl", judged_lines())
    band = verdict.band(Run.open(run))
    assert band is not None
    assert [span.verdict for span in band.spans] == [
        "warming up",
        "learning",
        "collapsing",
        "learning",
        "converged",
        "memorising",
    ]
    assert [round(span.end, 1) for span in band.spans] == [4.8, 14.4, 19.2, 24.0, 28.8, 38.4]
    assert [span.start for span in band.spans[1:]] == [span.end for span in band.spans[:-1]]
    assert sum(span.width for span in band.spans) == pytest.approx(1)
    times = {entry["verdict"]: entry["times"] for entry in band.legend}
    assert times["learning"] == "4.8\N{EN DASH}14.4, 19.2\N{EN DASH}24.0"


def test_runs_from_before_the_verdict_and_words_it_does_not_know_are_no_problem(run: Path, tmp_path: Path) -> None:
    assert verdict.badge(Run.open(run)) is None
    assert verdict.band(Run.open(run)) is None
    strange = {"kimg": 39.0, "verdict": "<i>dreaming</i>", "evidence": [1], "verdict_classes": "x", "advice": None}
    with (run / "evals.jsonl").open("a") as file:
        file.write(json.dumps(strange) + "\n")
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    assert "&lt;i&gt;dreaming&lt;/i&gt;" in text
    assert "<i>dreaming" not in text
    band = verdict.band(Run.open(run))
    assert band is not None
    assert [(span.start, span.end) for span in band.spans] == [(KIMG, 39.0)]


# --- What may be missing ---


def test_a_run_that_has_only_begun(run: Path, tmp_path: Path) -> None:
    for file in (run / "samples").iterdir():
        file.unlink()
    (run / "stats.jsonl").unlink()
    (run / "evals.jsonl").unlink()
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    assert "Nothing is logged yet" in text
    assert "has not been evaluated" in text
    assert 'id="pictures"' not in text
    assert "Plotly" not in text


def test_torn_lines_and_files_and_lost_numbers_are_left_out(run: Path, tmp_path: Path) -> None:
    lost: dict[str, Any] = {"kimg": 39.0, "kid": None, "fid": math.nan}
    with (run / "evals.jsonl").open("a") as file:
        file.write(json.dumps(lost) + '\n{"kimg": 40.0, "ki')
    with (run / "stats.jsonl").open("a") as file:
        file.write(json.dumps(stats_line(1.0) | {"d_loss": None, "g_loss": math.inf}) + '\n{"kim')
    last = sorted((run / "samples").iterdir())[-1]
    last.write_bytes(last.read_bytes()[:500])
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    assert "0.0213 ± 0.0016" in text
    assert "after 38.4 kimg" not in text
    assert "39.0" in text


def test_values_that_are_not_numbers_are_left_out(run: Path, tmp_path: Path) -> None:
    values: list[Any] = [10**400, "\ud800", [1], {"a": 1}, "high", None]
    for value in values:
        append_record(run / "evals.jsonl", {"kimg": 39.0, "kid": value, "classes": value, "verdict": value})
        append_record(run / "stats.jsonl", stats_line(39.0) | {"d_loss": value, "img_per_s": value, "seconds": value})
    text = write_page(run, tmp_path / "page.html").read_text("utf-8")
    assert "0.0213 ± 0.0016" in text


@pytest.mark.parametrize("change", [{"data": "/gone"}, {"dataset": {**DATASET, "fingerprint": "other"}}])
def test_real_pictures_are_shown_only_if_they_are_those_of_the_run(run: Path, change: dict[str, Any]) -> None:
    change_config(run, **change)
    text = render(Run.open(run))
    assert "<h2>Generated</h2>" in text
    assert "<h2>Real</h2>" not in text


def test_what_is_no_run_is_refused(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    for no_run in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(RunError, match="is not a run directory"):
            write_page(no_run, out)
    (run / "config.yaml").write_text("recipe: [dcgan")
    with pytest.raises(RunError, match="cannot be read"):
        write_page(run, out)
    (run / "config.yaml").write_text("schema_version: 7")
    with pytest.raises(RunError, match="schema version 7"):
        write_page(run, out)
    assert not out.exists()


def test_a_failed_write_leaves_the_page_as_it_was(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "page.html"
    out.write_text("before")

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(GanvasError, match="No space left"):
        write_page(run, out)
    assert out.read_text("utf-8") == "before"
    assert sorted(tmp_path.iterdir()) == [out, run]


def test_the_page_does_without_torch() -> None:
    code = "import sys, ganvas.report.run.page; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- In a browser ---


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_page_fits_its_window_asks_for_nothing_and_complains_of_nothing(
    gallery: Path, browser: Browser, size: ViewportSize
) -> None:
    with visit(browser, gallery / "page.html", size) as seen:
        seen.page.wait_for_selector(".chart .legend")
        # The chart of accuracy and losses has a layer for each of its two axes.
        assert seen.page.locator(".chart .scatterlayer").count() == 8
        assert seen.overflow <= 0
    assert seen.requests == []
    assert seen.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize(
    "size", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.slow)]
)
def test_the_band_says_what_was_when(run: Path, tmp_path: Path, browser: Browser, size: ViewportSize) -> None:
    write_lines(run / "evals.jsonl", judged_lines())
    with visit(browser, write_page(run, tmp_path / "page.html"), size) as seen:
        words, spans = seen.page.locator(".band-description"), seen.page.locator(".band button")
        assert words.inner_text() == "memorising (<b>harbours</b>): 28.8 to 38.4 kimg"
        spans.nth(2).hover()
        assert words.inner_text() == "collapsing: 14.4 to 19.2 kimg"
        spans.nth(0).click()
        assert words.inner_text() == "warming up: 0.0 to 4.8 kimg"
        legend = seen.page.locator(".band-legend b").all_inner_texts()
        assert legend == ["warming up", "learning", "collapsing", "converged", "memorising"]
        # Each chart repeats it; the dotted lines of some are shapes too.
        strips = "chart => chart.layout.shapes.filter(shape => shape.fillcolor).length"
        charts = seen.page.locator(".chart > div").all()
        assert [chart.evaluate(strips) for chart in charts] == [6] * len(charts)
        assert seen.overflow <= 0
    assert seen.complaints == []


@pytest.mark.browser
def test_slider_and_buttons_choose_the_picture(gallery: Path, browser: Browser) -> None:
    with visit(browser, gallery / "page.html") as seen:
        shown, moment = seen.page.locator(".frames .is-shown img"), seen.page.locator("#moment")
        output = seen.page.locator(".controls output")
        assert output.inner_text() == "34.9 kimg · best"
        best = shown.get_attribute("src")
        moment.focus()
        seen.page.keyboard.press("ArrowLeft")
        assert output.inner_text() == moment.get_attribute("aria-valuetext") == "31.4 kimg"
        assert shown.get_attribute("src") != best
        assert shown.is_visible()
        for name, text in (("First", "0.0 kimg"), ("Last", "38.4 kimg"), ("Best", "34.9 kimg · best")):
            seen.page.get_by_role("button", name=name).click()
            assert output.inner_text() == text
        assert shown.get_attribute("src") == best


@pytest.mark.browser
def test_paper_shows_three_moments_and_smaller_charts(gallery: Path, browser: Browser) -> None:
    with visit(browser, gallery / "page.html") as seen:
        drawing = seen.page.locator("#chart-losses .main-svg").first
        on_screen = drawing.get_attribute("width")
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        printed = [item for item in seen.page.locator(".frames > li").all() if item.is_visible()]
        assert [item.inner_text() for item in printed] == ["0.0 kimg", "20.9 kimg", "38.4 kimg"]
        assert not seen.page.locator("#moment").is_visible()
        expect(drawing).to_have_attribute("width", "320")
        seen.page.emulate_media(media="screen")
        seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(drawing).to_have_attribute("width", on_screen)


@pytest.mark.browser
def test_hostile_names_do_not_run(run: Path, tmp_path: Path, browser: Browser) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    change_config(run, recipe=hostile, options={hostile: hostile})
    write_lines(run / "stats.jsonl", [stats_line(n / 10) | {f"d_loss/{hostile}": 1.0} for n in range(1, 10)])
    with visit(browser, write_page(run, tmp_path / "page.html")) as seen:
        seen.page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
        seen.page.wait_for_selector(".chart .legend")
        assert hostile in seen.page.locator("h1").inner_text()
    assert seen.requests == []
    assert seen.complaints == []
