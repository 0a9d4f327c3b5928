"""The page of several generators: their scores in one table, their pictures and their curves side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.report import html
from ganvas.report.charts import Chart, blank, line, numbers
from ganvas.report.html import ABSENT, Fields

# What all pictures of the page may weigh together before base64.
PICTURE_BYTES = 7_000_000

# Lines that can be told apart on light, on dark and on paper; more generators share them, dashed and then dotted.
COLOURS = ("#3f7fbf", "#c2603f", "#6b8f3c", "#9067b3", "#b8862b", "#3a9a94", "#b5527f", "#7d756b")
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True)
class Side:
    """One of the generators.

    Attributes:
        name: what it is called in the table.
        caption: what else is to be said of its pictures.
        sheet: its pictures, uint8 [H, W, 3].
        curve: minutes of training and KID of each evaluation, oldest first; empty for what is not trained.
    """

    name: str
    caption: str
    sheet: NDArray[np.uint8]
    curve: Sequence[tuple[float, float]] = ()


def write_page(
    out: Path,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    sides: Sequence[Side],
    facts: Mapping[str, str],
    floor: Sequence[str] = (),
    note: str = "",
) -> None:
    """Write the page.

    Args:
        out: the HTML file, replaced if it exists.
        title: what is compared, in a line.
        heads: of the table's columns.
        rows: the cells of each row of the table; the first names the generator.
        sides: the generators whose pictures are shown, in order.
        facts: what holds for all of them, by name.
        floor: names of generators that learnt nothing; the table sets them apart.
        note: what else is to be said of the table.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    sections: dict[str, Fields | None] = {
        "title": {"title": title, "facts": facts},
        "scores": {"heads": heads, "rows": rows, "floor": set(floor), "note": note},
        "pictures": {"sides": [_shown(side, len(sides)) for side in sides]} if sides else None,
        "curves": _curves(sides),
    }
    page = html.render(
        title=title,
        subject=title,
        sections={f"comparison/{name}.html": section for name, section in sections.items()},
        styles=["comparison/comparison.css"],
    )
    html.write(page, out)


def _shown(side: Side, count: int) -> Fields:
    return {
        "name": side.name,
        "caption": side.caption,
        **html.inline(Image.fromarray(side.sheet), PICTURE_BYTES // count),
    }


def _curves(sides: Sequence[Side]) -> Fields | None:
    """KID over the time of training, a line a generator; None where there are no two points to join."""
    drawn = blank(height=460, xaxis_title_text="minutes of training")
    for number, side in enumerate(side for side in sides if len(side.curve) > 1):
        table = numbers([{"minutes": minutes, "kid": kid} for minutes, kid in side.curve])
        color, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        line(drawn, table.minutes, table.kid, side.name, color, line_dash=dash, mode="lines+markers")
    note = "Distance from the real pictures at each evaluation; lower is better."
    return {"charts": [Chart("kid", "KID", note, drawn)]} if drawn.data else None


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines).replace("| --- ", "|---").replace("--- |", "---|")


def figure(value: float | None, form: str) -> str:
    """A number as a cell shows it, or a dash where there is none."""
    return ABSENT if value is None else format(value, form)
