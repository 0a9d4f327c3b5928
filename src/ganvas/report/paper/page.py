"""The page of a reproduced paper, as one self-contained HTML file.

Above all, it says how much of the paper's training each run had. Then come the figures and tables of the paper in its
order, each next to a sentence of what the paper reports.
"""

from collections.abc import Callable
from pathlib import Path

from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.paper import summary
from ganvas.report.paper.blocks import Charts
from ganvas.report.paper.figures import draw
from ganvas.report.paper.reproduction import PAGE, Reproduction

Say = Callable[[str], None]

# In the order of the page. The figures follow.
SECTIONS: dict[str, Callable[[Reproduction], Fields | None]] = {
    "title": summary.title,
    "runs": summary.runs,
    "pictures": summary.pictures,
    "comparison": summary.comparison,
}


def write_page(done: Reproduction, say: Say | None = None) -> Path:
    """Write the page into the directory of the reproduction.

    Args:
        done: what was prepared and trained.
        say: called with a progress message before each figure.

    Returns:
        The path of the file, which is replaced if it exists.

    Raises:
        GanvasError: the file system refused. An existing file is unchanged.
    """
    return html.write(render(done, say), done.path / PAGE)


def render(done: Reproduction, say: Say | None = None) -> str:
    """The page as HTML; `say` as for `write_page`."""
    sections = {name: section(done) for name, section in SECTIONS.items()}
    sections["figures"] = _figures(done, say or (lambda line: None))
    return html.render(
        title=done.paper.title,
        subject=f"A reproduction of paper {done.paper.number}",
        sections={f"paper/{name}.html": section for name, section in sections.items()},
        styles=["paper/paper.css"],
    )


def _figures(done: Reproduction, say: Say) -> Fields:
    drawn = []
    for figure in done.paper.figures:
        say(f"drawing {figure.key}")
        drawn.append(draw(figure, done))
    blocks = [block for figure in drawn for block in figure["blocks"]]
    charts = [chart for block in blocks if isinstance(block, Charts) for chart in block.charts]
    return {"figures": drawn, "charts": charts}
