"""The exported page paints in a real browser what torch paints, from the disk, and asks for nothing."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, ViewportSize
from torch import Tensor, nn

from ganvas.artist.artist import load
from ganvas.artist.kept_directions import Direction, write_directions
from ganvas.artist.origin import Cell, encoded
from ganvas.artist.png import read_origin
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.pixels import to_uint8
from ganvas.runs.snapshot import Snapshot, save
from ganvas.sharing.export import export
from ganvas.sharing.formats.web import AXES, SEEDS, TEMPLATES, WALL
from ganvas.sharing.javascript import SMALL, program_of
from ganvas.sharing.steps import steps_of
from ganvas.sharing.tracing import Painter, inputs, trace
from support.browser import DESKTOP, PHONE, Visit, visit, wait_until
from support.generators import EACH
from support.snapshots import write_snapshot

pytestmark = pytest.mark.browser
Pixels = NDArray[np.uint8]
NAMES = ["sea", "forest & hill", "</script>"]
# The largest difference that a picture may have from torch's, of 255.
NEAR = 2


@pytest.fixture(scope="module")
def engine(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with the engine and nothing else."""
    source, _, _ = TEMPLATES.get_source(None, "engine.js")  # type: ignore[arg-type]  # the environment is not used
    file = tmp_path_factory.mktemp("engine") / "engine.html"
    file.write_text(f"<script>{source}</script>")
    with visit(browser, file) as opened:
        yield opened.page
        assert opened.complaints == []


def run_in(engine: Page, snapshot: Snapshot, count: int = 6) -> tuple[Pixels, Pixels]:
    """Pictures of a generator by the engine and by torch, uint8 [count, S, S, 3]."""
    program = program_of(steps_of(trace(snapshot, batch=1))).record()
    latents, classes, truncation = inputs(snapshot, count, seed=4)
    rows = [
        {"latents": z.tolist(), "truncation": [0.8], **({} if c is None else {"classes": c.tolist()})}
        for z, c in zip(latents, [None] * count if classes is None else classes, strict=True)
    ]
    painted = engine.evaluate(
        """([model, rows]) => {
          const engine = new Engine(opened(model));
          const floats = ([key, each]) => [key, Float32Array.from(each)];
          return rows.map((row) => [...engine.paint(Object.fromEntries(Object.entries(row).map(floats)))]);
        }""",
        [program, rows],
    )
    ours = np.array(painted, np.uint8).reshape(count, snapshot.card.size, snapshot.card.size, 4)[..., :3]
    with torch.inference_mode():
        return ours, to_uint8(Painter(snapshot.generator)(latents, classes, truncation * 0.8))


@pytest.mark.parametrize("name", EACH)
def test_the_engine_paints_as_torch_does(name: str, engine: Page, generators: Callable[[str], Path]) -> None:
    ours, theirs = run_in(engine, Snapshot.load(generators(name)))
    assert np.abs(ours.astype(int) - theirs).max() <= NEAR
    assert len(np.unique(theirs)) > 20 or name == "mean"


class Convolutions(nn.Module):
    """Operations that recipes of ganvas do without, but that others are likely to have."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8 * 5 * 5)
        self.body = nn.Sequential(
            nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 6, 3, padding=1),
            nn.BatchNorm2d(6, affine=False),
            nn.ReLU(),
            nn.ConvTranspose2d(6, 5, (4, 3), stride=(2, 1), padding=1),
            nn.LeakyReLU(),
            nn.Conv2d(5, 3, 5, stride=2, padding=3),
        )

    def forward(self, latents: Tensor) -> Tensor:
        pictures: Tensor = self.body(self.first(latents).view(-1, 8, 5, 5))
        pictures = torch.stack([pictures * 4, pictures * -4]).amax(0)[..., :6]
        return torch.cat([pictures, pictures.flip(1) * 0.5], 2)[:, :, 3:9].clamp(-1, 1)


def test_operations_of_other_recipes_are_known_or_named(
    engine: Page, generators: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    base = Snapshot.load(generators("mlp"))
    network = Convolutions().eval().requires_grad_(False)
    other = Snapshot(base.card.model_copy(update={"size": 6}), base.recipe, network)
    with pytest.raises(ConfigError, match=r"a web page cannot run flip of this generator, .* --to onnx, which can"):
        run_in(engine, other)
    monkeypatch.setattr(Tensor, "flip", lambda self, *_: self)
    ours, theirs = run_in(engine, other)
    assert np.abs(ours.astype(int) - theirs).max() <= NEAR
    assert theirs.std() > 10


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditional generator of 32 px with two directions, one of which has a name to mind."""
    file = write_snapshot(tmp_path_factory.mktemp("page") / "painter.safetensors", "atelier", NAMES, 32, width=8)
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 2)))[0].T.astype(np.float32)
    about = {"method": "sefa", "strength": 1, "pixels": 1, "features": 1, "extractor": "pixels"}
    kept = [
        Direction.model_validate({"name": name, "vector": encoded(vector), **about})
        for name, vector in zip(("light", "<b>warmth"), vectors, strict=True)
    ]
    write_directions(file, Snapshot.load(file).digest, kept)
    return file


@pytest.fixture(scope="module")
def page(snapshot: Path) -> Path:
    """Its page in one file."""
    export(snapshot, "web", snapshot.parent / "page.html")
    return snapshot.parent / "page.html"


def wait_for_wall(page: Page) -> None:
    page.locator(".wall canvas:not([data-painted])").first.wait_for(state="detached")


def pixels(page: Page, selector: str) -> Pixels:
    """What the canvases show, uint8 [N, S, S, 3]."""
    painted = page.eval_on_selector_all(
        selector,
        "all => all.map((each) => [...each.getContext('2d').getImageData(0, 0, each.width, each.height).data])",
    )
    side = int((len(painted[0]) // 4) ** 0.5)
    return np.array(painted, np.uint8).reshape(-1, side, side, 4)[..., :3]


def is_near(found: Pixels, expected: Pixels) -> bool:
    return bool(np.abs(found.astype(int) - expected).max() <= NEAR)


def assert_near(found: Pixels, expected: Pixels) -> None:
    assert is_near(found, expected)


def set_slider(page: Page, label: str, value: float) -> None:
    page.get_by_label(re.compile(f"^{re.escape(label)}")).last.evaluate(
        "(each, value) => { each.value = value; each.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_wall_shows_the_first_seeds_as_torch_paints_them(
    size: ViewportSize, browser: Browser, page: Path, snapshot: Path
) -> None:
    with visit(browser, page, size) as opened:
        wait_for_wall(opened.page)
        artist = load(snapshot)
        labels = artist.labels(WALL)
        assert labels is not None
        cells = [Cell(seed=seed, label=NAMES[label]) for seed, label in enumerate(labels)]
        assert_near(pixels(opened.page, ".wall canvas"), artist.paint(cells))
        opened.page.get_by_text("seed 0 is as torch paints it").wait_for()
        assert re.fullmatch(r"\d+(\.\d)? ms a picture in this browser", opened.page.inner_text("#pace"))
        opened.assert_sound()


def test_a_folder_asks_for_its_own_files_only(browser: Browser, snapshot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a page"
    export(snapshot, "web", folder)
    assert {each.name for each in folder.iterdir()} == {"index.html", "generator.js"}
    with visit(browser, folder / "index.html") as opened:
        wait_for_wall(opened.page)
        assert opened.requests == [(folder / "generator.js").resolve().as_uri()]
        assert opened.complaints == []


def test_what_is_downloaded_is_made_again_from_its_metadata(
    browser: Browser, page: Path, snapshot: Path, tmp_path: Path
) -> None:
    from PIL import Image

    with visit(browser, page) as opened:
        wait_for_wall(opened.page)
        opened.page.get_by_role("button", name="seed 5").click()
        assert opened.page.evaluate("document.getElementById('easel').open")
        set_slider(opened.page, "light", 2.4)
        set_slider(opened.page, "<b>warmth", -1.2)
        set_slider(opened.page, "sea", 0.5)
        set_slider(opened.page, "Truncation", 0.6)
        opened.page.wait_for_selector("#download:enabled")
        shown = pixels(opened.page, "#easel-canvas")[0]
        with opened.page.expect_download() as downloading:
            opened.page.click("#download")
        downloading.value.save_as(tmp_path / "kept.png")
        assert opened.complaints == []
    assert downloading.value.suggested_filename == "seed5.png"
    with Image.open(tmp_path / "kept.png") as picture:
        assert np.array_equal(np.asarray(picture), shown)
        assert "trainedAlgorithmicMedia" in picture.info["XML:com.adobe.xmp"]
    origin, artist = read_origin(tmp_path / "kept.png"), load(snapshot)
    (cell,) = origin.cells
    assert (cell.seed, cell.truncation) == (5, 0.6)
    assert {edit.direction: edit.amount for edit in cell.edits} == pytest.approx({"light": 2.4, "<b>warmth": -1.2})
    assert isinstance(cell.label, dict)
    assert sum(cell.label.values()) == pytest.approx(1)
    assert origin.snapshot == artist.snapshot.digest
    assert_near(shown[None], artist.paint([cell], origin.vectors))


def test_the_tools_change_the_whole_wall(browser: Browser, page: Path, snapshot: Path) -> None:
    artist = load(snapshot)
    with visit(browser, page) as opened:
        wait_for_wall(opened.page)
        opened.page.fill("#first", "990")
        opened.page.select_option("#class", "1")
        opened.page.select_option("#other", "2")
        set_slider(opened.page, "Share of it", 25)
        set_slider(opened.page, "Truncation", 0.5)
        seeds = [(990 + place) % SEEDS for place in range(WALL)]
        label = {NAMES[1]: 0.75, NAMES[2]: 0.25}
        expected = artist.paint([Cell(seed=seed, label=label, truncation=0.5) for seed in seeds])
        opened.page.wait_for_selector(f".wall button[data-seed='{seeds[-1]}']")
        wait_for_wall(opened.page)
        wait_until(opened.page, lambda: is_near(pixels(opened.page, ".wall canvas"), expected))
        opened.page.click("#later")
        assert opened.page.input_value("#first") == str(SEEDS - 1)
        opened.page.click("#earlier")
        assert opened.page.input_value("#first") == str(SEEDS - 1 - WALL)
        opened.assert_sound()


def test_a_walk_begins_at_its_first_seed_and_plays(browser: Browser, page: Path, snapshot: Path) -> None:
    artist = load(snapshot)
    with visit(browser, page) as opened:
        opened.page.wait_for_selector("#walk-canvas[data-painted]")
        (first,) = pixels(opened.page, "#walk-canvas")
        labels = artist.labels(1)
        assert labels is not None
        assert_near(first[None], artist.paint([Cell(label=NAMES[labels[0]])]))
        opened.page.click("#play")
        seen = {first.tobytes()}

        def has_walked() -> bool:
            seen.add(pixels(opened.page, "#walk-canvas")[0].tobytes())
            return len(seen) > 3

        wait_until(opened.page, has_walked)
        opened.page.click("#play")
        assert opened.page.inner_text("#play") == "Play"
        opened.assert_sound()


def test_a_walk_is_smooth_closed_and_passes_its_seeds(browser: Browser, page: Path) -> None:
    with visit(browser, page) as opened:
        source, _, _ = TEMPLATES.get_source(None, "latents.js")  # type: ignore[arg-type]
        way: Any = opened.page.evaluate(
            """(source) => new Promise((done) => {
              const script = document.createElement("script");
              script.textContent = `{ ${source}; globalThis.walkOf = (count, steps) => {
                const keys = Array.from({length: count}, (_, seed) => latentOf({seed}));
                const points = Array.from({length: count * steps}, (_, at) => [...onWalk(keys, at / steps)]);
                return [keys.map((key) => [...key]), points];
              } }`;
              document.body.append(script);
              done(walkOf(5, 40));
            })""",
            source,
        )
    keys, points = (np.array(each) for each in way)
    assert points[::40] == pytest.approx(keys, abs=1e-5)
    # Steps before and after a seed are alike: no jerk, also from the last seed back to the first.
    steps = np.diff(np.concatenate([points, points[:1]]), axis=0)
    jumps = np.linalg.norm(steps - np.roll(steps, 1, 0), axis=1)
    assert jumps[::40].max() < 3 * np.median(jumps)
    radii = np.linalg.norm(points, axis=1)
    assert radii.min() >= np.linalg.norm(keys, axis=1).min() - 1e-4
    assert radii.max() <= np.linalg.norm(keys, axis=1).max() + 1e-4


def test_a_page_without_classes_has_no_tools_for_them_and_axes_where_no_directions_are_kept(
    browser: Browser, generators: Callable[[str], Path], tmp_path: Path
) -> None:
    lines = export(generators("dcgan"), "web", tmp_path / "page.html")
    assert "sliders are axes of its first layer; find and name better ones with" in lines[-1]
    with visit(browser, tmp_path / "page.html") as opened:
        wait_for_wall(opened.page)
        assert_near(
            pixels(opened.page, ".wall canvas"),
            load(generators("dcgan")).paint([Cell(seed=seed) for seed in range(WALL)]),
        )
        assert opened.page.query_selector("#class") is None
        opened.page.get_by_role("button", name="seed 3").click()
        assert opened.page.locator("#easel-tools label").all_inner_texts()[1].startswith("axis 1")
        assert opened.page.locator("#easel-tools input").count() == 1 + AXES
        opened.page.keyboard.press("Escape")
        assert not opened.page.evaluate("document.getElementById('easel').open")
        opened.assert_sound()


def test_weights_that_half_precision_would_change_stay_in_single(
    generators: Callable[[str], Path], tmp_path: Path
) -> None:
    base = Snapshot.load(generators("mlp"))
    with torch.no_grad():
        # So large that the rounding of each product shows.
        next(each for each in base.generator.parameters() if each.numel() >= SMALL).mul_(200)
    save(tmp_path / "coarse.safetensors", base.generator, base.card)
    assert "half precision" in export(generators("mlp"), "web", tmp_path / "fine")[0]
    assert "single precision" in export(tmp_path / "coarse.safetensors", "web", tmp_path / "coarse")[0]
    for name, is_half in (("fine", True), ("coarse", False)):
        script = (tmp_path / name / "generator.js").read_text("utf-8")
        model = json.loads(script.removeprefix("window.GANVAS = ").rstrip(";\n"))["model"]
        assert any(tensor["half"] for tensor in model["tensors"].values()) == is_half


def test_a_visit_is_counted(browser: Browser, page: Path) -> None:
    """The helper would notice a request: this test cannot pass by its blindness."""
    with visit(browser, page) as opened:
        assert isinstance(opened, Visit)
        opened.page.evaluate("fetch('https://example.org').catch(() => 0)")
        wait_until(opened.page, lambda: bool(opened.requests or opened.complaints))
