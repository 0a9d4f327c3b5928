"""In a notebook: representations, a bar, an interruption that keeps the checkpoint, and the example in docs/."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient
from PIL import Image

from ganvas.artist.artist import load
from ganvas.artist.wall import COLUMNS, ROWS
from ganvas.planning.notebook import curve
from ganvas.planning.run import Outcome, train
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.runs.directory import RunDirectory
from ganvas.settings.budget import Progress
from ganvas.training.notebook import LINES, NotebookDisplay, is_notebook
from support.command_line import PATIENCE
from support.datasets import write_dataset
from support.narrowing import not_none
from support.runs import TINY
from support.snapshots import write_snapshot

EXAMPLE = Path(__file__).parents[1] / "docs" / "example.ipynb"


def pictures(html: str) -> list[Image.Image]:
    """The pictures inside HTML."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(content))) for content in found]


@pytest.mark.parametrize("names", [[], ["sea", "<forest>"]])
def test_a_generator_shows_its_wall(names: list[str], tmp_path: Path) -> None:
    artist = load(write_snapshot(tmp_path / "x.safetensors", "atelier", names, 32))
    html = artist._repr_html_()
    (picture,) = pictures(html)
    pixels = np.asarray(picture.convert("RGB"))
    first = artist.sample(1, label=names[0] if names else None)[0]
    margin = picture.width - COLUMNS * 34 + 2
    assert np.array_equal(pixels[:32, margin : margin + 32], first)
    assert picture.height == (len(names) or ROWS) * 34 - 2
    assert "<forest>" not in html


def test_an_outcome_shows_its_verdict_its_curve_and_its_grid(tmp_path: Path) -> None:
    scored = TINY | {"eval_samples": 32, "extractor": "pixels", "eval_every": "2steps"}
    outcome = train(write_dataset(tmp_path / "data"), tmp_path / "run & more", "mlp", budget="4steps", **scored)
    html = outcome._repr_html_()
    assert "run &amp; more" in html
    assert "finished at 0.0 kimg, best KID" in html
    assert "warming up" in html
    assert re.search(r"KID \d\.\d{4} at \d", html)
    (grid,) = pictures(html)
    newest = list(RunDirectory.open(outcome.run).sample_grids.values())[-1]
    with Image.open(newest) as expected:
        assert np.array_equal(np.asarray(grid.convert("RGB")), np.asarray(expected.convert("RGB")))


def test_an_outcome_whose_run_is_gone_says_so(tmp_path: Path) -> None:
    html = Outcome(tmp_path / "gone", finished=False, kimg=1.5, best_kid=None)._repr_html_()
    assert "interrupted at 1.5 kimg; continue with ganvas.resume(" in html
    assert "is not a run directory" in html


def test_the_curve_ends_at_its_edges_and_marks_the_lowest_value() -> None:
    drawing = curve([(0.0, 0.4), (1.0, 0.1), (4.0, 0.2)])
    pairs = not_none(re.search('points="(.*?)"', drawing))[1].split()
    points = [[float(each) for each in pair.split(",")] for pair in pairs]
    assert [x for x, _ in points] == [8, 84, 312]
    assert points[0][1] == 8
    assert points[1][1] == 112
    assert 'cx="84.0" cy="112.0"' in drawing
    assert "lowest 0.1000 at 1.0 min" in drawing


def test_there_is_no_notebook_here() -> None:
    assert not is_notebook()


def test_the_bar_shows_the_newest_lines_and_no_markup_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    display = NotebookDisplay()
    monkeypatch.setattr(display, "_show", lambda: shown.append(display.html()))
    for number in range(LINES + 3):
        display.say(f"line {number} <b>")
    record = {"kimg": 1.25, "d_loss": 0.5, "g_loss": 2.0, "img_per_s": 100.0}
    display.stats(record, Progress(10, seconds=30.0), seconds_left=90.0)
    assert "line 2 " not in shown[-1]
    assert "line 3 &lt;b&gt;" in shown[-1]
    assert 'value="0.2500"' in shown[-1]
    assert "1.2 kimg | D 0.500 G 2.000 | 100 img/s | 1:30 left" in shown[-1]
    assert len(shown) == LINES + 4


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[tuple[KernelManager, Any]]:
    manager, client = start_new_kernel(cwd=str(tmp_path))
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_interrupting_a_cell_keeps_the_checkpoint(kernel: tuple[KernelManager, Any], tmp_path: Path) -> None:
    manager, client = kernel
    write_dataset(tmp_path / "data")
    options = ", ".join(f"{key}={value!r}" for key, value in (TINY | {"budget": "60m", "log_every": "1steps"}).items())
    code = f"import ganvas\noutcome = ganvas.train('data', 'run', 'mlp', {options})\noutcome"
    shown: list[str] = []
    interrupted = False

    def watch(message: Any) -> None:
        nonlocal interrupted
        content = message["content"]
        if "data" in content:
            shown.append(content["data"].get("text/html", ""))
        if not interrupted and shown and " kimg | D " in shown[-1]:
            interrupted = True
            manager.interrupt_kernel()

    reply = client.execute_interactive(code, output_hook=watch, timeout=round(PATIENCE))
    assert reply["content"]["status"] == "ok", reply["content"]
    assert any("<progress" in each for each in shown)
    assert "interrupted at" in shown[-1]
    assert "continue with ganvas.resume(" in shown[-1]
    assert CheckpointDirectory(RunDirectory.open(tmp_path / "run").checkpoints)


# Slow, because it prepares, trains and exports, which other tests do by themselves.
@pytest.mark.slow
def test_the_example_runs_and_shows_what_it_says(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLE, as_version=4)
    nbformat.validate(notebook)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert first.source.endswith('pictures, options = 600, {"budget": "2m"}')
    # Smaller, but otherwise as it stands.
    first.source += f"\npictures, options = 24, {TINY | {'budget': '2steps', 'vision': 0, 'd_width': 4}}"
    NotebookClient(notebook, timeout=round(PATIENCE), resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [each for cell in notebook.cells if cell.cell_type == "code" for each in cell.outputs]
    html = [each.data["text/html"] for each in outputs if "text/html" in each.get("data", {})]
    assert any("<progress" in each for each in html)
    assert sum(bool(pictures(each)) for each in html) == 2
    assert any("(4, 32, 32, 3)" in each.get("data", {}).get("text/plain", "") for each in outputs)
    assert (tmp_path / "page.html").is_file()
