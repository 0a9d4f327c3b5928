"""Take the classes of a dataset from any column of its index, by name."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import DataError, unknown

# A column with more values than this does not hold classes, but file names, hashes or sizes.
MAX_CLASSES = 1000


def labelled_by(data: Dataset, column: str) -> Dataset:
    """The same pictures with the classes of another column.

    The fingerprint stays that of the directory, which covers the prepared class only. A cache that depends on the
    labels of another column must be keyed by `labels_digest`, too.

    Raises:
        DataError: the column does not exist or does not hold classes; the message lists the columns.
    """
    if label_column(data, column) == data.info.label_column:
        return data
    info = data.info.model_copy(update={"label_column": column, "class_names": class_names(data, column)})
    return Dataset(data.path, info, data.images, data.table)


def label_column(data: Dataset, label: str | None, flag: str = "--label") -> str:
    """The column to take classes from: `label`, or by default the one that the dataset was prepared with.

    Args:
        data: the dataset.
        label: the column that was asked for, if any.
        flag: what asks for one on the command line.

    Raises:
        DataError: the column does not exist, or `label` is None and the dataset has no classes.
    """
    if label is None and data.info.label_column is None:
        raise DataError(f"{data.path} has no classes; name a column with {flag}: {', '.join(_columns(data))}")
    column = label or str(data.info.label_column)
    if column not in data.table.columns:
        raise DataError(f"{data.path}: {unknown('column', column, _columns(data))}")
    return column


def labels_digest(data: Dataset, column: str | None) -> str | None:
    """The first 16 digits of a sha256 over a column's values in the order of the pictures; None without a column."""
    if column is None:
        return None
    values = data.table.column(column)
    names = values.astype(str).where(values.notna(), None).tolist()
    return hashlib.sha256(json.dumps([column, names]).encode()).hexdigest()[:16]


def label_names(data: Dataset, column: str) -> NDArray[np.object_]:
    """The class name of each picture, str [N]; numbers and other values are converted to text.

    Raises:
        DataError: some pictures have no value in that column; the message lists the columns.
    """
    values = data.table.column(column)
    names = values.astype(str).to_numpy(object)
    empty = values.isna().to_numpy() | (names == "")
    if empty.any():
        raise _unsuitable(data, column, f"is empty for {int(empty.sum()):,} of {len(names):,} pictures")
    return names


def class_names(data: Dataset, column: str) -> list[str]:
    """The classes of a column, sorted by name.

    Raises:
        DataError: values are missing, there are fewer than two classes or more than `MAX_CLASSES`, or a class has a
            single picture; the message lists the columns.
    """
    names, counts = np.unique(label_names(data, column).astype(str), return_counts=True)
    if len(names) < 2:
        raise _unsuitable(data, column, f"has a single class, {str(names[0])!r}")
    if len(names) > MAX_CLASSES:
        raise _unsuitable(data, column, f"has {len(names):,} different values; at most {MAX_CLASSES:,} are allowed")
    if counts.min() < 2:
        smallest = names[counts.argmin()]
        raise _unsuitable(data, column, f"has a class of one picture, {str(smallest)!r}; two or more are needed")
    listed: list[str] = names.tolist()
    return listed


def _unsuitable(data: Dataset, column: str, why: str) -> DataError:
    return DataError(f"{data.path}: the column {column!r} {why}; the columns are: {', '.join(_columns(data))}")


def _columns(data: Dataset) -> list[str]:
    return list(data.table.columns)
