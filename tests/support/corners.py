"""Datasets whose class is decided by one corner, so that it is known where a classifier must look."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support.datasets import write_directory

# Side of the corner, in pixels, and how bright it is in pictures of the first class, the second ...
CORNER = 5


def corners(labels: NDArray[np.int64], classes: int, size: int = 16, seed: int = 0) -> NDArray[np.uint8]:
    """Dim noise, uint8 [N, S, S, 3], whose top left corner is the brighter the higher the label."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 60, (len(labels), size, size, 3))
    images[:, :CORNER, :CORNER] += (labels * 190 // (classes - 1))[:, None, None, None]
    return images.astype(np.uint8)


def write_corners(
    path: Path,
    class_names: Sequence[str] = ("dark", "lit"),
    count: int = 60,
    *,
    size: int = 16,
    seed: int = 0,
    **columns: Sequence[str],
) -> Path:
    """A dataset directory of such pictures, every class as frequent as the others; columns are added to its index."""
    labels = np.arange(count) % len(class_names)
    index = {
        "source": [f"folder/{number}.png" for number in range(count)],
        "sha256": [f"{seed}-{number}" for number in range(count)],
        "class": [class_names[label] for label in labels.tolist()],
    }
    images, names = corners(labels, len(class_names), size, seed), sorted(class_names)
    fingerprint = f"corners-{count}-{size}-{seed}-{names}"
    write_directory(path, images, index | columns, names, fingerprint, {"fit": "crop", "background": "white"})
    return path
