"""The curves of altered copies found over new pictures falsely called copies."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.colors import qualitative
from plotly.subplots import make_subplots

from benchmarks.figures import save_png
from ganvas.foundation.arrays import Floats

# Size of one panel in pixels, and the range of false calls that is drawn, on a logarithmic axis.
_PANEL, _RANGE = 300, (0.003, 1.0)
_COLUMNS = 3


def draw(outcomes: Mapping[str, tuple[Floats, Mapping[str, Floats]]], path: Path) -> None:
    """Draw one panel for each set.

    Args:
        outcomes: by name, the distances of new pictures, float64 [N], and of altered copies by alteration.
        path: the PNG to write.
    """
    lines = -(-len(outcomes) // _COLUMNS)
    figure = make_subplots(lines, _COLUMNS, subplot_titles=list(outcomes), shared_yaxes=True)
    for place, (new, copies) in enumerate(outcomes.values()):
        for (name, distances), colour in zip(copies.items(), qualitative.D3, strict=False):
            figure.add_trace(
                go.Scatter(
                    x=np.array([(new < limit).mean() for limit in np.sort(new)]).clip(_RANGE[0]),
                    y=[(distances < limit).mean() for limit in np.sort(new)],
                    name=name,
                    legendgroup=name,
                    showlegend=not place,
                    line={"color": colour},
                ),
                row=place // _COLUMNS + 1,
                col=place % _COLUMNS + 1,
            )
    figure.update_xaxes(type="log", range=np.log10(_RANGE).tolist(), tickformat=".1~%")
    figure.update_xaxes(title="new pictures called copies", row=lines)
    figure.update_yaxes(range=[0.5, 1.01], tickformat=".0%")
    figure.update_yaxes(title="copies found", col=1)
    width, height = _COLUMNS * _PANEL + 160, lines * _PANEL
    figure.update_layout(width=width, height=height, margin={"l": 60, "r": 10, "t": 30, "b": 50})
    save_png(figure, path)
