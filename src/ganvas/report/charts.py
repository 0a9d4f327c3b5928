"""The curves of a run as plotly figures.

A figure holds data and shapes only. The page's style sheet sets the colours of text, grid lines and backgrounds, so the
same figure works in light mode, in dark mode and on paper. The colours of the lines are readable on all three.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ganvas.verdict.measurement import number

BLUE, RUST, MOSS, GREY = "#3f7fbf", "#c2603f", "#6b8f3c", "#8a8784"
# The number of points of a curve; a wide screen cannot show more. Longer logs are averaged down to it, because the log
# of a day would make a page of megabytes.
POINTS = 1200
# The span of the running mean, in log lines.
SMOOTHING = 25

Column: TypeAlias = "pd.Series[float]"


@dataclass(frozen=True)
class Chart:
    """A figure with its title and caption.

    Attributes:
        name: identifies the chart in the page.
        title: what the chart shows.
        note: how to read it, in a sentence or two.
        figure: the plotly figure, without a title.
    """

    name: str
    title: str
    note: str
    figure: go.Figure


def numbers(records: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Log lines as a table of floats; values that are missing, not numbers or not finite are NaN."""
    keys = dict.fromkeys(key for record in records for key in record)
    table = pd.DataFrame({key: [number(record.get(key)) for record in records] for key in keys}, dtype="float64")
    return table.replace([np.inf, -np.inf], np.nan)


def curves(
    stats: Sequence[Mapping[str, object]], evals: Sequence[Mapping[str, object]], best: float | None
) -> list[Chart]:
    """All charts of a run that have data.

    Args:
        stats: the lines of `stats.jsonl`.
        evals: the lines of `evals.jsonl`.
        best: kimg of the best evaluation, which is marked by a star; None if there is none.
    """
    log, scores = thinned(numbers(stats)), numbers(evals)
    charts = [
        _losses(log),
        _accuracy(log),
        accuracy_and_losses(log),
        _kid(scores, best),
        _fid(scores, best),
        _precision_recall(scores),
        _diversity(scores),
        _discriminator_accuracy(scores),
        _learning_rates(log),
        _speed(log),
    ]
    return [chart for chart in charts if chart.figure.data]


def _losses(log: pd.DataFrame) -> Chart:
    figure = blank()
    for key, name, color in (("d_loss", "discriminator", BLUE), ("g_loss", "generator", RUST)):
        if _has(log, key):
            smoothed(figure, log.kimg, log[key], name, color)
    for key in log.columns:
        if key.startswith(("d_loss/", "g_loss/")) and _has(log, key):
            line(figure, log.kimg, log[key], key, GREY, visible="legendonly", line_dash="dot")
    note = "Lines are running means; the paler lines are the logged values. Click a grey term in the legend to show it."
    return Chart("losses", "Losses", note, figure)


def _accuracy(log: pd.DataFrame) -> Chart:
    figure = blank(yaxis_range=[0, 1.02])
    for key, name, color in (
        ("d_accuracy_real", "on real pictures", BLUE),
        ("d_accuracy_fake", "on generated pictures", RUST),
    ):
        if _has(log, key):
            smoothed(figure, log.kimg, log[key], name, color)
    _level(figure, 0.5)
    note = "Near 1, the discriminator separates real and generated pictures easily; near 0.5, it is guessing."
    return Chart("accuracy", "Accuracy of the discriminator", note, figure)


def accuracy_and_losses(log: pd.DataFrame) -> Chart:
    """The accuracy of the discriminator and both losses over the same time, as in paper 2, figure 23.

    Args:
        log: the lines of `stats.jsonl`, as `numbers` and `thinned` return them.

    Returns:
        The chart. Its figure is without data if losses or accuracies were not logged.
    """
    figure = blank(
        yaxis_title={"text": "loss", "standoff": 6},
        yaxis2={
            "title": {"text": "accuracy", "standoff": 6},
            "overlaying": "y",
            "side": "right",
            "range": [0, 1.02],
            "automargin": True,
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickmode": "linear",
            "dtick": 0.2,
        },
    )
    rights = [log[key] for key in ("d_accuracy_real", "d_accuracy_fake") if _has(log, key)]
    losses = [key for key in ("d_loss", "g_loss") if _has(log, key)]
    if rights and losses:
        for key, name, color in (("d_loss", "discriminator", BLUE), ("g_loss", "generator", RUST)):
            if key in losses:
                line(figure, log.kimg, _running_mean(log[key]), f"loss, {name}", color)
        right = pd.concat(rights, axis="columns").mean(axis="columns", skipna=False)
        line(figure, log.kimg, _running_mean(right), "accuracy, discriminator", MOSS, yaxis="y2", line_dash="dash")
    note = (
        "Running means. Losses have the left axis. The accuracy has the right one: the share of pictures that the "
        "discriminator gets right, half of them real and half generated."
    )
    return Chart("accuracy-losses", "Accuracy and losses together", note, figure)


def _kid(scores: pd.DataFrame, best: float | None) -> Chart:
    figure = blank()
    if _has(scores, "kid"):
        _score(figure, scores.kimg, scores.kid, "KID", BLUE, best, error_y=_bars(scores, "kid"))
    note = (
        "The distance from the real pictures, with one standard error. Lower is better. The star marks the best value."
    )
    return Chart("kid", "KID", note, figure)


def _fid(scores: pd.DataFrame, best: float | None) -> Chart:
    figure = blank()
    if _has(scores, "generated"):
        # FID is biased upwards if pictures are few, so those of a run's first evaluations would look like progress.
        scores = scores[scores.generated == scores.generated.max()]
    if _has(scores, "fid"):
        _score(figure, scores.kimg, scores.fid, "FID", BLUE, best)
    note = (
        "Another distance from the real pictures. Lower is better. It depends on the number of pictures, so only "
        "evaluations with the most are shown. The star marks the evaluation with the best KID."
    )
    return Chart("fid", "FID", note, figure)


def _precision_recall(scores: pd.DataFrame) -> Chart:
    figure = blank(yaxis_range=[0, 1.02])
    for key, color in (("precision", RUST), ("recall", MOSS)):
        if _has(scores, key):
            _score(figure, scores.kimg, scores[key], key, color, best=None, error_y=_bars(scores, key))
    note = "Precision: the share of generated pictures that look real. Recall: the share of real pictures they cover."
    return Chart("precision-recall", "Precision and recall", f"{note} Bars are one standard error.", figure)


def _diversity(scores: pd.DataFrame) -> Chart:
    figure = blank(yaxis_rangemode="tozero")
    for key, name, color in (
        ("diversity", "in features", BLUE),
        ("pixel_diversity", "in pixels", RUST),
        ("vendi", "Vendi score", MOSS),
    ):
        if _has(scores, key):
            _score(figure, scores.kimg, scores[key], name, color, best=None, error_y=_bars(scores, key))
    _level(figure, 1.0)
    note = "Variety of the generated pictures relative to the real ones: 1 is equal, 0 means all pictures are the same."
    return Chart("diversity", "Diversity", note, figure)


def _discriminator_accuracy(scores: pd.DataFrame) -> Chart:
    figure = blank(yaxis_range=[0, 1.02])
    for key, name, color in (
        ("d_right_train", "on training pictures", BLUE),
        ("d_right_held_back", "on held-back pictures", MOSS),
        ("d_right_generated", "on generated pictures", RUST),
    ):
        if _has(scores, key):
            _score(figure, scores.kimg, scores[key], name, color, best=None)
    _level(figure, 0.5)
    note = "Measured at each evaluation. If it is right on training pictures but wrong on held-back ones, it memorises."
    return Chart("believed", "Where the discriminator is right", note, figure)


def _learning_rates(log: pd.DataFrame) -> Chart:
    figure = blank(yaxis_rangemode="tozero", yaxis_exponentformat="power")
    # The two are often equal: draw a thin line on a thick one.
    for key, name, color, width in (("d_lr", "discriminator", BLUE, 5), ("g_lr", "generator", RUST, 1.6)):
        if _has(log, key):
            line(figure, log.kimg, log[key], name, color, line_width=width)
    return Chart("learning-rates", "Learning rates", "The size of the update steps of each network.", figure)


def _speed(log: pd.DataFrame) -> Chart:
    figure = blank(yaxis_rangemode="tozero")
    if _has(log, "img_per_s"):
        smoothed(figure, log.kimg, log.img_per_s, "img/s", MOSS)
    return Chart("speed", "Speed", "Real pictures per second, measured over each interval of the log.", figure)


def _bars(scores: pd.DataFrame, key: str) -> dict[str, object] | None:
    """Error bars of one standard error; None if it is not known."""
    error = f"{key}_se"
    return {"type": "data", "array": scores[error], "thickness": 1} if _has(scores, error) else None


def _level(figure: go.Figure, height: float) -> None:
    """Add a dotted horizontal line for comparison. It does not count as data of the figure."""
    figure.add_hline(height, line_color=GREY, line_width=1, line_dash="dot")


def _has(table: pd.DataFrame, key: str) -> bool:
    return {"kimg", key} <= set(table.columns) and bool(table[key].notna().any())


def thinned(table: pd.DataFrame) -> pd.DataFrame:
    """A table with neighbouring rows averaged, so that at most `POINTS` rows are left."""
    if len(table) <= POINTS:
        return table
    return table.groupby(np.arange(len(table)) * POINTS // len(table)).mean()


def blank(**layout: object) -> go.Figure:
    """An empty figure in the style of the pages; `layout` overrides its layout, in plotly's terms."""
    figure = go.Figure(
        layout={
            "template": go.layout.Template(),
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "height": 300,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, sans-serif", "size": 12},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "hovermode": "x unified",
            # Dragging would zoom, and on a phone a finger on the chart could not scroll the page.
            "dragmode": False,
            "xaxis": {
                "title": {"text": "kimg", "standoff": 6},
                "automargin": True,
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
                "rangemode": "tozero",
                "hoverformat": ",.1f",
            },
            "yaxis": {"automargin": True, "fixedrange": True, "zeroline": False, "nticks": 6},
        }
    )
    return figure.update_layout(**layout)


def line(figure: go.Figure, x: Column, y: Column, name: str, color: str, **more: object) -> None:
    """Add a line to a figure; `more` are options of plotly's scatter trace."""
    # plotly interprets some HTML in names, and the names of loss terms can be any text.
    style = {"line_color": color, "line_width": 1.6, "hovertemplate": "%{y:.4~g}", "mode": "lines"}
    figure.add_scatter(x=x, y=y, name=html.escape(name), **style | more)


def smoothed(figure: go.Figure, x: Column, y: Column, name: str, color: str) -> None:
    """Add a running mean over the paler logged values to a figure. Both have a gap where a value is missing."""
    line(figure, x, y, name, color, opacity=0.3, showlegend=False, hoverinfo="skip")
    line(figure, x, _running_mean(y), name, color)


def _running_mean(values: Column) -> Column:
    """The exponentially weighted mean up to each value, with a gap where a value is missing."""
    return values.ewm(span=SMOOTHING).mean().where(values.notna())


def _score(figure: go.Figure, x: Column, y: Column, name: str, color: str, best: float | None, **more: object) -> None:
    """Add a line with a marker at each evaluation; the best evaluation has a star."""
    is_best = x == best
    marker = {
        "symbol": np.where(is_best, "star", "circle"),
        "size": np.where(is_best, 15, 7),
        "opacity": 1,
        "line_width": 0,
    }
    line(figure, x, y, name, color, mode="lines+markers", marker=marker, **more)
