"""Photograph every page of the studio for docs/studio.md: in light, in the dark, and on a phone.

    python -m scripts.studio_pictures FOLDER RUN CLASSIFIER PICTURE

FOLDER has that run and another, their datasets, a classifier, a folder of pictures, and a command that a studio began.
PICTURE is what the classifier is asked about. Writes docs/images/studio-PAGE.jpg, studio-dark.jpg and studio-phone.jpg.
Needs a Chromium.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from benchmarks.studio import studio
from benchmarks.web import chromium
from PIL import Image
from playwright.sync_api import Page, ViewportSize

IMAGES = Path(__file__).parents[1] / "docs" / "images"
DESKTOP, PHONE = ViewportSize(width=1280, height=1080), ViewportSize(width=390, height=1080)
COLUMNS, GAP, PAPER = {"dark": 2, "phone": 4}, 24, {"dark": (60, 58, 55), "phone": (200, 196, 188)}


@dataclass(frozen=True)
class Photograph:
    """A page, and what to do before it is photographed.

    Attributes:
        name: what its file is called after.
        path: its address in the studio.
        shows: a selector of what is there once all of it has come.
        prepare: what to do then.
    """

    name: str
    path: str
    shows: str
    prepare: Callable[[Page], object] = lambda page: None


def main() -> None:
    """Write all photographs."""
    folder, run, classifier, picture = sys.argv[1:]
    pages = photographs(run, classifier, Path(picture))
    with chromium() as page, studio(Path(folder), page) as root:
        for each in pages:
            photograph(page, root, each, DESKTOP).save(IMAGES / f"studio-{each.name}.jpg", quality=88)
        page.emulate_media(color_scheme="dark")
        save_sheet("dark", [photograph(page, root, each, DESKTOP).resize((800, 675)) for each in pages])
        page.emulate_media(color_scheme="light")
        save_sheet("phone", [photograph(page, root, each, PHONE) for each in pages])


def photographs(run: str, classifier: str, picture: Path) -> list[Photograph]:
    """All pages."""

    def ask(page: Page) -> None:
        page.locator("#file").set_input_files(picture)
        page.locator("#probabilities dt").first.wait_for()

    def choose(page: Page) -> None:
        page.locator("#wall .piece").nth(20).click()

    return [
        Photograph("home", "/", "#parts img"),
        Photograph("new", "/new", "#survey dl"),
        Photograph("run", f"/run?name={run}", "#chart-losses .main-svg"),
        Photograph("explore", f"/explore?name={run}", "#wall .piece:nth-of-type(64)", choose),
        Photograph("compare", f"/compare?name={run}", "#sides canvas"),
        Photograph("classify", f"/classify?name={classifier}", "#drop", ask),
        Photograph("export", f"/export?name={run}", "#export"),
        Photograph("job", "/job?number=1", "#log"),
    ]


def photograph(page: Page, root: str, shown: Photograph, size: ViewportSize) -> Image.Image:
    """A page as it looks in a window of a size, once its pictures have come."""
    page.set_viewport_size(size)
    page.goto(f"{root}{shown.path}")
    page.locator(shown.shows).first.wait_for()
    shown.prepare(page)
    page.wait_for_timeout(3000)  # the enlarged picture follows the choice, and hints of the machine the page
    page.evaluate("scrollTo(0, 0)")
    return Image.open(BytesIO(page.screenshot())).convert("RGB")


def save_sheet(name: str, pictures: list[Image.Image]) -> None:
    """Write pictures of one size as one, row by row."""
    width, height = pictures[0].size
    columns = COLUMNS[name]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP), PAPER[name])
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (GAP + number % columns * (width + GAP), GAP + number // columns * (height + GAP)))
    sheet.save(IMAGES / f"studio-{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
