"""Sheets of pictures, and pictures as files."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ganvas.foundation.files import whole_file

# Letters are a quarter of a picture's height, within these bounds in pixels, and names as wide as that many letters.
LETTERS, LONGEST_NAME = (11, 24), 16


def grid(images: NDArray[np.uint8], columns: int | None = None, gap: int = 2) -> NDArray[np.uint8]:
    """Pictures side by side on white.

    Args:
        images: uint8 [N, H, W, 3].
        columns: pictures a row; by default the grid is as square as it can be.
        gap: white pixels between neighbours.

    Returns:
        uint8 [rows * (H + gap) - gap, columns * (W + gap) - gap, 3].
    """
    count, height, width, _ = images.shape
    columns = min(columns or math.ceil(math.sqrt(count)), count)
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, dtype=np.uint8)
    for place, image in enumerate(images):
        top, left = (place // columns) * (height + gap), (place % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def class_grid(images: NDArray[np.uint8], names: Sequence[str], gap: int = 2) -> NDArray[np.uint8]:
    """A row of pictures a class on white, each with the name of its class before it.

    Args:
        images: uint8 [C, N, H, W, 3].
        names: of the C classes in order; long ones are cut short.
        gap: white pixels between neighbours.

    Returns:
        uint8, as `grid` with N columns, and wider by the names.
    """
    _, columns, height, *_ = images.shape
    rows = grid(images.reshape(-1, *images.shape[2:]), columns, gap)
    smallest, largest = LETTERS
    font = ImageFont.load_default(min(max(height // 4, smallest), largest))
    shown = [_cut_short(name, font) for name in names]
    margin = max(math.ceil(font.getlength(name)) for name in shown) + 4 * gap
    sheet = Image.new("RGB", (margin + rows.shape[1], rows.shape[0]), "white")
    sheet.paste(Image.fromarray(rows), (margin, 0))
    pen = ImageDraw.Draw(sheet)
    for row, name in enumerate(shown):
        pen.text((margin - 2 * gap, row * (height + gap) + height / 2), name, "black", font, anchor="rm")
    return np.asarray(sheet)


def _cut_short(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    name, longest = " ".join(name.split()), LONGEST_NAME * font.getlength("n")
    if font.getlength(name) <= longest:
        return name
    while name and font.getlength(f"{name}...") > longest:
        name = name[:-1]
    return f"{name}..."


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write one picture, uint8 [H, W, 3], atomically."""
    with whole_file(path) as partial:
        Image.fromarray(image).save(partial, format="PNG")
