"""Dataset directories, as `prepare` writes them, of pictures that are made here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.layout import IMAGES, INDEX, INFO, Info


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
        path: what to make.
        images: uint8 [N, S, S, 3].
        index: the columns of its index, of N values each; the class is that of the column "class", if there is one.
        class_names: in the order of their numbers.
        fingerprint: what runs and caches know the dataset by.
        options: what it says it was prepared with.
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
