"""The page of a sweep: its table, what the options are worth, the course of each trial, and the best and the worst."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.arrays import Images
from ganvas.report import html
from ganvas.report.charts import Chart
from ganvas.report.comparison.page import PICTURE_BYTES, Side, real_side, side_fields
from ganvas.report.html import Fields
from ganvas.report.sweep.charts import courses, importance, slices
from ganvas.report.sweep.trials import SweptTrial, cells, heads
from ganvas.settings.ranges import Varied

# The number of the best trials whose pictures are shown after the real ones, and of the worst.
BEST, WORST = 5, 3


def write_page(
    out: Path,
    title: str,
    summary: str,
    trials: Sequence[SweptTrial],
    ranges: Mapping[str, Varied],
    importances: Mapping[str, float],
    sheets: Mapping[int, Images],
    data: Dataset,
    facts: Mapping[str, str],
) -> None:
    """Write the page.

    Args:
        out: the HTML file, replaced if it exists.
        title: one line about the sweep.
        summary: how many trials ended in which way.
        trials: that are over, the best first.
        ranges: what is varied, by option.
        importances: the share of each option, the largest first; may be empty.
        sheets: grids of pictures by trial, uint8 [H, W, 3]. Trials without one are not shown.
        data: what the trials learn.
        facts: what all trials have in common, by name.

    Raises:
        GanvasError: the file system refused; `out` is as it was.
    """
    keys = list(ranges)
    sections: dict[str, Fields | None] = {
        "title": {"title": title, "facts": facts, "summary": summary, "headline": _headline(trials)},
        "trials": {
            "heads": heads(keys),
            "rows": [cells(trial, keys) for trial in trials],
            "floor": {trial.name for trial in trials if not trial.is_whole},
            "lacking": sorted({trial.host or "" for trial in trials if trial.number not in sheets and trial.host}),
        },
        "options": _charts(importance(importances), slices(trials, ranges)),
        "curves": _charts(courses(trials), []),
        "pictures": _pictures(trials, sheets, data),
    }
    page = html.render(
        title=title,
        subject=title,
        sections={f"sweep/{name}.html": section for name, section in sections.items()},
        styles=["comparison/comparison.css", "sweep/sweep.css"],
    )
    html.write(page, out)


def _headline(trials: Sequence[SweptTrial]) -> str:
    """The best trial against the recipe's own values, in a sentence."""
    best = next((trial for trial in trials if trial.is_whole), None)
    own = next((trial for trial in trials if trial.has_defaults), None)
    if best is None:
        return "No trial was trained to the end."
    found = f"Trial {best.number} is the best so far, with a KID of {html.plus_minus(best.kid, best.kid_se)}."
    if own is None:
        return found
    if own is best:
        return f"{found} It has the recipe's own values."
    if own.is_whole:
        return f"{found} The recipe's own values: {html.plus_minus(own.kid, own.kid_se)}."
    return f"{found} With the recipe's own values, the trial ended early: {own.ending}."


def _charts(first: Sequence[Chart], rest: Sequence[Chart]) -> Fields | None:
    return {"first": first, "rest": rest, "charts": [*first, *rest]} if first or rest else None


def _pictures(trials: Sequence[SweptTrial], sheets: Mapping[int, Images], data: Dataset) -> Fields | None:
    """Grids of the real pictures, of the best trials and of the worst; None if there are no grids."""
    seen = [trial for trial in trials if trial.number in sheets]
    if not seen:
        return None
    best = [trial for trial in seen if trial.is_whole][:BEST]
    worst = [trial for trial in seen if trial not in best][-WORST:]
    count = 1 + len(best) + len(worst)

    def fields(sides: Sequence[Side]) -> list[Fields]:
        return [side_fields(side, PICTURE_BYTES // count) for side in sides]

    return {
        "best": fields([real_side(data), *(_side(trial, sheets) for trial in best)]),
        "worst": fields([_side(trial, sheets) for trial in worst]),
    }


def _side(trial: SweptTrial, sheets: Mapping[int, Images]) -> Side:
    caption = f"KID {html.plus_minus(trial.kid, trial.kid_se)}" if trial.is_whole else trial.ending
    return Side(f"trial {trial.name}", caption, sheets[trial.number])
