"""The charts of a sweep: the course of each trial, what each option is worth, and KID over its values."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from ganvas.report.charts import BLUE, GREY, MOSS, RUST, Chart, blank, line
from ganvas.report.sweep.trials import SweptTrial
from ganvas.settings.ranges import Range, Varied

# An axis of KID ends at this multiple of the median trial. A trial that diverged would flatten all others.
_BEYOND = 3.0


def courses(trials: Sequence[SweptTrial]) -> list[Chart]:
    """KID over kimg, a line for each trial; nothing if none was evaluated."""
    figure = blank(height=460, hovermode="closest")
    best = next((trial for trial in trials if trial.is_whole), None)
    for trial in reversed(trials):  # the best last, on top
        if trial.curve:
            _course(figure, trial, is_best=trial is best)
    if not figure.data:
        return []
    figure.update_yaxes(**_kid_axis([kid for trial in trials for _, kid in trial.curve]))
    note = (
        "Each line is a trial. It ends where the trial ended: with a cross if it was ended early. Lower is better. "
        "Values far above the others lie outside."
    )
    return [Chart("courses", "KID of every trial", note, figure)]


def _course(figure: go.Figure, trial: SweptTrial, is_best: bool) -> None:
    color, width = (BLUE, 3.0) if is_best else (RUST, 2.4) if trial.has_defaults else (GREY, 1.0)
    words = [f"trial {trial.number}", *(["the best"] if is_best else [])]
    words += ["the recipe's own values"] if trial.has_defaults else []
    x = pd.Series([kimg for kimg, _ in trial.curve])
    y = pd.Series([kid for _, kid in trial.curve])
    last = "circle" if trial.is_whole else "x"
    marker = {
        "symbol": ["circle"] * (len(x) - 1) + [last],
        "size": [1] * (len(x) - 1) + [7],
        "opacity": 1,
        "line_width": 0,
    }
    line(
        figure,
        x,
        y,
        ", ".join(words),
        color,
        line_width=width,
        mode="lines+markers",
        marker=marker,
        showlegend=is_best or trial.has_defaults,
        hovertemplate=f"{', '.join(words)}<br>%{{x:.1f}} kimg, KID %{{y:.4~g}}, {trial.ending}<extra></extra>",
    )


def importance(shares: Mapping[str, float]) -> list[Chart]:
    """The importance of each option; nothing if it is not known."""
    if not shares:
        return []
    names = list(shares)[::-1]
    figure = blank(height=120 + 26 * len(names), xaxis_title_text="share", hovermode="closest", xaxis_hoverformat=".2f")
    figure.add_bar(
        x=[shares[name] for name in names],
        y=names,
        orientation="h",
        marker_color=BLUE,
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    figure.update_yaxes(nticks=None, showgrid=False, ticksuffix="  ")
    note = (
        "How much of the differences of KID among the trials that were trained to the end each option explains, by a "
        "random forest (fANOVA). Few trials make rough shares, and an option matters within its range only."
    )
    return [Chart("importance", "What the options are worth", note, figure)]


def slices(trials: Sequence[SweptTrial], ranges: Mapping[str, Varied]) -> list[Chart]:
    """KID over the values of each option."""
    known = [trial for trial in trials if trial.kid is not None]
    charts = []
    for number, (key, varied) in enumerate(ranges.items()):
        figure = blank(xaxis_title_text=key, hovermode="closest", xaxis_rangemode="normal", xaxis_hoverformat=".3~g")
        for is_whole, name, color in ((False, "ended early", GREY), (True, "trained to the end", MOSS)):
            shown = [trial for trial in known if trial.is_whole is is_whole and key in trial.values]
            if shown:
                _points(figure, shown, key, varied, name, color)
        if not figure.data:
            continue
        if isinstance(varied, Range) and varied.log:
            figure.update_xaxes(type="log", dtick=1)
        elif not isinstance(varied, Range):
            order = [str(value) for value in varied.values]
            figure.update_xaxes(type="category", categoryorder="array", categoryarray=order)
        figure.update_yaxes(title={"text": "KID", "standoff": 6}, **_kid_axis([trial.kid or 0.0 for trial in known]))
        charts.append(Chart(f"option-{number}", key, "", figure))
    return charts


def _points(figure: go.Figure, trials: Sequence[SweptTrial], key: str, varied: Varied, name: str, color: str) -> None:
    values = [trial.values[key] for trial in trials]
    figure.add_scatter(
        x=values if isinstance(varied, Range) else [str(value) for value in values],
        y=[trial.kid for trial in trials],
        text=[f"trial {trial.number}, {trial.ending}" for trial in trials],
        name=name,
        mode="markers",
        marker={"color": color, "size": 9, "symbol": "circle" if color == MOSS else "x", "opacity": 0.85},
        hovertemplate="%{text}<br>%{x}, KID %{y:.4~g}<extra></extra>",
    )


def _kid_axis(kids: Sequence[float]) -> dict[str, object]:
    """An axis from 0 that leaves out what is far above the median."""
    values = pd.Series(kids, dtype="float64")
    top = min(float(values.max()), _BEYOND * float(values.median()))
    return {"range": [min(0.0, float(values.min())), 1.05 * top]} if top > 0 else {}
