"""Folders are layers: a module imports from its own folder or from a layer below, and no imports form a circle."""

import ast
import graphlib
import itertools
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "ganvas"
# From the top down. Folders in one line do not import each other.
LAYERS = """
    cli
    experiments sharing
    report
    planning
    training
    classify
    artist
    metrics tricks
    runs
    baselines
    gans
    verdict
    networks
    papers
    data.survey
    data.prepare
    data.sources
    data.painter data.dataset
    data.pictures
    distributed
    machine
    settings
    foundation
"""
LAYER_OF = {room: layer for layer, line in enumerate(LAYERS.split("\n")) for room in line.split()}
MODULES = {
    ".".join(("ganvas", *file.relative_to(PACKAGE).with_suffix("").parts)): file for file in PACKAGE.rglob("*.py")
}
# These two may import anything, and nothing imports them.
DOORS = {"ganvas.__init__", "ganvas.__main__"}


def imported(module: str) -> Iterator[str]:
    """The modules of this package that a module names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            for known in (name, f"{name}.__init__", name.rpartition(".")[0], f"{name.rpartition('.')[0]}.__init__"):
                if known in MODULES:
                    yield known
                    break


def room(module: str) -> str:
    parts = module.split(".")[1:]
    return next(found for found in (".".join(parts[:2]), parts[0]) if found in LAYER_OF or found == parts[0])


def test_every_module_lies_in_a_layer() -> None:
    loose = {
        module for module in MODULES.keys() - DOORS if room(module) not in LAYER_OF and module != "ganvas.data.__init__"
    }
    assert not loose


def test_imports_go_down() -> None:
    arrows = [(module, other) for module in MODULES.keys() - DOORS for other in imported(module)]
    up = [
        f"{module} imports {other}"
        for module, other in arrows
        if other in DOORS or (room(module) != room(other) and LAYER_OF[room(module)] >= LAYER_OF[room(other)])
    ]
    assert not up


def test_imports_go_in_no_circle() -> None:
    arrows = {module: set(imported(module)) - {module} for module in MODULES}
    list(graphlib.TopologicalSorter(arrows).static_order())


def test_the_verdict_needs_no_torch() -> None:
    files = itertools.chain(PACKAGE.glob("verdict/**/*.py"), PACKAGE.glob("settings/*.py"))
    assert not [file.name for file in files if "import torch" in file.read_text(encoding="utf-8")]
