"""The studio in a headless Chromium."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from ganvas.artist.again import paint_again
from ganvas.artist.artist import load
from ganvas.foundation.locks import holder
from ganvas.studio.folder import StudioFolder
from ganvas.studio.jobs import Jobs
from ganvas.studio.votes import Votes
from support.browser import DESKTOP, PHONE
from support.command_line import PATIENCE
from support.datasets import noise, write_dataset
from support.runs import TINY_WORDS
from support.studio import Client, studio

pytestmark = pytest.mark.browser

# Each page, and what is on it once all of it has come.
PAGES = {
    "/": "#parts img",
    "/new": "#survey dl",
    "/run?name=first": "#chart-losses .main-svg",
    "/explore?name=first": "#wall .piece:nth-of-type(64)",
    "/compare": "#side-by-side",
    "/classify": "#drop",
    "/export?name=first": "#export",
    "/run?name=nothing": "h1",
}


class Visit:
    """A page of the studio in a window of its own, and what its console says."""

    def __init__(self, browser: Browser, client: Client, **options: object) -> None:
        self.client, self.complaints = client, list[str]()
        self.page: Page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.goto(client.server.address)

    def go(self, path: str) -> Page:
        self.page.goto(f"http://{self.client.host}{path}")
        return self.page

    def assert_sound(self) -> None:
        """Nothing on the console, no sideways scrolling, and nothing that axe finds."""
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert [each for each in self.complaints if "404" not in each] == []
        # The policy of the page keeps axe from being added as a script, so its text is evaluated.
        self.page.evaluate(Axe().axe_script)
        assert self.page.evaluate("async () => (await axe.run()).violations.map(each => each.id)") == []


@pytest.fixture
def visit(browser: Browser, client: Client) -> Iterator[Visit]:
    visit = Visit(browser, client, viewport=DESKTOP)
    yield visit
    visit.page.context.close()


def test_every_page_is_sound_on_a_phone_in_the_dark(browser: Browser, client: Client) -> None:
    look_at_every_page(Visit(browser, client, viewport=PHONE, color_scheme="dark"))


@pytest.mark.slow
def test_every_page_is_sound_in_light_and_dark_small_and_large(browser: Browser, client: Client) -> None:
    for size in (DESKTOP, PHONE, {"width": 3840, "height": 2160}):
        for scheme in ("light", "dark"):
            look_at_every_page(Visit(browser, client, viewport=size, color_scheme=scheme))


def look_at_every_page(visit: Visit) -> None:
    for path, last in PAGES.items():
        visit.go(path).wait_for_selector(last)
        visit.assert_sound()
    visit.page.context.close()


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
            page.get_by_text("Recipe, time and trouble").click()
            page.locator("#recipe").select_option("dcgan")
            page.locator("#quality").select_option("")
            page.locator("#budget").fill("4m")
            page.locator("#out").fill("run")
            page.get_by_role("button", name="Train", exact=True).click()
            page.locator("#result").click()
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


@pytest.mark.slow
def test_from_a_page_to_a_training_that_outlives_the_studio(browser: Browser, home: Path) -> None:
    write_dataset(home / "data")
    words = [*TINY_WORDS, "--set", "log_every=1s", "--set", "sample_every=2s", "--set", "checkpoint_every=3s"]
    with studio(home) as client:
        jobs = Jobs(StudioFolder(home))
        jobs.start(["train", "data", "--out", "run", "--recipe", "dcgan", "--budget", "10m", *words], "run")
        page = Visit(browser, client, viewport=DESKTOP).go("/")
        expect(page.locator("#now")).to_contain_text("run")
        while "run" not in client.server.studio.folder.look().runs:
            time.sleep(0.2)
        page.goto(f"http://{client.host}/run?name=run")
        expect(page.locator("#meaning")).to_contain_text("Training now")
        first = page.locator("#moment").get_attribute("max")
        expect(page.locator("#moment")).not_to_have_attribute("max", first or "")
        page.context.close()
    with studio(home) as client:  # the training went on without one
        page = Visit(browser, client, viewport=DESKTOP).go("/run?name=run")
        expect(page.locator("#meaning")).to_contain_text("Training now")
        page.get_by_role("button", name="Stop with a checkpoint").click()
        expect(page.locator("#meaning")).to_contain_text("Stopped before")
        page.get_by_role("button", name="Resume", exact=True).click()
        page.locator("#resume button.primary").click()
        expect(page.locator("#meaning")).to_contain_text("Training now")
        owner = holder(home / "run")
        assert owner is not None
        os.kill(owner.process.pid, signal.SIGKILL)
        expect(page.locator("#meaning")).to_contain_text("was killed")
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
        page.context.close()
