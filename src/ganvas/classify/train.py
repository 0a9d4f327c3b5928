"""From a dataset to a classifier directory: divide, learn, test, keep."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ganvas.classify.classifier import Card, Classifier, numbers_of
from ganvas.classify.model import Examples, Model, Progress, Silent
from ganvas.classify.models import find, resolve
from ganvas.classify.options import ClassifierOptions
from ganvas.classify.partition import Partition, Rows, partition
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import class_names, label_column, label_names, labels_digest
from ganvas.data.pictures.frame import looks
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.files import whole_directory
from ganvas.foundation.paths import new_path
from ganvas.foundation.pixels import resize
from ganvas.foundation.version import VERSION

DEFAULT_MODEL = "deep-cnn"

# Pictures read from the dataset at a time.
SLAB = 256

# What would keep a model from learning a few pictures by heart, switched off.
BY_HEART = {"augment": False, "dropout": 0.0, "patience": 0, "weight_decay": 0.0, "penalty": 0.0}


def train(
    data: str | Path,
    out: str | Path,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    progress: Progress | None = None,
    **changes: Any,
) -> Classifier:
    """Train a classifier on a dataset, and test it on pictures that it has never seen.

    Args:
        data: a dataset directory.
        out: the classifier directory to make; it is whole when this returns and absent when it raises.
        label: the column of the dataset's index that holds the classes; by default the dataset's own.
        model: "forest", "cnn", "deep-cnn" or "transfer".
        progress: who watches; nobody by default.
        **changes: options of the model by key (`seed=1`, `epochs=20` ...), see docs/configuration.md.

    Raises:
        DataError: no such dataset, or a column that holds no classes to learn.
        ConfigError: no such model or option, or a value out of its range.
        DivergedError: the loss was no longer finite.
        GanvasError: `out` is taken, or the file system refused.
    """
    started = time.perf_counter()
    out, progress = new_path(out), progress or Silent()
    task = _Task.of(data, label, model, changes)
    parts = task.partition()
    with whole_directory(out) as directory:
        progress.say(task.describe(parts))
        _warn_of_leaks(task, parts, progress)
        training, validation, test = (task.examples(rows) for rows in parts.splits().values())
        learner = find(model)(task.options, len(task.class_names))
        fitted = learner.fit(training, validation if len(validation) else None, progress)
        card = Card(
            model=model,
            options=task.options.model_dump(),
            class_names=task.class_names,
            label_column=task.column,
            size=task.data.size,
            **{"fit": "crop", "background": "white", **looks(task.data.info.options)},
            data=str(task.data.path.resolve()),
            fingerprint=task.data.fingerprint,
            labels=labels_digest(task.data, task.column),
            counts={split: task.counts(rows) for split, rows in parts.splits().items()},
            leaky=[task.class_names[number] for number in parts.leaky],
            best_epoch=fitted.best_epoch,
            validation_accuracy=_accuracy(learner, validation),
            test_accuracy=_accuracy(learner, test),
            seconds=round(time.perf_counter() - started, 3),
            seed=task.options.seed,
            ganvas=VERSION,
        )
        classifier = Classifier(card, learner, out)
        classifier.write(directory, fitted.history, parts.table())
    return classifier


@dataclass(frozen=True)
class Overfit:
    """Whether a model could learn a few pictures by heart.

    Attributes:
        model: its name.
        counts: how many of each class there were.
        accuracy: share of them that it names right.
    """

    model: str
    counts: dict[str, int]
    accuracy: float

    @property
    def pictures(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    @property
    def succeeded(self) -> bool:
        """Whether it names all of them right."""
        return self.accuracy == 1.0

    def __str__(self) -> str:
        outcome = "learnt" if self.succeeded else "could not learn"
        return f"{self.model} {outcome} {self.pictures} pictures by heart: training accuracy {self.accuracy:.3f}"


def overfit(
    data: str | Path,
    count: int,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    progress: Progress | None = None,
    **changes: Any,
) -> Overfit:
    """Check that a model can learn a few pictures by heart, as paper 5 does before it trains; nothing is written.

    There is no augmentation, no dropout, no weight decay and no early stopping.

    Args:
        data: a dataset directory.
        count: how many pictures, as many of every class as can be; at least one of each.
        label: the column of the dataset's index that holds the classes; by default the dataset's own.
        model: "forest", "cnn", "deep-cnn" or "transfer".
        progress: who watches; nobody by default.
        **changes: options of the model by key.

    Raises:
        DataError: no such dataset, or a column that holds no classes to learn.
        ConfigError: no such model or option, a value out of its range, or a count that cannot be had.
        DivergedError: the loss was no longer finite.
    """
    task = _Task.of(data, label, model, changes)
    rows = _of_every_class(task.partition().train, task.labels, count, task.options.seed)
    by_heart = {key: value for key, value in BY_HEART.items() if key in type(task.options).model_fields}
    learner = find(model)(task.options.model_copy(update=by_heart), len(task.class_names))
    examples = task.examples(rows)
    learner.fit(examples, None, progress or Silent())
    return Overfit(model, task.counts(rows), _accuracy(learner, examples) or 0.0)


@dataclass(frozen=True)
class _Task:
    """What is to be learnt: the classes of a column of a dataset, with a model's options.

    Attributes:
        data: the dataset.
        column: the column of its index.
        class_names: what it holds, sorted.
        labels: int64 [N], the position of each picture's class in `class_names`.
        model: the model's name.
        options: its options.
    """

    data: Dataset
    column: str
    class_names: list[str]
    labels: NDArray[np.int64]
    model: str
    options: ClassifierOptions

    @classmethod
    def of(cls, data: str | Path, label: str | None, model: str, changes: dict[str, Any]) -> Self:
        options, dataset = resolve(model, changes), Dataset.open(data)
        column = label_column(dataset, label)
        names = class_names(dataset, column)
        return cls(dataset, column, names, numbers_of(label_names(dataset, column), names), model, options)

    def partition(self) -> Partition:
        """What to train on, validate with and test on.

        Raises:
            DataError: a class has nothing to train on.
        """
        parts = partition(self.data, self.labels, self.options)
        for name, count in self.counts(parts.train).items():
            if not count:
                raise DataError(f"{self.data.path}: no picture of class {name!r} is left to train on")
        return parts

    def examples(self, rows: Rows) -> Examples:
        """Those pictures at the size of the model, with their class numbers."""
        size = self.options.size
        images = np.empty((len(rows), size, size, 3), np.uint8)
        for start in range(0, len(rows), SLAB):
            slab = torch.from_numpy(self.data.images[rows[start : start + SLAB]])
            images[start : start + SLAB] = resize(slab, size).numpy()
        return Examples(images, self.labels[rows])

    def counts(self, rows: Rows) -> dict[str, int]:
        """How many of the rows are of each class."""
        counts = np.bincount(self.labels[rows], minlength=len(self.class_names))
        return dict(zip(self.class_names, counts.tolist(), strict=True))

    def describe(self, parts: Partition) -> str:
        """What is about to happen, for a person."""
        sizes = {split: f"{len(rows):,}" for split, rows in parts.splits().items()}
        return (
            f"{self.model} learns {len(self.class_names)} classes by {self.column!r} from {sizes['train']} pictures; "
            f"{sizes['validation']} validate, {sizes['test']} test"
        )


def _warn_of_leaks(task: _Task, parts: Partition, progress: Progress) -> None:
    if parts.leaky:
        names = ", ".join(repr(task.class_names[number]) for number in parts.leaky)
        progress.say(
            f"note: all pictures of {names} belong together, and had to be divided to test on some; such scores flatter"
        )


def _accuracy(learner: Model, examples: Examples) -> float | None:
    """Share of the examples named right; None without any."""
    if not len(examples):
        return None
    return float((learner.probabilities(examples.images).argmax(axis=1) == examples.labels).mean())


def _of_every_class(rows: Rows, labels: NDArray[np.int64], count: int, seed: int) -> Rows:
    """So many rows chosen at random, of every class as many as of the others as far as there are any.

    Raises:
        ConfigError: fewer than one of each class, or more than there are.
    """
    classes = len(np.unique(labels[rows]))
    if not classes <= count <= len(rows):
        raise ConfigError(
            f"--overfit {count} is out of range; choose {classes} (a picture of every class) to {len(rows):,} pictures"
        )
    shuffled = np.random.default_rng(seed).permutation(rows)
    # The place of each row among those of its class: first come the first of every class, then the second ...
    places = pd.Series(labels[shuffled]).groupby(labels[shuffled]).cumcount().to_numpy()
    return np.sort(shuffled[np.argsort(places, kind="stable")[:count]])
