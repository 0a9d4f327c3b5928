"""The studio in a headless Chromium."""

import base64
import io
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from ganvas.artist.again import paint_again
from ganvas.artist.artist import load
from ganvas.artist.grids import grid
from ganvas.foundation.locks import exclusive, holder
from ganvas.studio.folder import StudioFolder
from ganvas.studio.jobs import Jobs
from ganvas.studio.votes import Votes
from support.browser import DESKTOP, LARGE, PHONE
from support.command_line import PATIENCE
from support.datasets import noise, write_dataset
from support.studio import Client, StudioProcess, studio
from support.studio_requests import POSTS

pytestmark = pytest.mark.browser


def axe_script() -> str:
    """The accessibility checks of axe. Their package reads them in the encoding of the locale, which must know them."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except UnicodeDecodeError as error:
        pytest.skip(f"axe cannot be read in this locale: {error}")
    script: str = Axe().axe_script
    return script


# Each page, and what is on it once all of it has come.
PAGES = {
    "/": "#parts img",
    "/new": "#survey dl",
    "/new?data=data": "#survey dl",
    "/run?name=first": "#chart-losses .main-svg",
    "/explore?name=first": "#wall .piece:nth-of-type(64)",
    "/compare": "#side-by-side",
    "/classify": "#drop",
    "/export?name=first": "#export",
    "/job?number=1": "#log",
    "/run?name=nothing": "h1",
}
# Those that change while a run is being trained, and those of a folder without anything.
TRAINING = {"/": "#now progress", "/run?name=first": '#run[data-phase="training"] #chart-losses .main-svg'}
EMPTY = {"/": "#now", "/new": "#drop", "/compare": "h1", "/classify": "h1"}
# Adds up how far things move that nobody has moved, as browsers measure it (web.dev/cls): shares of the window.
SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts += each.value;
}).observe({ type: "layout-shift", buffered: true });"""
# What is called no jump at all: a hundredth of the window, moved by its own length.
STILL = 0.01


class Visit:
    """A page of the studio in a window of its own, and what its console says."""

    def __init__(self, browser: Browser, client: Client, **options: object) -> None:
        self.client, self.complaints = client, list[str]()
        self.page: Page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.add_init_script(SHIFTS)
        self.page.goto(client.server.address)

    def go(self, path: str) -> Page:
        self.page.goto(f"http://{self.client.host}{path}")
        return self.page

    def assert_sound(self) -> None:
        """Nothing on the console, no sideways scrolling, no jumps, and nothing that axe finds."""
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert self.page.evaluate("window.shifts") < STILL
        assert [each for each in self.complaints if "404" not in each] == []
        # The policy of the page keeps axe from being added as a script, so its text is evaluated.
        self.page.evaluate(axe_script())
        assert self.page.evaluate("async () => (await axe.run()).violations.map(each => each.id)") == []


@pytest.fixture
def visit(browser: Browser, client: Client) -> Iterator[Visit]:
    visit = Visit(browser, client, viewport=DESKTOP)
    yield visit
    visit.page.context.close()


@pytest.fixture
def client(client: Client, started: list[list[str]]) -> Client:
    """Asks the studio, which has started a command, or does as if."""
    if not Jobs(StudioFolder(client.root)).all():
        assert client.post("/new/forecast", **POSTS["/new/forecast"]).status == 200
    return client


def test_every_page_is_sound_on_a_phone_in_the_dark(browser: Browser, client: Client) -> None:
    look_at(PAGES, Visit(browser, client, viewport=PHONE, color_scheme="dark"))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP, LARGE], ids=["phone", "desktop", "4k"])
def test_every_page_is_sound_in_light_and_dark_small_and_large(
    browser: Browser, client: Client, root: Path, tmp_path: Path, size: ViewportSize, scheme: str
) -> None:
    look_at(PAGES, Visit(browser, client, viewport=size, color_scheme=scheme))
    with exclusive(root / "first", "trained"):
        look_at(TRAINING, Visit(browser, client, viewport=size, color_scheme=scheme))
    with studio(tmp_path) as empty:
        look_at(EMPTY, Visit(browser, empty, viewport=size, color_scheme=scheme))
    with studio(tmp_path, "correct horse") as closed:
        look_at({"/login": "#password"}, Visit(browser, closed, viewport=size, color_scheme=scheme))


def look_at(pages: Mapping[str, str], visit: Visit) -> None:
    for path, last in pages.items():
        visit.go(path).wait_for_selector(last)
        visit.assert_sound()
    visit.page.context.close()


def test_the_first_page_sharpens_with_its_runs(visit: Visit, root: Path) -> None:
    page = visit.go("/")
    page.wait_for_selector("#parts img")
    link = page.get_by_role("link", name="second")
    link.focus()
    samples = root / "first" / "samples"
    newest = samples / "00000099.000.png"
    shutil.copy(max(samples.glob("*.png")), newest)
    try:
        expect(page.locator('#parts img[src*="at=99"]')).to_have_js_property("complete", True)
        expect(link).to_be_focused()
    finally:
        newest.unlink()
    assert visit.complaints == []


def test_the_slider_shows_every_moment(visit: Visit) -> None:
    page = visit.go("/run?name=first")
    slider, said = page.locator("#moment"), page.locator("#moment-said")
    newest = page.locator("#grid").get_attribute("src")
    slider.focus()
    slider.press("Home")
    expect(said).to_contain_text("0.0 kimg")
    expect(page.locator("#grid")).not_to_have_attribute("src", newest or "")
    expect(page.locator("#grid")).to_have_js_property("complete", True)


def test_a_picture_is_found_changed_kept_and_painted_again(visit: Visit, root: Path, tmp_path: Path) -> None:
    page = visit.go("/explore?name=first")
    tiles = page.locator("#wall .piece")
    tiles.nth(1).click()
    expect(page.locator("#words")).to_contain_text("seed 0, number 1")
    tiles.nth(1).press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#words")).to_contain_text("number 2")
    page.locator("#truncation").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#label").select_option("class1")
    expect(page.locator("#words")).to_have_text("seed 0, number 2, class1, truncation 0.95")
    expect(page.locator("#command")).to_contain_text("--first 2 --label class1 --truncation 0.95")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download").click()
    file = tmp_path / "picture.png"
    downloaded.value.save_as(file)
    assert paint_again(root / "first", file, tmp_path / "again.png").differing == 0
    tiles.nth(2).focus()
    page.keyboard.press(" ")
    expect(page.locator("#favourites .piece")).to_have_count(1)
    assert [str(each.origin.cells[0]) for each in load(root / "first").favourites] == [
        "seed 0, number 2, class1, truncation 0.95"
    ]
    page.keyboard.press("z")
    expect(page.locator("#words")).to_contain_text("number 1")
    page.reload()
    page.locator("#file").set_input_files(file)
    expect(page.locator("#words")).to_have_text("seed 0, number 2, class1, truncation 0.95")
    expect(page.locator("#truncation")).to_have_value("0.95")
    expect(page.locator("#label")).to_have_value("2")
    assert visit.complaints == []


def test_the_wall_goes_on_as_it_is_scrolled(visit: Visit) -> None:
    page = visit.go("/explore?name=first")
    page.wait_for_selector("#wall .piece:nth-of-type(64)")
    for seed in ("5", "6"):
        page.locator("#seed").fill(seed)
        page.locator("#seed").press("Enter")
    before = page.locator("#wall .piece").count()
    page.locator("#wall").evaluate("wall => wall.scrollTo(0, wall.scrollHeight)")
    page.wait_for_selector(f'#wall .piece:nth-of-type({before + 1})[aria-label="Seed 6, number {before}"]')


def test_there_is_a_way_between_two_pictures(visit: Visit) -> None:
    page = visit.go("/explore?name=first")
    for number, end in ((0, "Begin"), (3, "End")):
        page.locator("#wall .piece").nth(number).click()
        page.get_by_role("button", name=f"{end} with the chosen picture").click()
    expect(page.locator("#way .piece")).to_have_count(8)
    page.locator("#way .piece").nth(4).click()
    expect(page.locator("#words")).to_contain_text("a latent of its own")


@pytest.fixture
def copied(root: Path, client: Client) -> Iterator[str]:
    """The name of a third run, with both snapshots of the first one."""
    shutil.copytree(root / "first", root / "third", symlinks=True)
    shutil.copy(root / "first" / "snapshots" / "last.safetensors", root / "third" / "snapshots" / "best.safetensors")
    client.server.studio.folder.forget()
    yield "third"
    shutil.rmtree(root / "third")
    client.server.studio.folder.forget()


def test_several_snapshots_are_compared_on_the_same_seed(visit: Visit, root: Path, copied: str) -> None:
    page = visit.go(f"/compare?name={copied}")
    add, sides = page.get_by_role("button", name="Add a snapshot"), page.locator("#sides figure")
    expect(sides).to_have_count(2)
    for count in (3, 4):
        add.click()
        expect(sides).to_have_count(count)
    expect(add).to_be_disabled()
    page.get_by_role("button", name="Take snapshot 2 away").click()
    expect(sides).to_have_count(3)
    for at, label in enumerate(("first, newest", "second, newest", "third, best")):
        page.get_by_role("combobox", name=f"Snapshot {at + 1}").select_option(label=label)
    page.locator("#seed").fill("7")
    page.locator("#seed").press("Enter")
    for at, label in enumerate(("first, newest", "second, newest", "third, best")):
        expect(sides.nth(at).locator("canvas")).to_have_attribute("aria-label", f"Pictures of {label}, seed 7")
    first, second, third = (sides.nth(at).locator("canvas").evaluate("each => each.toDataURL()") for at in range(3))
    assert first == third != second
    with Image.open(io.BytesIO(base64.b64decode(first.partition(",")[2]))) as shown:
        wanted = grid(load(root / "first").sample(16, seed=7), 4, gap=0)
        assert np.abs(np.asarray(shown.convert("RGB")).astype(int) - wanted).max() <= 1
    expect(page.locator("#command")).to_contain_text(
        "ganvas explore grid second/snapshots/last.safetensors -n 16 --seed 7"
    )
    assert visit.complaints == []


def test_a_vote_of_ten(visit: Visit, root: Path) -> None:
    page = visit.go("/compare")
    page.get_by_role("button", name="Begin a vote").click()
    expect(page.locator("#score")).to_have_text("Which side do you like more?")
    vote = max(int(file.stem) for file in (root / ".ganvas-studio" / "votes").iterdir())
    for question in range(10):
        expect(page.get_by_role("button", name="Neither")).to_be_enabled()
        left = Votes(StudioFolder(root)).find(vote).shown("left", question)
        page.keyboard.press("ArrowLeft" if left.name == "second" else "ArrowRight")
        expect(page.locator("#score")).to_contain_text(f"{question + 1} answer")
        expect(page.locator("#score")).not_to_contain_text("second")
    expect(page.locator("#score")).to_contain_text("10 of 10 (100 %; 95 % interval 72 % to 100 %)")
    page.get_by_role("button", name="Show which was which").click()
    expect(page.locator("#score")).to_contain_text("second (newest) was liked more than first (newest)")
    assert visit.complaints == []


def test_a_classifier_is_asked(visit: Visit, tmp_path: Path) -> None:
    Image.fromarray(noise(1, 16)[0]).save(tmp_path / "mine.png")
    page = visit.go("/classify?name=mind")
    page.locator("#file").set_input_files(tmp_path / "mine.png")
    expect(page.locator("#answer-words")).to_contain_text("sure")
    expect(page.locator("#probabilities dt")).to_have_count(2)
    page.locator("#file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.locator("#problem")).to_contain_text("no picture of a format that ganvas reads")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; what is started in it is killed in the end."""
    yield tmp_path
    for job in Jobs(StudioFolder(tmp_path)).running():
        os.kill(job.owner.pid, signal.SIGKILL)


def train_dcgan(page: Page, budget: str) -> None:
    """Begin the run `run` on the page for a new one, and wait until it is there."""
    page.get_by_text("Recipe, time and trouble").click()
    page.locator("#recipe").select_option("dcgan")
    page.locator("#quality").select_option("")
    page.locator("#budget").fill(budget)
    page.locator("#out").fill("run")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/run?name=run")


@pytest.mark.slow
def test_from_an_empty_folder_to_a_run_that_is_stopped_and_resumed(browser: Browser, home: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (60, 4, 4, 3), np.uint8)
    pictures: list[FilePayload] = []
    for number, colour in enumerate(colours):
        file = home.with_name(f"{home.name}-{number}.png")
        Image.fromarray(colour).resize((48, 48), Image.Resampling.BICUBIC).save(file)
        pictures.append({"name": file.name, "mimeType": "image/png", "buffer": file.read_bytes()})
        file.unlink()
    with studio(home) as client:
        visit = Visit(browser, client, viewport=DESKTOP)
        page = visit.go("/")
        try:
            page.get_by_role("link", name="drop pictures here").click()
            page.locator("#files").set_input_files(pictures)
            page.wait_for_url("**/new?source=pictures")
            page.locator("#size").select_option("32")
            page.get_by_role("button", name="Make the dataset").click()
            page.locator("#result").click()
            page.wait_for_selector("#survey dl")
            train_dcgan(page, "4m")
            expect(page.locator("#meaning")).to_contain_text("Training now")
            first = page.locator("#grid").get_attribute("src")
            expect(page.locator("#grid")).not_to_have_attribute("src", first or "")
            page.wait_for_selector("#judgement .verdict-badge")
            page.get_by_role("button", name="Stop with a checkpoint").click()
            expect(page.locator("#meaning")).to_contain_text("Stopped before")
            page.get_by_role("button", name="Resume", exact=True).click()
            page.locator("#resume button.primary").click()
            expect(page.locator("#meaning")).to_contain_text("Training now")
            page.get_by_role("button", name="Stop with a checkpoint").click()
            expect(page.locator("#meaning")).to_contain_text("Stopped before")
            assert visit.complaints == []
        finally:
            page.context.close()


class Started(StudioProcess):
    """A studio in a process of its own, whose pages are opened in a browser."""

    def open(self, browser: Browser, path: str) -> Page:
        """A page of it, in a window of its own."""
        page = browser.new_context(viewport=DESKTOP).new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(self.address)
        page.goto(self.home + path)
        return page


@pytest.mark.slow
def test_a_training_outlives_a_studio_that_is_killed_and_one_that_is_killed_is_resumed(
    browser: Browser, home: Path
) -> None:
    write_dataset(home / "data")
    studio = Started(home)
    try:
        page = studio.open(browser, "/new?data=data")
        train_dcgan(page, "20m")
        page.goto(f"{studio.home}/")
        expect(page.locator("#now")).to_contain_text("training")
        expect(page.locator("#parts")).to_contain_text("dcgan on data")
        page.locator("#now a").click()
        expect(page.locator("#meaning")).to_contain_text("Training now")
        studio.kill()
        owner = holder(home / "run")
        assert owner is not None
        assert owner.process.is_alive
        studio = Started(home)
        page = studio.open(browser, "/run?name=run")
        expect(page.locator("#meaning")).to_contain_text("Training now")
        moments = page.locator("#moment").get_attribute("max")
        expect(page.locator("#moment")).not_to_have_attribute("max", moments or "")  # and it goes on
        while not list((home / "run" / "checkpoints").glob("*.safetensors")):
            page.wait_for_timeout(200)
        os.kill(owner.process.pid, signal.SIGKILL)
        expect(page.locator("#meaning")).to_contain_text("was killed")
        page.get_by_role("button", name="Resume", exact=True).click()
        page.locator("#resume button.primary").click()
        expect(page.locator("#meaning")).to_contain_text("Training now")
        resumed = holder(home / "run")
        assert resumed is not None
        assert resumed.process.pid != owner.process.pid
        page.get_by_role("button", name="Stop with a checkpoint").click()
        expect(page.locator("#meaning")).to_contain_text("Stopped before")
    finally:
        studio.kill()
