"""A headless Chromium for tests of pages: the one of this machine, watched for whatever a page does wrong."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from support.command_line import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=1000 * PATIENCE)
PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
LARGE = ViewportSize(width=3840, height=2160)


@dataclass
class Visit:
    """A page that is open, and what it did since.

    Attributes:
        page: the page.
        requests: every address it asked for; its own file, and what lies in the page itself (data and blob URIs), left
            out.
        complaints: errors and warnings on its console, and uncaught exceptions.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def assert_sound(self) -> None:
        """Its pictures are there, it fits its window, asks for nothing and complains of nothing."""
        assert self.page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")
        assert self.overflow <= 0
        assert self.requests == []
        assert self.complaints == []


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's Chromium, or skip the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def visit(browser: Browser, file: Path, size: ViewportSize = DESKTOP) -> Iterator[Visit]:
    """Open an HTML file in a window of its own and wait until it has loaded."""
    address = file.resolve().as_uri()
    with browser.new_context(viewport=size) as window:
        window.set_default_timeout(1000 * PATIENCE)
        visit = Visit(window.new_page())
        visit.page.on("request", lambda request: _note(visit.requests, request.url, address))
        visit.page.on("console", lambda message: visit.complaints.append(f"{message.type}: {message.text}"))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.goto(address)
        yield visit


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait until something is so that no selector tells."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        page.wait_for_timeout(20)


def _note(requests: list[str], url: str, own: str) -> None:
    if url != own and not url.startswith(("data:", "blob:")):
        requests.append(url)
