"""The curves of a classifier as plotly figures, like those of `ganvas.report.charts`."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ganvas.classify.scores import Bin, ClassScores
from ganvas.foundation.arrays import Floats, evenly_spaced
from ganvas.report.charts import BLUE, GREY, MOSS, RUST, Chart, Column, blank, line, numbers

PLUM, OCHRE, TEAL, ROSE = "#8a63b3", "#ad8529", "#2f8f8b", "#bf5c8e"
COLOURS = (BLUE, RUST, MOSS, PLUM, OCHRE, TEAL, ROSE)

# The number of points of a curve; a chart of this size cannot show more.
POINTS = 300
LONGEST_NAME = 24
TALL = 420


def roc(classes: Sequence[ClassScores]) -> Chart | None:
    """The ROC curve of each class against the rest; if there are many, only those of the lowest area are coloured."""
    drawn = [scores for scores in classes if scores.roc is not None and scores.auc is not None]
    if not drawn:
        return None
    hardest = sorted(drawn, key=_area)[: len(COLOURS)]
    colours = dict(zip([scores.name for scores in drawn if scores in hardest], COLOURS, strict=False))
    figure = blank(height=TALL, hovermode="closest")
    _axes(figure, "false positive rate", "true positive rate")
    _diagonal(figure)
    for scores in sorted(drawn, key=_area, reverse=True):
        _curve(figure, scores, colours.get(scores.name))
    note = "Each class against all others, with the area under its curve: 1 is perfect, 0.5 (dotted) is chance."
    if len(drawn) > len(hardest):
        note += f" The {len(hardest)} hardest classes are coloured, the others are grey."
    return Chart("roc", "ROC", note, figure)


def _area(scores: ClassScores) -> float:
    return scores.auc.value if scores.auc else math.nan


def _curve(figure: go.Figure, scores: ClassScores, colour: str | None) -> None:
    if scores.roc is None:
        return
    x, y = _thinned(scores.roc.false_positive_rate), _thinned(scores.roc.true_positive_rate)
    name = f"{shortened(scores.name)} {_area(scores):.2f}"
    style: dict[str, object] = {"hovertemplate": "true %{y:.2f}, false %{x:.2f}<extra>%{fullData.name}</extra>"}
    if colour is None:
        style |= {"opacity": 0.5, "line_width": 1, "showlegend": False}
    line(figure, x, y, name, colour or GREY, **style)


def calibration(bins: Sequence[Bin], error: float) -> Chart:
    """Accuracy against confidence, the probability of the predicted class."""
    figure = blank(height=TALL, hovermode="closest")
    _axes(figure, "confidence", "accuracy")
    _diagonal(figure)
    estimates = [calibration_bin.accuracy for calibration_bin in bins]
    accuracy = np.array([estimate.value for estimate in estimates])
    pictures = np.array([calibration_bin.pictures for calibration_bin in bins])
    # A bin without an interval has error bars of length 0.
    high = [estimate.value if estimate.high is None else estimate.high for estimate in estimates]
    low = [estimate.value if estimate.low is None else estimate.low for estimate in estimates]
    figure.add_scatter(
        x=[calibration_bin.confidence for calibration_bin in bins],
        y=accuracy,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": high - accuracy,
            "arrayminus": accuracy - low,
            "thickness": 1,
            "width": 0,
        },
        customdata=pictures,
        mode="markers",
        # The area of a point grows with its number of pictures.
        marker={"color": BLUE, "size": 5 + 17 * np.sqrt(pictures / pictures.max()), "opacity": 1, "line_width": 0},
        cliponaxis=False,
        hovertemplate="confidence %{x:.2f}, accuracy %{y:.2f}, %{customdata:,} pictures<extra></extra>",
        showlegend=False,
    )
    note = (
        "Confidence is the probability of the predicted class. Larger points stand for more pictures; bars are 95 % "
        "intervals. Below the dotted line, the classifier is overconfident. The mean difference between confidence and "
        f"accuracy is {error:.3f}."
    )
    return Chart("calibration", "Calibration", note, figure)


def learning(history: Sequence[Mapping[str, object]], best: int | None) -> list[Chart]:
    """Loss and accuracy by epoch; none if there are fewer than two epochs.

    Args:
        history: the lines of `history.jsonl`.
        best: the epoch whose weights were kept; it is marked.
    """
    if len(history) < 2:
        return []
    epochs = numbers(history)
    marked = "" if best is None else f" The dotted line is epoch {best}, whose weights were kept."
    loss = "Lower is better. If only the training loss still falls, the model overfits." + marked
    accuracy = "The share of correct predictions. The training accuracy includes augmentation and dropout." + marked
    charts = [
        Chart("loss", "Loss", loss, _by_epoch(epochs, "loss", best)),
        Chart("accuracy", "Accuracy", accuracy, _by_epoch(epochs, "accuracy", best, yaxis_range=[0, 1.02])),
    ]
    return [chart for chart in charts if chart.figure.data]


def _by_epoch(epochs: pd.DataFrame, score: str, best: int | None, **layout: object) -> go.Figure:
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
    """A class name cut to fit a legend."""
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _axes(figure: go.Figure, x: str, y: str) -> None:
    both = {"range": [0, 1.02], "rangemode": "normal", "dtick": 0.2}
    figure.update_layout(xaxis={"title": {"text": x}, **both}, yaxis={"title": {"text": y, "standoff": 6}, **both})


def _diagonal(figure: go.Figure) -> None:
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": GREY, "width": 1, "dash": "dot"})


def _thinned(values: Floats) -> Column:
    """At most `POINTS` of the values, evenly spaced."""
    return pd.Series(values[evenly_spaced(len(values), POINTS)])
