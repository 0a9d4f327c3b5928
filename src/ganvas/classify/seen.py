"""Which pictures a classifier was trained on."""

from pathlib import Path

import numpy as np

from ganvas.classify.classifier import Classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Integers
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import is_directory


def trained_on(classifier: Classifier) -> Dataset:
    """The dataset that the classifier was trained on, if it is unchanged.

    Raises:
        DataError: it is gone, or it has changed.
    """
    card, path = classifier.card, Path(classifier.card.data)
    if not is_directory(path):
        raise DataError(f"{classifier.path} was trained on {path}, which is gone; name a dataset with --data")
    dataset = Dataset.open(path)
    if dataset.fingerprint != card.fingerprint:
        raise DataError(f"{path} has changed since {classifier.path} was trained on it; name a dataset with --data")
    return dataset


def split_rows(classifier: Classifier, split: str) -> Integers:
    """The rows of its dataset that were in "train", "validation" or "test", int64, in ascending order.

    Raises:
        RunError: its table of rows is missing or damaged.
    """
    table = classifier.split()
    rows: Integers = table.loc[table["split"] == split, "row"].to_numpy(np.int64)
    return rows


def seen(classifier: Classifier, dataset: Dataset, rows: Integers) -> int:
    """How many of these pictures come from files that the classifier was trained on; 0 if that is unknown.

    Args:
        classifier: the classifier.
        dataset: the dataset of the pictures.
        rows: int64 [N], their rows.
    """
    trained = split_rows(classifier, TRAIN)
    if dataset.fingerprint == classifier.card.fingerprint:
        return int(np.isin(rows, trained).sum())
    try:
        own = trained_on(classifier)
    except DataError:
        return 0
    if "sha256" not in own.index or "sha256" not in dataset.index:
        return 0
    return int(dataset.index["sha256"].iloc[rows].isin(own.index["sha256"].iloc[trained]).sum())
