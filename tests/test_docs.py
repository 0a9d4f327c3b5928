"""The documentation against the code: generated pages are current, links lead somewhere, commands exist."""

import re
import runpy
from pathlib import Path

import pytest

from support.documentation import commands

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("name", ["cli.md", "configuration.md", "recipes.md"])
def test_a_generated_page_is_current(name: str) -> None:
    pages = runpy.run_path(str(ROOT / "scripts" / "reference.py"))["pages"]()
    assert (ROOT / "docs" / name).read_text("utf-8") == pages[name], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_flag_shown_exists(page: Path) -> None:
    import typer

    from ganvas.cli import app

    for line in commands(page):
        command, words = typer.main.get_command(app), line.split()[1:]
        while hasattr(command, "commands"):
            assert words[0] in command.commands, f"{page.name}: {line}"
            command = command.commands[words.pop(0)]
        known = {word for parameter in command.params for word in parameter.opts} | {"--help"}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= known, f"{page.name}: {line}"


def test_the_map_of_the_code_names_every_folder() -> None:
    text, package = (ROOT / "docs" / "architecture.md").read_text("utf-8"), ROOT / "src" / "ganvas"
    for path in package.rglob("__init__.py"):
        if path.parent != package:
            folder = path.parent.relative_to(package).as_posix()
            assert f"`{folder}/`" in text, f"docs/architecture.md does not mention {folder}/"
