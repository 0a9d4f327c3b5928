"""Sheets of the last sample grids, to be looked at without knowing which run is which."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw

# Runs across and down a sheet, the size in pixels of the part of a grid that is shown, and its enlargement.
ACROSS, DOWN = 4, 5
SHOWN, TIMES = (142, 72), 3
_MARGIN = 18
# The file beside the sheets that tells which run is where.
KEY = "key.csv"


def write_sheets(results: Path, names: Sequence[str], folder: Path) -> None:
    """Write the sheets of finished runs in a random order, and the key to them."""
    shuffled = sorted(names)
    random.Random(0).shuffle(shuffled)
    folder.mkdir(parents=True, exist_ok=True)
    on_a_sheet = ACROSS * DOWN
    for first in range(0, len(shuffled), on_a_sheet):
        grids = [_last_grid(results / name) for name in shuffled[first : first + on_a_sheet]]
        _sheet(grids, first).save(folder / f"sheet-{first // on_a_sheet + 1}.png")
    pd.DataFrame({"number": range(len(shuffled)), "run": shuffled}).to_csv(folder / KEY, index=False)


def _last_grid(run: Path) -> Image.Image:
    """The upper half of the last grid, in pixels that are all equally large."""
    with Image.open(max((run / "samples").glob("*.png"))) as grid:
        picture = grid.convert("RGB")
    half = picture.crop((0, 0, picture.width, picture.height // 2 + 1))
    return half.resize((SHOWN[0] * TIMES, SHOWN[1] * TIMES), Image.Resampling.NEAREST)


def _sheet(grids: Sequence[Image.Image], first: int) -> Image.Image:
    """One sheet, with the number of each run above it."""
    width, height = SHOWN[0] * TIMES + _MARGIN, SHOWN[1] * TIMES + _MARGIN
    sheet = Image.new("RGB", (ACROSS * width, DOWN * height), "white")
    draw = ImageDraw.Draw(sheet)
    for (left, top), number, grid in zip(_places(width, height), range(first, first + len(grids)), grids, strict=False):
        draw.text((left + 2, top + 2), str(number), fill="black", font_size=14)
        sheet.paste(grid, (left, top + _MARGIN))
    return sheet


def _places(width: int, height: int) -> Iterator[tuple[int, int]]:
    return ((column * width, row * height) for row in range(DOWN) for column in range(ACROSS))
