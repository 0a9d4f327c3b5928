"""The run page: a run directory as one self-contained HTML file.

A section is a function and a template, `templates/run/<section>.html`. The function returns the fields that the
template shows, or None where the run has nothing to show. To add a section, write both and name them in `SECTIONS`.
Sections that paint pictures first are in `ganvas.report.run.generated`.
"""

from collections.abc import Callable
from pathlib import Path

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.paths import is_directory, user_path
from ganvas.report import charts, html
from ganvas.report.html import Fields
from ganvas.report.run import provenance, sample_grids, verdict
from ganvas.report.run.run import Run

Say = Callable[[str], None]


def write_page(run: str | Path, out: str | Path, say: Say | None = None) -> Path:
    """Write the page of a run; it is readable while the run still trains.

    Args:
        run: the run directory.
        out: the HTML file to write, replaced if it exists.
        say: called with a line about each part that takes seconds, before it starts.

    Returns:
        The file written.

    Raises:
        RunError: no run there, or one that this version cannot read.
        GanvasError: the file system refused; `out` is as it was.
    """
    return html.write(render(Run.open(user_path(run)), say), out)


def check_out(out: Path) -> None:
    """Refuse now what could not be written, or would not open as a page, minutes later.

    Raises:
        GanvasError: `out` is a directory, or is not called .html.
    """
    if is_directory(out):
        raise GanvasError(f"--out {out} is a directory; name a file in it, such as {out / 'page.html'}")
    if out.suffix.lower() not in (".html", ".htm"):
        raise GanvasError(f"--out {out} must end in .html, for that is what is written")


# --- Sections ---


def _title(run: Run) -> Fields:
    return {
        "recipe": run.record.recipe,
        "data": run.data_name,
        "seconds": run.logs.latest("seconds"),
        "kimg": run.logs.kimg,
        "pictures": run.record.training_count,
    }


def _headline(run: Run) -> Fields:
    logs, best = run.logs, run.logs.best
    first = next((each for each in logs.evaluations[:1] if each is not best), None)
    return {
        "first": first.record() if first else None,
        "best": best.record() if best else None,
        "kimg": logs.kimg,
        "img_per_s": logs.img_per_s,
    }


def _curves(run: Run) -> Fields | None:
    logs = run.logs
    drawn = charts.curves(
        [line.record() for line in logs.stats],
        [evaluation.record() for evaluation in logs.evaluations],
        logs.best.kimg if logs.best else None,
    )
    band = verdict.band(run)
    if band:
        for chart in drawn:
            verdict.mark(chart.figure, band)
    return {"charts": drawn, "band": band} if drawn else None


def _evaluations(run: Run) -> Fields | None:
    best, records = run.logs.best, [evaluation.record() for evaluation in run.logs.evaluations]
    if not records:
        return None
    # Columns of scores that older runs and other data lack. What is the same throughout stands in the headline.
    optional = ("verdict", "diversity", "copies", "modes_covered")
    has = {key: any(record.get(key) is not None for record in records) for key in optional}
    has["extractor"] = len({record.get("extractor") for record in records}) > 1
    return {
        "evals": records,
        "best": next((place for place, each in enumerate(run.logs.evaluations) if each is best), None),
        "has": has,
        "classes": best.classes if best else {},
    }


# In the order of the page. The sections that paint pictures follow, and then the provenance.
SECTIONS: dict[str, Callable[[Run], Fields | None]] = {
    "title": _title,
    "verdict": verdict.badge,
    "pictures": sample_grids.pictures,
    "headline": _headline,
    "curves": _curves,
    "evaluations": _evaluations,
}


def render(run: Run, say: Say | None = None) -> str:
    """The page of a run as HTML; `say` as for `write_page`."""
    from ganvas.report.run import generated  # torch, which the other sections do without

    sections = {name: section(run) for name, section in SECTIONS.items()}
    sections |= generated.sections(run, say or (lambda line: None))
    sections["provenance"] = provenance.card(run)
    return html.render(
        title=f"{run.record.recipe} on {run.data_name}",
        subject=f"The run {run.name}",
        sections={f"run/{name}.html": section for name, section in sections.items()},
        styles=["run/run.css"],
    )
