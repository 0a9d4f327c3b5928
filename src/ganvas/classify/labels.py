"""The classes of a dataset as names, from any column of its index."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset import Dataset
from ganvas.errors import DataError, unknown

# More names than this are not classes: sources, hashes, sizes.
MAX_CLASSES = 1000


def label_column(data: Dataset, label: str | None) -> str:
    """The column to take classes from: the one asked for, or the dataset's own.

    Raises:
        DataError: there is no such column, or none was asked for and the dataset has no classes.
    """
    if label is None and data.info.label_column is None:
        raise DataError(f"{data.path} has no classes; name a column with --label: {', '.join(_columns(data))}")
    column = label or str(data.info.label_column)
    if column not in data.index:
        raise DataError(f"{data.path}: {unknown('column', column, _columns(data))}")
    return column


def label_names(data: Dataset, column: str) -> NDArray[np.object_]:
    """The class of every picture by name, str [N]; numbers and other values are written out.

    Raises:
        DataError: some pictures have no value in that column; the message lists the columns there are.
    """
    values = data.index[column]
    names = values.astype(str).to_numpy(object)
    empty = values.isna().to_numpy() | (names == "")
    if empty.any():
        raise _unsuitable(data, column, f"is empty for {int(empty.sum()):,} of {len(names):,} pictures")
    return names


def class_names(data: Dataset, column: str) -> list[str]:
    """The classes of a column, sorted: the names a classifier is to tell apart.

    Raises:
        DataError: values are missing, or there are fewer than two or more than `MAX_CLASSES`, or a class of a single
            picture; the message lists the columns there are.
    """
    counts = Counter(label_names(data, column).tolist())
    names = sorted(counts)
    if len(names) < 2:
        raise _unsuitable(data, column, f"has a single class, {names[0]!r}")
    if len(names) > MAX_CLASSES:
        raise _unsuitable(data, column, f"has {len(names):,} different values; classes are at most {MAX_CLASSES:,}")
    if lonely := [name for name in names if counts[name] < 2]:
        raise _unsuitable(data, column, f"has a class of one picture, {lonely[0]!r}; two or more are needed")
    return names


def _unsuitable(data: Dataset, column: str, why: str) -> DataError:
    return DataError(f"{data.path}: the column {column!r} {why}; the columns are: {', '.join(_columns(data))}")


def _columns(data: Dataset) -> list[str]:
    return [str(column) for column in data.index.columns]
