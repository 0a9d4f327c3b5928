"""The run page: a run directory as one self-contained HTML file.

A section is a function that takes the run and returns the fields of its template, `templates/run/<section>.html`, or
None if the run has nothing to show. To add a section, add both and an entry in `SECTIONS`. Sections that need the
trained models are in `ganvas.report.run.model_sections`.
"""

from collections.abc import Callable
from pathlib import Path

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.paths import is_directory, user_path
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run import provenance, sample_grids, verdict
from ganvas.report.run.curves import curves
from ganvas.report.run.run import Run

Say = Callable[[str], None]


def write_page(run: str | Path, out: str | Path, say: Say | None = None) -> Path:
    """Write the page of a run, which may still be training.

    Args:
        run: the run directory.
        out: the HTML file, replaced if it exists.
        say: called with a progress message before each step that takes seconds.

    Returns:
        The path of the file.

    Raises:
        RunError: there is no run, or this version cannot read it.
        GanvasError: the file cannot be written. An existing file is unchanged.
    """
    return html.write(render(Run.open(user_path(run)), say), out)


def check_out(out: Path) -> None:
    """Check the path of a page before the work starts.

    Raises:
        GanvasError: `out` is a directory, or does not end in .html.
    """
    if is_directory(out):
        raise GanvasError(f"--out {out} is a directory; name a file in it, such as {out / 'page.html'}")
    if out.suffix.lower() not in (".html", ".htm"):
        raise GanvasError(f"--out {out} must end in .html")


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
    figures, band = curves(run)
    return {"charts": figures, "band": band} if figures else None


def _evaluations(run: Run) -> Fields | None:
    best, records = run.logs.best, [evaluation.record() for evaluation in run.logs.evaluations]
    if not records:
        return None
    # Columns that are shown only if there are values. An extractor that never changes is in the headline.
    optional = ("verdict", "diversity", "copies", "modes_covered")
    has = {key: any(record.get(key) is not None for record in records) for key in optional}
    has["extractor"] = len({record.get("extractor") for record in records}) > 1
    return {
        "evals": records,
        "best": next((place for place, each in enumerate(run.logs.evaluations) if each is best), None),
        "has": has,
        "classes": best.classes if best else {},
    }


# In the order of the page. The sections of `model_sections` follow, and then the provenance.
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
    from ganvas.report.run import model_sections  # imports torch, which takes seconds

    sections = {name: section(run) for name, section in SECTIONS.items()}
    sections |= model_sections.sections(run, say or (lambda line: None))
    sections["provenance"] = provenance.card(run)
    return html.render(
        title=f"{run.record.recipe} on {run.data_name}",
        subject=f"The run {run.name}",
        sections={f"run/{name}.html": section for name, section in sections.items()},
        styles=["run/run.css"],
    )
