"""How often the verdict is right, and how early: a curve for each symptom, and one of false alarms."""

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go
from plotly.colors import qualitative

from benchmarks.figures import save_png
from benchmarks.nature.table import Judged

# Evaluations after a symptom showed that are drawn.
_AFTER = 6
_WIDTH, _HEIGHT = 760, 380


def draw(judged: Sequence[Judged], path: Path) -> None:
    """Draw the share of the runs with each symptom whose right verdict had come to stay by each evaluation.

    Args:
        judged: the runs.
        path: the PNG to write.
    """
    symptoms = dict.fromkeys(name for each in judged for name in each.truth.symptoms)
    figure = go.Figure()
    for name, colour in zip(symptoms, qualitative.D3, strict=False):
        runs = [each for each in judged if name in each.truth.symptoms]
        delays = [each.delay for each in runs if each.delay is not None]
        shares = [sum(delay <= after for delay in delays) / len(runs) for after in range(_AFTER + 1)]
        label = f"{name} ({len(runs)})"
        figure.add_trace(
            go.Scatter(x=[*range(_AFTER + 1)], y=shares, name=label, line={"color": colour, "shape": "hv"})
        )
    figure.update_xaxes(title="evaluations since it showed")
    figure.update_yaxes(title="runs named right, and from then on", range=[0, 1.02], tickformat=".0%")
    figure.update_layout(width=_WIDTH, height=_HEIGHT, margin={"l": 60, "r": 10, "t": 20, "b": 50})
    save_png(figure, path)
