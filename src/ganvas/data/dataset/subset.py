"""Copy some classes, or any pictures, of a dataset into a dataset of their own."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ganvas.data.dataset.checksums import checksums_file
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import IMAGES, Info
from ganvas.data.dataset.writing import ImagesFile, fingerprint, write_tables
from ganvas.foundation.errors import DataError, unknown
from ganvas.foundation.files import whole_directory


def of_classes(data: Dataset, names: Sequence[str], target: Path) -> Dataset:
    """Copy the pictures of some classes, in their order and with their splits.

    Args:
        data: a dataset with classes.
        names: the names of some of its classes, at least one.
        target: the dataset directory to make. It has these classes, or none if there is only one.

    Raises:
        DataError: there is no such class.
        GanvasError: `target` exists already, or the file system refused.
    """
    labels = data.labels
    if labels is None or not set(names) <= set(data.class_names):
        name = next(name for name in names if name not in data.class_names)
        raise DataError(f"{data.path}: {unknown('class', name, data.class_names)}")
    kept = [number for number, name in enumerate(data.class_names) if name in names]
    is_kept = np.isin(labels, kept)
    index = data.index[is_kept].reset_index(drop=True)
    label_column = data.info.label_column if len(kept) > 1 else None
    only = list(names) if len(names) > 1 else names[0]
    changes = {
        "label_column": label_column,
        "class_names": [data.class_names[number] for number in kept] if label_column else [],
        "options": {**data.info.options, "only": {data.info.label_column: only}},
    }
    write_rows(data, is_kept.nonzero()[0], index, data.info.model_copy(update=changes), target)
    return Dataset.open(target)


def write_rows(data: Dataset, rows: Iterable[int], index: pd.DataFrame, info: Info, target: Path) -> None:
    """Write pictures of a dataset as another one.

    Args:
        data: the dataset.
        rows: the pictures to copy, in this order.
        index: one row for each of them.
        info: what `dataset.json` is to say, but for the count and the fingerprint, which are those of these pictures.
        target: the dataset directory to make.

    Raises:
        GanvasError: `target` exists already, or the file system refused.
    """
    with whole_directory(target) as directory:
        with (directory / IMAGES).open("wb") as file:
            images = ImagesFile(file, data.size)
            for row in rows:
                images.append(data.images[row])
            images.finish()
        images.write_checksums(checksums_file(directory / IMAGES))
        digest = fingerprint(images, info.label_column, index)
        write_tables(directory, info.model_copy(update={"count": len(index), "fingerprint": digest}), index)
