"""The page of several generators: one table of scores, pictures side by side, and KID curves in one chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Images
from ganvas.report import html
from ganvas.report.charts import Chart, blank, line, numbers
from ganvas.report.comparison.columns import reading
from ganvas.report.html import ABSENT, Fields

# The size of all pictures of the page in bytes before base64.
PICTURE_BYTES = 7_000_000

# Line colours that differ clearly in light mode, in dark mode and on paper. If there are more generators than colours,
# they are used again with dashed and then with dotted lines.
COLOURS = ("#3f7fbf", "#c2603f", "#6b8f3c", "#9067b3", "#b8862b", "#3a9a94", "#b5527f", "#7d756b")
DASHES = ("solid", "dash", "dot")
# Rows and columns of each grid of pictures.
GRID_SIZE = 6


@dataclass(frozen=True)
class Side:
    """A generator, or the real pictures, with a grid of pictures.

    Attributes:
        name: the name in the table.
        caption: text next to the name, under the pictures; may be empty.
        sheet: the grid of pictures, uint8 [H, W, 3].
        curve: minutes of training and KID of each evaluation, oldest first; empty if there was no training.
    """

    name: str
    caption: str
    sheet: Images
    curve: Sequence[tuple[float, float]] = ()


def real_side(data: Dataset) -> Side:
    """The real pictures: a grid of training pictures, evenly spaced over the dataset."""
    examples = data.examples(TRAIN, GRID_SIZE**2)
    return Side("real pictures", f"{data.splits[TRAIN]:,} in {data.path.name}", grid(examples))


def write_page(
    out: Path,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    sides: Sequence[Side],
    facts: Mapping[str, str],
    floor: Sequence[str] = (),
    note: str = "",
    scores: Sequence[str] = (),
    charts: Sequence[Chart] = (),
) -> None:
    """Write the page.

    Args:
        out: the HTML file, replaced if it exists.
        title: one line about what is compared.
        heads: the headings of the table's columns.
        rows: the cells of each row of the table; the first cell names the generator.
        sides: the grids of pictures, in order.
        facts: what all generators have in common, by name.
        floor: names of the baselines, whose rows are grey.
        note: a warning under the table; may be empty.
        scores: keys of the figures in the table, to tell which values are better.
        charts: charts to show after the KID curves.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    sections: dict[str, Fields | None] = {
        "title": {"title": title, "facts": facts},
        "scores": {"heads": heads, "rows": rows, "floor": set(floor), "note": note, "reading": reading(scores)},
        "pictures": {"sides": [side_fields(side, PICTURE_BYTES // len(sides)) for side in sides]} if sides else None,
        "curves": _curves(sides, charts),
    }
    page = html.render(
        title=title,
        subject=title,
        sections={f"comparison/{name}.html": section for name, section in sections.items()},
        styles=["comparison/comparison.css"],
    )
    html.write(page, out)


def side_fields(side: Side, limit: int) -> Fields:
    """The fields of a side, whose pictures take at most `limit` bytes."""
    return {"name": side.name, "caption": side.caption, **html.inline_pixels(side.sheet, limit)}


def _curves(sides: Sequence[Side], more: Sequence[Chart]) -> Fields | None:
    """KID against training time, one line for each generator, and more charts; None if there is nothing to show."""
    chart = blank(height=460, xaxis_title_text="minutes of training")
    for number, side in enumerate(side for side in sides if len(side.curve) > 1):
        table = numbers([{"minutes": minutes, "kid": kid} for minutes, kid in side.curve])
        color, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        line(chart, table.minutes, table.kid, side.name, color, line_dash=dash, mode="lines+markers")
    note = "The distance from the real pictures at each evaluation. Lower is better."
    kid = [Chart("kid", "KID", note, chart)] if chart.data else []
    return {"kid": kid, "more": more, "charts": [*kid, *more]} if kid or more else None


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines).replace("| --- ", "|---").replace("--- |", "---|")


def figure(value: float | None, form: str) -> str:
    """A number as the text of a table cell, in a `format` specification; a dash for None."""
    return ABSENT if value is None else format(value, form)
