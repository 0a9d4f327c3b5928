"""Sheets of pictures, and pictures as files."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.files import whole_file


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


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write one picture, uint8 [H, W, 3], atomically."""
    with whole_file(path) as partial:
        Image.fromarray(image).save(partial, format="PNG")
