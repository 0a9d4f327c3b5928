"""The section of the run page that shows the fixed grid at every moment, beside real pictures."""

import math

from PIL import Image

from ganvas.artist.grids import grid
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import evenly_spaced
from ganvas.foundation.errors import DataError
from ganvas.report import html
from ganvas.report.html import Fields
from ganvas.report.run.run import Run

MAX_FRAMES = 24
# What the pictures of this section may weigh together. Base64 adds a third, the other sections half as much again, and
# plotly 5 MB: under 20 MB in all.
PICTURE_BYTES = 7_000_000


def pictures(run: Run) -> Fields | None:
    """The grids of a run by time; None where there are none."""
    frames = _frames(run)
    if not frames:
        return None
    marked = [index for index, frame in enumerate(frames) if frame["is_best"]]
    return {
        "frames": frames,
        "best": marked[0] if marked else None,
        "in_print": {0, len(frames) // 2, len(frames) - 1},
        "real": _real_grid(run),
        "data": run.data_name,
    }


def _frames(run: Run) -> list[Fields]:
    """The sample grids to show: evenly chosen, the first, the best and the last always among them."""
    files = list(run.samples.items())
    best = _nearest(list(run.samples), run.logs.best.kimg if run.logs.best else None)
    chosen = sorted({*evenly_spaced(len(files), MAX_FRAMES - 1).tolist(), *([] if best is None else [best])})
    frames = []
    for index in chosen:
        at, file = files[index]
        picture = html.read_picture(file)
        if picture is not None:
            frames.append({"kimg": at, "is_best": index == best, **_inline(picture, len(chosen) + 1)})
    return frames


def _nearest(kimgs: list[float], target: float | None) -> int | None:
    """The position of the grid drawn closest to an evaluation; None where either is missing."""
    if target is None:
        return None
    return min(range(len(kimgs)), key=lambda index: abs(kimgs[index] - target), default=None)


def _real_grid(run: Run) -> Fields | None:
    """A square of the pictures it learnt from, spread over the dataset; None if that is gone or has changed since."""
    try:
        dataset = run.dataset()
    except DataError:
        return None
    side = min(run.record.settings["grid_size"], math.isqrt(dataset.splits[TRAIN]))
    pictures = Image.fromarray(grid(dataset.examples(TRAIN, side * side), side))
    return {**_inline(pictures, MAX_FRAMES + 1), "count": side * side}


def _inline(picture: Image.Image, share: int) -> Fields:
    """The picture as a data URI of at most a `share`-th of the section's picture bytes."""
    return html.inline(picture, PICTURE_BYTES // share)
