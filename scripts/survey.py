"""Make the picture of the docs that shows a survey: the upper part of its page, drawn by Chromium.

ganvas prepare painter:600 paintings --size 64
python scripts/survey.py paintings docs/images/survey.jpg
"""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from ganvas.data.survey.survey import survey
from ganvas.report.survey.page import write_page

# Width and height of the window in pixels.
WIDTH, HEIGHT = 1200, 900
# The picture shows the page from its top to the end of this element.
LAST = "#class-0"
WIDE, QUALITY = 840, 68


def main() -> None:
    """Write the survey page of the first argument, and a picture of its upper part to the second."""
    data, out = map(Path, sys.argv[1:3])
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file, shot = write_page(survey(data), Path(folder) / "page.html"), Path(folder) / "page.png"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.as_uri())
        box = page.locator(LAST).bounding_box()
        assert box is not None
        end = box["y"] + box["height"] + 40
        page.screenshot(path=shot, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": end})
        browser.close()
        picture = Image.open(shot).convert("RGB")
    height = round(picture.height * WIDE / picture.width)
    picture.resize((WIDE, height), Image.Resampling.LANCZOS).save(out, quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
