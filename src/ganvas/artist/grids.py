"""Grids of pictures, and PNG files."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from ganvas.artist.origin import Sheet
from ganvas.foundation.arrays import Images
from ganvas.foundation.files import whole_file

# The font size is a quarter of a picture's height, within these bounds in pixels. Names are at most as wide as this
# many letters.
FONT_SIZES, LONGEST_NAME = (11, 24), 16


def grid(images: Images, columns: int | None = None, gap: int = 2) -> Images:
    """Arrange pictures in a grid on white.

    Args:
        images: uint8 [N, H, W, 3].
        columns: pictures per row; by default the grid is as square as possible.
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


def arranged(images: Images, sheet: Sheet) -> Images:
    """Arrange pictures as a sheet says.

    Args:
        images: uint8 [N, S, S, 3].
        sheet: columns, enlargement, and names of rows and captions if any.

    Returns:
        uint8 [H, W, 3].
    """
    images = enlarged(images, sheet.enlarge)
    if sheet.captions is not None:
        images = np.stack([_captioned(*each) for each in zip(images, sheet.captions, strict=True)])
    if sheet.rows is None:
        return grid(images, sheet.columns)
    missing = len(sheet.rows) * sheet.columns - len(images)
    white = np.full((missing, *images.shape[1:]), 255, np.uint8)
    filled = np.concatenate([images, white])
    return class_grid(filled.reshape(len(sheet.rows), sheet.columns, *images.shape[1:]), sheet.rows)


def enlarged(images: Images, factor: int) -> Images:
    """Pictures, uint8 [N, H, W, 3], with each pixel repeated: uint8 [N, factor * H, factor * W, 3]."""
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def _captioned(image: Images, caption: str) -> Images:
    """A picture, uint8 [H, W, 3], with a line of text under it, cut to its width: uint8 [H + line, W, 3]."""
    height, width, _ = image.shape
    size = min(max(height // 8, FONT_SIZES[0]), FONT_SIZES[1])
    font = ImageFont.load_default(size)
    text = " ".join(caption.split())
    while text and font.getlength(text) > width:
        text = text[:-1]
    canvas = Image.new("RGB", (width, height + size + 4), "white")
    canvas.paste(Image.fromarray(image), (0, 0))
    ImageDraw.Draw(canvas).text((width / 2, height + 1), text, "black", font, anchor="ma")
    return np.asarray(canvas)


def class_grid(images: Images, names: Sequence[str], gap: int = 2) -> Images:
    """Arrange pictures in a grid with a row for each class, after the name of the class.

    Args:
        images: uint8 [C, N, H, W, 3].
        names: names of the C classes; long names are truncated.
        gap: white pixels between neighbours.

    Returns:
        uint8 [height, width, 3], as `grid` with N columns, but wider by the names.
    """
    _, columns, height, *_ = images.shape
    rows = grid(images.reshape(-1, *images.shape[2:]), columns, gap)
    smallest, largest = FONT_SIZES
    font = ImageFont.load_default(min(max(height // 4, smallest), largest))
    labels = [_truncated(name, font) for name in names]
    margin = max(math.ceil(font.getlength(name)) for name in labels) + 4 * gap
    sheet = Image.new("RGB", (margin + rows.shape[1], rows.shape[0]), "white")
    sheet.paste(Image.fromarray(rows), (margin, 0))
    pen = ImageDraw.Draw(sheet)
    for row, name in enumerate(labels):
        pen.text((margin - 2 * gap, row * (height + gap) + height / 2), name, "black", font, anchor="rm")
    return np.asarray(sheet)


def _truncated(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    name, longest = " ".join(name.split()), LONGEST_NAME * font.getlength("n")
    if font.getlength(name) <= longest:
        return name
    while name and font.getlength(f"{name}...") > longest:
        name = name[:-1]
    return f"{name}..."


def write_png(path: Path, image: Images, chunks: PngInfo | None = None) -> None:
    """Write a picture, uint8 [H, W, 3], and chunks before its pixels to a PNG file atomically."""
    with whole_file(path) as partial:
        Image.fromarray(image).save(partial, format="PNG", pnginfo=chunks)
