"""`ganvas recipes`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ganvas.experiments.catalogue import Entry

# How the table describes each use of classes.
CLASSES = {
    "none": "",
    "classified": "learnt",
    "auxiliary": "chosen",
    "conditional": "chosen",
    "optional": "if any",
}


def recipes(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False) -> None:
    """List the GANs, with papers, sizes and training costs."""
    from ganvas.experiments.catalogue import catalogue

    entries = catalogue()
    typer.echo(json.dumps([asdict(entry) for entry in entries], indent=2) if as_json else _table(entries))


def _table(entries: "list[Entry]") -> str:
    head = ("recipe", "classes", "px", "G parameters", "D parameters", "cost", "sizes", "paper")
    rows = [head, *(_row(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.rjust(width) if 2 <= column <= 5 else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    note = "\npx: the picture size for parameters and cost; cost: operations per real picture, as a multiple of dcgan's"
    return "\n".join(lines) + note


def _row(entry: "Entry") -> tuple[str, ...]:
    return (
        entry.name,
        CLASSES[entry.class_use],
        str(entry.size),
        f"{entry.generator_parameters:,}",
        f"{entry.discriminator_parameters:,}",
        "" if entry.relative_cost is None else f"{entry.relative_cost:.2f}",
        ", ".join(map(str, entry.sizes)),
        entry.paper,
    )
