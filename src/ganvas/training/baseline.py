"""Fitting a baseline to a dataset, which takes seconds and returns a snapshot."""

from pathlib import Path

import torch

from ganvas import baselines
from ganvas.baselines.baseline import Baseline
from ganvas.baselines.pictures import Pictures
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.version import VERSION
from ganvas.gans.recipe import Spec
from ganvas.runs.snapshot import Card, Snapshot

# Largest size of a generator. It is held in memory and written to one file.
MAX_BYTES = 2 * 2**30


def fit(data: str | Path, kind: str, *, label_column: str | None = None, **changes: object) -> Snapshot:
    """Fit a baseline to the training pictures of a dataset.

    Args:
        data: the dataset directory.
        kind: the baseline's name: "mean", "kmeans" or "pca".
        label_column: the column of the index that holds the classes; by default the one it was prepared with.
        **changes: options of the baseline by key (`seed=1`, `clusters=8` ...), see docs/recipes.md.

    Returns:
        The fitted generator and its card. The number of clusters or components on the card may be smaller than
        requested, because the number of pictures limits it.

    Raises:
        ConfigError: the baseline or an option is unknown, a value is out of range, or the generator exceeds 2 GiB.
        DataError: there is no such dataset or column, or a class has no training pictures.
    """
    requested = baselines.find(kind).of(changes)
    dataset = Dataset.open(data)
    if label_column is not None:
        dataset = labelled_by(dataset, label_column)
    spec, classes = Spec.of(dataset), _classes(dataset)
    baseline = requested.limited(max(pictures.sample_size for pictures in classes), spec)
    _check_size(baseline, spec)
    generator = baseline.build_generator(spec)
    count = sum(generator.fit(label, pictures, baseline.options.seed) for label, pictures in enumerate(classes))
    card = Card(
        recipe=kind,
        options=baseline.options.model_dump(),
        size=dataset.size,
        class_names=dataset.class_names,
        label_column=dataset.info.label_column,
        class_shares=dataset.class_shares,
        kimg=count / 1000,
        data=str(dataset.path.resolve()),
        fingerprint=dataset.fingerprint,
        ganvas=VERSION,
    )
    return Snapshot(card, baseline, generator.eval().requires_grad_(False))


def _classes(dataset: Dataset) -> list[Pictures]:
    """The training pictures of each class, in the order of the class names. Without classes, all are one class."""
    rows, labels = dataset.rows(TRAIN), dataset.labels
    if labels is None:
        groups = {"the dataset": rows}
    else:
        groups = {f"class {name}": rows[labels[rows] == label] for label, name in enumerate(dataset.class_names)}
    for name, members in groups.items():
        if not len(members):
            raise DataError(f"{dataset.path}: {name} has no training pictures to fit a baseline to")
    return [Pictures(dataset.images, members) for members in groups.values()]


def _check_size(baseline: Baseline, spec: Spec) -> None:
    with torch.device("meta"):  # shapes without memory
        size = sum(buffer.nbytes for buffer in baseline.build_generator(spec).buffers())
    if size > MAX_BYTES:
        options = ", ".join(f"{key}={value}" for key, value in baseline.options.model_dump(exclude={"seed"}).items())
        raise ConfigError(
            f"{spec.classes} classes of {spec.size} px with {options} make {size / 2**30:.1f} GiB of pictures; the "
            f"limit is {MAX_BYTES / 2**30:.0f} GiB, so choose smaller values with --set"
        )
