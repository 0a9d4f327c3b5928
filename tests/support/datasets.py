"""Dataset directories of generated pictures, in the format that `prepare` writes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import IMAGES, INDEX, INFO, Info

# Hashes of which half the bits are set, as of pictures with something in them; no two are within 4 bits.
HASHES = ("00000000ffffffff", "ffffffff00000000", "0000ffff0000ffff", "ffff0000ffff0000", "00ff00ff00ff00ff")


def write_directory(
    path: Path,
    images: NDArray[np.uint8],
    index: Mapping[str, Any],
    class_names: Sequence[str],
    fingerprint: str,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write a dataset directory.

    Args:
        path: the directory to create.
        images: uint8 [N, S, S, 3].
        index: its columns, of N values each. A column "class" holds the classes.
        class_names: in the order of their numbers.
        fingerprint: identifies the content for runs and caches.
        options: those of `prepare`, as the dataset records them.
    """
    path.mkdir(parents=True)
    np.save(path / IMAGES, images)
    pd.DataFrame(index).to_parquet(path / INDEX)
    info = Info(
        size=images.shape[1],
        count=len(images),
        label_column="class" if "class" in index else None,
        class_names=list(class_names),
        fingerprint=fingerprint,
        options=dict(options or {}),
    )
    (path / INFO).write_text(info.model_dump_json())


def write_dataset(path: Path, count: int = 48, size: int = 16, classes: int = 2, seed: int = 0) -> Path:
    """A dataset directory of smooth coloured pictures; class k's are dominated by another colour."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % max(classes, 1)
    ramp = np.linspace(0, 120, size, dtype=np.float32)
    images = np.zeros((count, size, size, 3), np.float32)
    images += ramp[None, :, None, None] + random.uniform(0, 60, (count, 1, 1, 3)).astype(np.float32)
    images[np.arange(count), :, :, labels % 3] += 75
    names = [f"class{number}" for number in range(classes)]
    table = {"source": [f"{number}.png" for number in range(count)]}
    if classes:
        table["class"] = [names[label] for label in labels]
    write_directory(path, images.astype(np.uint8), table, names, f"test-{count}-{size}-{classes}-{seed}")
    return path


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
