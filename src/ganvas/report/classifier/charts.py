"""The curves of a classifier as plotly figures, in the manner of `ganvas.report.charts`."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganvas.classify.scores import Bin, ClassScores
from ganvas.report.charts import BLUE, GREY, MOSS, RUST, Chart, Numbers, blank, line, numbers

PLUM, OCHRE, TEAL, ROSE = "#8a63b3", "#ad8529", "#2f8f8b", "#bf5c8e"
COLOURS = (BLUE, RUST, MOSS, PLUM, OCHRE, TEAL, ROSE)

# As many points as a drawing of that size can show.
POINTS = 300
LONGEST_NAME = 24
TALL = 420


def roc(classes: Sequence[ClassScores]) -> Chart | None:
    """The ROC curve of each class against the rest; those of the lowest area in colour if there are many."""
    drawn = [each for each in classes if each.roc is not None and each.auc is not None]
    if not drawn:
        return None
    hardest = sorted(drawn, key=_area)[: len(COLOURS)]
    colours = dict(zip([each.name for each in drawn if each in hardest], COLOURS, strict=False))
    figure = blank(height=TALL, hovermode="closest")
    _axes(figure, "share of the others that are taken for it", "share of the class that is found")
    _diagonal(figure)
    for each in sorted(drawn, key=_area, reverse=True):
        _curve(figure, each, colours.get(each.name))
    note = "Each class against all others, and the area under its curve: 1 is perfect, 0.5 (dotted) is guessing."
    if len(drawn) > len(hardest):
        note += f" The {len(hardest)} hardest classes are in colour, the others grey."
    return Chart("roc", "ROC", note, figure)


def _area(scores: ClassScores) -> float:
    return scores.auc.value if scores.auc else math.nan


def _curve(figure: go.Figure, scores: ClassScores, colour: str | None) -> None:
    if scores.roc is None:
        return
    x, y = _thinned(scores.roc.false_positive_rate), _thinned(scores.roc.true_positive_rate)
    name = f"{shortened(scores.name)} {_area(scores):.2f}"
    style: dict[str, Any] = {"hovertemplate": "%{y:.2f} found at %{x:.2f}<extra>%{fullData.name}</extra>"}
    if colour is None:
        style |= {"opacity": 0.5, "line_width": 1, "showlegend": False}
    line(figure, x, y, name, colour or GREY, **style)


def calibration(bins: Sequence[Bin], error: float) -> Chart:
    """How often it is right where it is so and so sure."""
    figure = blank(height=TALL, hovermode="closest")
    _axes(figure, "how sure it was", "share named right")
    _diagonal(figure)
    estimates = [each.accuracy for each in bins]
    accuracy = np.array([each.value for each in estimates])
    pictures = np.array([each.pictures for each in bins])
    figure.add_scatter(
        x=[each.confidence for each in bins],
        y=accuracy,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [each.value if each.high is None else each.high for each in estimates] - accuracy,
            "arrayminus": accuracy - [each.value if each.low is None else each.low for each in estimates],
            "thickness": 1,
            "width": 0,
        },
        customdata=pictures,
        mode="markers",
        # The area of a point is in proportion to its pictures.
        marker={"color": BLUE, "size": 5 + 17 * np.sqrt(pictures / pictures.max()), "opacity": 1, "line_width": 0},
        cliponaxis=False,
        hovertemplate="%{x:.2f} sure, %{y:.2f} right, %{customdata:,} pictures<extra></extra>",
        showlegend=False,
    )
    note = (
        "Pictures by how sure it was, larger points for more pictures, with 95 % intervals. Below the dotted line it "
        f"is too sure. Confidence and accuracy are {error:.3f} apart on average."
    )
    return Chart("calibration", "Calibration", note, figure)


def learning(history: Sequence[dict[str, Any]], best: int | None) -> list[Chart]:
    """Loss and accuracy by epoch, those that there is something to draw of: a single epoch is no curve.

    Args:
        history: the lines of `history.jsonl`.
        best: the epoch that was kept, which is marked.
    """
    if len(history) < 2:
        return []
    epochs = numbers(history)
    marked = "" if best is None else f" The dotted line is epoch {best}, which was kept."
    loss = "The lower, the better; where only the training loss still falls, it learns by heart." + marked
    accuracy = "The share of pictures named right; those of training as they were learnt from." + marked
    charts = [
        Chart("loss", "Loss", loss, _by_epoch(epochs, "loss", best)),
        Chart("accuracy", "Accuracy", accuracy, _by_epoch(epochs, "accuracy", best, yaxis_range=[0, 1.02])),
    ]
    return [chart for chart in charts if chart.figure.data]


def _by_epoch(epochs: pd.DataFrame, score: str, best: int | None, **layout: Any) -> go.Figure:
    figure = blank(xaxis_title_text="epoch", xaxis_hoverformat=",.0f", **layout)
    if len(epochs) <= 10:
        figure.update_xaxes(dtick=1)
    for split, colour in (("train", BLUE), ("validation", RUST)):
        key = f"{split}_{score}"
        if {"epoch", key} <= set(epochs.columns) and epochs[key].notna().any():
            line(figure, epochs.epoch, epochs[key], split, colour)
    if best is not None and figure.data:
        figure.add_vline(best, line_color=GREY, line_width=1, line_dash="dot")
    return figure


def shortened(name: str) -> str:
    """A class name that fits a legend."""
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _axes(figure: go.Figure, x: str, y: str) -> None:
    both = {"range": [0, 1.02], "rangemode": "normal", "dtick": 0.2}
    figure.update_layout(xaxis={"title": {"text": x}, **both}, yaxis={"title": {"text": y, "standoff": 6}, **both})


def _diagonal(figure: go.Figure) -> None:
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": GREY, "width": 1, "dash": "dot"})


def _thinned(values: NDArray[np.float64]) -> Numbers:
    """At most `POINTS` of the values, evenly chosen, the first and the last among them."""
    chosen = np.linspace(0, len(values) - 1, min(len(values), POINTS)).round().astype(int)
    return pd.Series(values[chosen])
