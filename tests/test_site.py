"""The documentation site: its pages are all of them, and it builds without a warning."""

import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def pages(entries: list[Any]) -> Iterator[str]:
    """The files that a navigation names."""
    for entry in entries:
        for target in entry.values():
            if isinstance(target, list):
                yield from pages(target)
            elif "://" not in target:
                yield target


def test_the_navigation_has_every_page() -> None:
    site = runpy.run_path(str(ROOT / "scripts" / "site.py"))
    named = list(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    docs = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    about = {to for to in site["ABOUT"].values() if to.endswith(".md")}
    assert set(named) == docs | about | {site["API"]}
    assert len(named) == len(set(named))


def test_the_page_of_the_api_names_what_is_public() -> None:
    import ganvas

    text = runpy.run_path(str(ROOT / "scripts" / "site.py"))["api_page"]()
    for name in set(ganvas.__all__) - {"__version__"}:
        assert f"## ganvas.{name}\n" in text
    assert "::: ganvas.planning.run.train\n" in text


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material")
    site = runpy.run_path(str(ROOT / "scripts" / "site.py"))
    for name in ("docs", "src", "scripts", "mkdocs.yml", *site["ABOUT"]):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    for command in (["scripts/site.py"], ["-m", "mkdocs", "build", "--strict"]):
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Height and width of every picture" in (tmp_path / "build" / "site" / "api" / "index.html").read_text(
        encoding="utf-8"
    )
    (tmp_path / "build" / "pages" / "docs" / "data.md").write_text("[gone](nowhere.md)", encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode, (
        "a link that leads nowhere is an error"
    )
