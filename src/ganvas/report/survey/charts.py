"""The sizes of the original pictures of a dataset, as a plotly figure like those of `ganvas.report.charts`."""

import numpy as np

from ganvas.data.survey.shapes import Shapes
from ganvas.report.charts import BLUE, GREY, Chart, blank

# The number of sizes to draw, the most common ones. More would make the page heavy and the chart unreadable.
POINTS = 2_000
TALL = 420


def sizes(shapes: Shapes) -> Chart | None:
    """Width against height; None if all originals have the same size."""
    if len(shapes.sizes) < 2:
        return None
    width, height, count = shapes.sizes[:POINTS].T
    low, high = 0.8 * min(width.min(), height.min()), 1.25 * max(width.max(), height.max())
    figure = blank(height=TALL, hovermode="closest")
    for axis, title in ((figure.update_xaxes, "width in pixels"), (figure.update_yaxes, "height in pixels")):
        ticks = _ticks(low, high)
        axis(type="log", range=np.log10([low, high]).tolist(), tickvals=ticks, ticktext=[f"{tick:,}" for tick in ticks])
        axis(title_text=title, hoverformat=",d")
    figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=width,
        y=height,
        customdata=count,
        mode="markers",
        # The area of a point grows with its number of pictures.
        marker={"color": BLUE, "size": 9 + 20 * np.sqrt((count - 1) / max(count.max(), 2)), "opacity": 0.55},
        hovertemplate="%{x} \N{MULTIPLICATION SIGN} %{y}: %{customdata:,}<extra></extra>",
        showlegend=False,
    )
    note = (
        "Each point is a size; larger points stand for more pictures. Upright pictures are above the dotted line, "
        "wide ones below."
    )
    if len(shapes.sizes) > POINTS:
        note += f" Only the {POINTS:,} most common of {len(shapes.sizes):,} sizes are shown."
    return Chart("sizes", "Width and height", note, figure)


def _ticks(low: float, high: float) -> list[int]:
    """Round numbers of pixels within a range; more of them if the range is narrow."""
    digits = (1, 2, 5) if high > 12 * low else (1, 2, 3, 4, 5, 6, 8)
    return [digit * 10**power for power in range(6) for digit in digits if low <= digit * 10**power <= high]
