"""Gather the pages of the documentation site: README.md, the pages about the project, docs/, and the Python API.

    python scripts/site.py

Pages keep their places relative to each other, so that their links lead where they lead in the repository. `make site`
runs this and then mkdocs, whose configuration is `mkdocs.yml`.
"""

import shutil
from pathlib import Path

import ganvas

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build" / "pages"
# README.md is the first page.
ABOUT = {"README.md": "index.md"} | {
    name: name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "LICENSE")
}
API = "api.md"
# What the functions of the public API return, beside what is public itself.
RETURNED = ("ganvas.artist.artist.Artist", "ganvas.planning.run.Outcome", "ganvas.data.prepare.summary.Summary")


def main() -> None:
    """Write the pages into an empty folder."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES / "docs")
    for name, to in ABOUT.items():
        shutil.copy(ROOT / name, PAGES / to)
    (PAGES / API).write_text(api_page(), encoding="utf-8")


def api_page() -> str:
    """The page of the Python API, which mkdocstrings fills from docstrings."""
    parts = ["# Python", "Everything here is imported on first use, so `import ganvas` costs nothing."]
    for name in ganvas.__all__:
        if not name.startswith("_"):
            found = getattr(ganvas, name)
            parts.append(_section(f"ganvas.{name}", f"{found.__module__}.{found.__qualname__}"))
    parts += [_section(path.rpartition(".")[2], path) for path in RETURNED]
    return "\n\n".join(parts) + "\n"


def _section(title: str, path: str) -> str:
    options = [
        "    options:",
        "      show_root_heading: false",
        "      show_root_toc_entry: false",
        "      heading_level: 3",
    ]
    return "\n".join([f"## {title}", "", f"::: {path}", *options])


if __name__ == "__main__":
    main()
