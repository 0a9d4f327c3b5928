"""The section of the run page with the sample grids over time, next to real pictures."""

import math

from PIL import Image

from ganvas.artist.grids import grid
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import evenly_spaced
from ganvas.foundation.errors import DataError
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.run import Run

# The largest number of sample grids to show.
MAX_GRIDS = 24
# The size of the pictures of this section in bytes. With base64, which adds a third, the other sections, half as large,
# and plotly, 5 MB, a page has less than 20 MB.
PICTURE_BYTES = 7_000_000


def pictures(run: Run) -> Fields | None:
    """The sample grids of a run over time; None if it has none."""
    grids = _sample_grids(run)
    if not grids:
        return None
    return {
        "grids": grids,
        "best": next((position for position, each in enumerate(grids) if each["is_best"]), None),
        "in_print": {0, len(grids) // 2, len(grids) - 1},
        "real": _real_grid(run),
        "data": run.data_name,
    }


def _sample_grids(run: Run) -> list[Fields]:
    """Evenly spaced sample grids, including the first, the best and the last one."""
    files = list(run.samples.items())
    best = _nearest(list(run.samples), run.logs.best.kimg if run.logs.best else None)
    chosen = sorted({*evenly_spaced(len(files), MAX_GRIDS - 1).tolist(), *([] if best is None else [best])})
    grids = []
    for index in chosen:
        kimg, file = files[index]
        picture = html.read_picture(file)
        if picture is not None:
            grids.append({"kimg": kimg, "is_best": index == best, **_inline(picture, len(chosen) + 1)})
    return grids


def _nearest(kimgs: list[float], target: float | None) -> int | None:
    """The position of the grid closest to an evaluation; None if there is no grid or no evaluation."""
    if target is None:
        return None
    return min(range(len(kimgs)), key=lambda index: abs(kimgs[index] - target), default=None)


def _real_grid(run: Run) -> Fields | None:
    """A square grid of training pictures, evenly spaced in the dataset; None if that is gone or has changed."""
    try:
        dataset = run.dataset()
    except DataError:
        return None
    side = min(run.record.settings["grid_size"], math.isqrt(dataset.splits[TRAIN]))
    pictures = Image.fromarray(grid(dataset.examples(TRAIN, side * side), side))
    return {**_inline(pictures, MAX_GRIDS + 1), "count": side * side}


def _inline(picture: Image.Image, share: int) -> Fields:
    """A picture as a data URI with at most `PICTURE_BYTES / share` bytes."""
    return html.inline(picture, PICTURE_BYTES // share)
