"""Plotly figures as pictures for the docs, drawn by Chromium."""

import shutil
from pathlib import Path

import plotly.graph_objects as go
from playwright.sync_api import ViewportSize, sync_playwright


def save_png(figure: go.Figure, path: Path) -> None:
    """Write a figure, whose layout has a width and a height, as a PNG."""
    size = ViewportSize(width=figure.layout.width + 20, height=figure.layout.height + 20)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=size)
        page.set_content(figure.to_html(include_plotlyjs=True))
        page.wait_for_selector(".main-svg")
        page.locator(".plotly-graph-div").screenshot(path=path)
        browser.close()
