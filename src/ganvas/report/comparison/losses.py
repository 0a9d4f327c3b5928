"""The losses of several runs side by side, on the same axes (paper 1, figure 4)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ganvas.report.charts import BLUE, RUST, Chart, blank, numbers, smoothed, thinned
from ganvas.runs.logs import RunLogs

LOSSES = {"d_loss": ("discriminator", BLUE), "g_loss": ("generator", RUST)}
# The length of the axis of iterations as a multiple of the longest run.
MARGIN = 1.02
# The share of logged values above and below the axis. A single spike would flatten everything else.
_BEYOND = 0.005


def losses(runs: Mapping[str, RunLogs]) -> list[Chart]:
    """A chart of both losses over the training iterations for each run.

    Args:
        runs: the logs of each run by its name, in the order of the charts.

    Returns:
        The charts, with the same axes. Runs that have logged no loss are left out.
    """
    tables = {name: thinned(numbers([line.record() for line in logs.stats])) for name, logs in runs.items()}
    tables = {name: table for name, table in tables.items() if "step" in table and _logged(table)}
    if not tables:
        return []
    end = max(float(table["step"].max()) for table in tables.values())
    values = [table[key] for table in tables.values() for key in _logged(table)]
    axes = {"xaxis_range": [0, MARGIN * end], "yaxis_range": _range(values)}
    return [_chart(number, name, table, axes) for number, (name, table) in enumerate(tables.items())]


def _logged(table: pd.DataFrame) -> list[str]:
    """The losses that were logged."""
    return [key for key in LOSSES if key in table and table[key].notna().any()]


def _range(columns: "Sequence[pd.Series[float]]") -> list[float]:
    """The bottom and the top of the axis of losses."""
    bottom, top = np.nanquantile(pd.concat(list(columns)), [_BEYOND, 1 - _BEYOND])
    margin = 0.05 * (top - bottom) or 0.05
    return [float(bottom - margin), float(top + margin)]


def _chart(number: int, name: str, table: pd.DataFrame, axes: Mapping[str, Sequence[float]]) -> Chart:
    figure = blank(xaxis_title_text="iterations", xaxis_hoverformat=",.0f", **axes)
    for key in _logged(table):
        what, color = LOSSES[key]
        smoothed(figure, table["step"], table[key], what, color)
    note = (
        "Lines are running means; the paler lines are the logged values. All runs have the same axes. Losses of "
        "different kinds of GAN, such as a Wasserstein GAN, have different meanings."
    )
    return Chart(f"losses-{number}", f"Losses of {name}", note, figure)
