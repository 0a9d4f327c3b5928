"""The page of several runs: a table of scores, their pictures, their KID curves, and their losses side by side."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ganvas.artist.grids import grid
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError, GanvasError
from ganvas.foundation.paths import user_path
from ganvas.report import html
from ganvas.report.comparison import page
from ganvas.report.comparison.columns import cells, heads
from ganvas.report.comparison.losses import losses
from ganvas.report.comparison.page import GRID_SIZE, Side, real_side
from ganvas.report.html import ABSENT
from ganvas.report.run import verdict
from ganvas.report.run.run import Run

# Keys of the scores in the table between KID and copies.
SCORES = ("recall", "coverage", "diversity")


def write_page(runs: Sequence[str | Path], out: str | Path, say: Callable[[str], None] | None = None) -> Path:
    """Write a page about several runs, which may still be training.

    Args:
        runs: the run directories.
        out: the HTML file, replaced if it exists.
        say: called with a progress message for each run.

    Returns:
        The path of the file.

    Raises:
        RunError: there is no run, or this version cannot read it.
        GanvasError: the file cannot be written. An existing file is unchanged.
    """
    out, opened = user_path(out), [Run.open(user_path(run)) for run in runs]
    names = _names(opened)
    sides = _real(opened)
    for run, name in zip(opened, names, strict=True):
        if say:
            say(f"generating pictures with {name}")
        sheet, caption = _grid(run)
        if sheet is not None:
            sides.append(Side(name, caption, sheet, run.logs.curve))
    page.write_page(
        out,
        title=" and ".join(names) if len(names) == 2 else f"{len(names)} runs",
        heads=["run", "recipe", "data", "kimg", "verdict", "KID, best", *heads([*SCORES, "copies"])],
        rows=[_row(run, name) for run, name in zip(opened, names, strict=True)],
        sides=sides,
        facts=_facts(opened),
        note=_caveat(opened),
        scores=("kid", *SCORES, "copies"),
        charts=losses({name: run.logs for run, name in zip(opened, names, strict=True)}),
    )
    return out


def _names(runs: Sequence[Run]) -> list[str]:
    """The names of the run directories, numbered if they are not unique."""
    counts, seen = Counter(run.name for run in runs), Counter[str]()
    names = []
    for run in runs:
        seen[run.name] += 1
        names.append(f"{run.name} ({seen[run.name]})" if counts[run.name] > 1 else run.name)
    return names


def _row(run: Run, name: str) -> list[str]:
    best, latest = run.logs.best, verdict.latest(run.logs)

    def score(name: str) -> float | None:
        return best.get(name) if best else None

    return [
        name,
        run.record.recipe,
        run.data_name,
        html.kimg(run.logs.kimg),
        latest.name if latest else ABSENT,
        html.plus_minus(score("kid"), score("kid_se")),
        *cells(score, SCORES),
        html.percent(score("copies")),
    ]


def _grid(run: Run) -> tuple[Images | None, str]:
    """A grid of pictures of a run, and its caption. Without a snapshot it is the last sample grid, or None."""
    from ganvas.artist.artist import load  # imports torch, which takes seconds

    kid = run.logs.best.kid if run.logs.best else None
    caption = run.record.recipe if kid is None else f"{run.record.recipe}, KID {kid:.3f}"
    try:
        return grid(load(run.path).sample(GRID_SIZE**2)), caption
    except GanvasError:
        last = html.read_picture(list(run.samples.values())[-1]) if run.samples else None
        return (None if last is None else np.asarray(last)), f"{run.record.recipe}, its last sample grid"


def _real(runs: Sequence[Run]) -> list[Side]:
    """The real pictures, if all runs were trained on the same dataset and it still exists."""
    if len({run.record.dataset["fingerprint"] for run in runs}) > 1:
        return []
    try:
        data = runs[0].dataset()
    except DataError:
        return []
    return [real_side(data)]


def _facts(runs: Sequence[Run]) -> dict[str, str]:
    """What all runs have in common."""
    measured = [count for run in runs if run.logs.best and (count := run.logs.best.get("generated")) is not None]
    shared = {
        "Data": {run.data_name for run in runs},
        "Size": {f"{run.record.dataset['size']} pixels" for run in runs},
        "Budget of each": {str(run.record.settings.get("budget")) for run in runs},
        "Pictures measured": {f"{count:,.0f}" for count in measured},
    }
    return {name: next(iter(values)) for name, values in shared.items() if len(values) == 1}


def _caveat(runs: Sequence[Run]) -> str:
    """Why the scores cannot be compared; empty if they can."""
    scored = [(run.record.dataset["fingerprint"], best) for run in runs if (best := run.logs.best)]
    conditions: dict[str, set[object]] = {
        "data": {fingerprint for fingerprint, _ in scored},
        "feature networks": {best.figures.get("extractor") for _, best in scored},
        "numbers of pictures": {(best.get("generated"), best.get("real")) for _, best in scored},
    }
    differences = [name for name, values in conditions.items() if len(values) > 1]
    if not differences:
        return ""
    return f"These scores were measured with different {' and '.join(differences)}: they cannot be compared."
