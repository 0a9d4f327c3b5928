"""Dataset directories of given pictures and columns, for the tests of the survey."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from support.datasets import write_directory

# Hashes of which half the bits are set, as of pictures with something in them; no two are within 4 bits.
HASHES = ("00000000ffffffff", "ffffffff00000000", "0000ffff0000ffff", "ffff0000ffff0000", "00ff00ff00ff00ff")


def write_pictures_of(
    path: Path,
    images: NDArray[np.uint8],
    classes: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    rejected: str | None = None,
    **columns: "Sequence[Any] | pd.Series[Any]",
) -> Dataset:
    """A dataset of these pictures, uint8 [N, S, S, 3], with these columns in its index."""
    table = {"source": [f"{number}.png" for number in range(len(images))], **columns}
    index = table if classes is None else table | {"class": classes}
    write_directory(path, images, index, sorted(set(classes or [])), "c0ffee" * 10, options)
    if rejected is not None:
        (path / "rejected.csv").write_text(f"path,reason\n{rejected}")
    return Dataset.open(path)


def flat(colours: Sequence[tuple[int, int, int]], size: int = 8) -> NDArray[np.uint8]:
    """Pictures of one colour each, uint8 [N, size, size, 3]."""
    return np.broadcast_to(np.array(colours, np.uint8)[:, None, None], (len(colours), size, size, 3)).copy()


def noise(count: int, size: int = 8, seed: int = 0) -> NDArray[np.uint8]:
    """Pictures of noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)
