"""Training a classifier: divide the dataset, train, test, and write the classifier directory."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import torch

from ganvas.classify.classifier import Card, Classifier, numbers_of
from ganvas.classify.model import Examples, Model, Progress, Silent
from ganvas.classify.models import find, resolve
from ganvas.classify.options import ClassifierOptions
from ganvas.classify.partition import Partition, partition
from ganvas.classify.seen import seen
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import class_names, label_column, label_names, labels_digest
from ganvas.data.pictures.frame import looks
from ganvas.foundation.arrays import Integers
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.files import whole_directory
from ganvas.foundation.locks import exclusive
from ganvas.foundation.paths import new_path
from ganvas.foundation.pixels import resize
from ganvas.foundation.version import VERSION

DEFAULT_MODEL = "deep-cnn"

# Pictures to read from the dataset at a time.
SLAB = 256

# The options that would keep a model from memorising a few pictures, turned off.
MEMORISE = {"augment": False, "dropout": 0.0, "patience": 0, "weight_decay": 0.0, "penalty": 0.0}


def train(
    data: str | Path,
    out: str | Path,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    start: str | Path | None = None,
    progress: Progress | None = None,
    **changes: object,
) -> Classifier:
    """Train a classifier on a dataset, and test it on pictures held back from training.

    Args:
        data: a dataset directory.
        out: the classifier directory to make; it is complete when this returns, and absent if it raises.
        label: the column of the dataset's index that holds the classes; by default the one it was prepared with.
        model: "forest", "cnn", "deep-cnn" or "transfer".
        start: the directory of a classifier with the same model, whose network training starts from; its last layer
            is taken over only if the classes are the same. By default the weights are random.
        progress: is told about every step; by default nothing is shown.
        **changes: options of the model by key (`seed=1`, `epochs=20` ...), see docs/configuration.md.

    Raises:
        DataError: no such dataset, or a column whose values cannot be used as classes.
        ConfigError: unknown model or option, a value out of its range, or a start that does not fit.
        RunError: `start` is not a classifier.
        DivergedError: the loss was not finite.
        GanvasError: `out` exists already, or the file system refused.
        InUse: another process is training a classifier there.
    """
    started = time.perf_counter()
    out, progress = new_path(out), progress or Silent()
    task = _Task.of(data, label, model, changes)
    parts = task.partition()
    learner = find(model)(task.options, len(task.class_names))
    origin = None if start is None else _start(learner, task, Classifier.open(start))
    seen_before = seen(origin, task.data, parts.test) if origin else 0
    with exclusive(out, "trained"), whole_directory(out) as directory:
        progress.say(task.describe(parts))
        _warn_of_leaks(task, parts, seen_before, progress)
        training, validation, test = (task.examples(rows) for rows in parts.splits().values())
        fitted = learner.fit(training, validation if len(validation) else None, progress)
        outcome = {
            "start": str(origin.path.resolve()) if origin and origin.path else None,
            "seen": seen_before,
            "best_epoch": fitted.best_epoch,
            "validation_accuracy": _accuracy(learner, validation),
            "test_accuracy": _accuracy(learner, test),
            "seconds": round(time.perf_counter() - started, 3),
        }
        card = Card.model_validate(task.record(parts) | outcome)
        classifier = Classifier(card, learner, out)
        classifier.write(directory, fitted.history, parts.table())
    return classifier


@dataclass(frozen=True)
class Overfit:
    """Whether a model could memorise a few pictures.

    Attributes:
        model: the name of the model.
        counts: the number of pictures of each class.
        accuracy: the training accuracy, 0 to 1.
    """

    model: str
    counts: dict[str, int]
    accuracy: float

    @property
    def pictures(self) -> int:
        """The number of pictures."""
        return sum(self.counts.values())

    @property
    def succeeded(self) -> bool:
        """Whether the model predicts all of them correctly."""
        return self.accuracy == 1.0

    def __str__(self) -> str:
        outcome = "memorised" if self.succeeded else "could not memorise"
        return f"{self.model} {outcome} {self.pictures} pictures: training accuracy {self.accuracy:.3f}"


def overfit(
    data: str | Path,
    count: int,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    progress: Progress | None = None,
    **changes: object,
) -> Overfit:
    """Check that a model can memorise a few pictures, as paper 5 does before training. Nothing is written.

    Augmentation, dropout, weight decay and early stopping are turned off.

    Args:
        data: a dataset directory.
        count: the number of pictures, at least one of each class; classes get equal numbers where possible.
        label: the column of the dataset's index that holds the classes; by default the one it was prepared with.
        model: "forest", "cnn", "deep-cnn" or "transfer".
        progress: is told about every step; by default nothing is shown.
        **changes: options of the model by key.

    Raises:
        DataError: no such dataset, or a column whose values cannot be used as classes.
        ConfigError: unknown model or option, a value out of its range, or a count out of range.
        DivergedError: the loss was not finite.
    """
    task = _Task.of(data, label, model, changes)
    rows = _sample_of_every_class(task.partition().train, task.labels, count, task.options.seed)
    changed = {key: value for key, value in MEMORISE.items() if key in type(task.options).model_fields}
    learner = find(model)(task.options.model_copy(update=changed), len(task.class_names))
    examples = task.examples(rows)
    learner.fit(examples, None, progress or Silent())
    return Overfit(model, task.counts(rows), _accuracy(learner, examples) or 0.0)


@dataclass(frozen=True)
class _Task:
    """A dataset with a column of classes, and a model with its options.

    Attributes:
        data: the dataset.
        column: the column of its index that holds the classes.
        class_names: the classes, sorted.
        labels: int64 [N], the position of each picture's class in `class_names`.
        model: the name of the model.
        options: the options of the model.
    """

    data: Dataset
    column: str
    class_names: list[str]
    labels: Integers
    model: str
    options: ClassifierOptions

    @classmethod
    def of(cls, data: str | Path, label: str | None, model: str, changes: Mapping[str, object]) -> Self:
        options, dataset = resolve(model, changes), Dataset.open(data)
        column = label_column(dataset, label)
        names = class_names(dataset, column)
        return cls(dataset, column, names, numbers_of(label_names(dataset, column), names), model, options)

    def partition(self) -> Partition:
        """The rows to train on, to validate with and to test on.

        Raises:
            DataError: a class has no pictures to train on.
        """
        parts = partition(self.data, self.labels, self.options)
        for name, count in self.counts(parts.train).items():
            if not count:
                raise DataError(f"{self.data.path}: no picture of class {name!r} is left to train on")
        return parts

    def examples(self, rows: Integers) -> Examples:
        """The pictures of some rows, at the input size of the model, with their class numbers."""
        size = self.options.size
        images = np.empty((len(rows), size, size, 3), np.uint8)
        for start in range(0, len(rows), SLAB):
            slab = torch.from_numpy(self.data.images[rows[start : start + SLAB]])
            images[start : start + SLAB] = resize(slab, size).numpy()
        return Examples(images, self.labels[rows])

    def counts(self, rows: Integers) -> dict[str, int]:
        """The number of rows of each class."""
        counts = np.bincount(self.labels[rows], minlength=len(self.class_names))
        return dict(zip(self.class_names, counts.tolist(), strict=True))

    def record(self, parts: Partition) -> dict[str, object]:
        """The fields of a classifier's card that are known before training."""
        return {
            "model": self.model,
            "options": self.options.model_dump(),
            "class_names": self.class_names,
            "label_column": self.column,
            "size": self.data.size,
            **{"fit": "crop", "background": "white", **looks(self.data.info.options)},
            "data": str(self.data.path.resolve()),
            "fingerprint": self.data.fingerprint,
            "labels": labels_digest(self.data, self.column),
            "counts": {split: self.counts(rows) for split, rows in parts.splits().items()},
            "leaky": [self.class_names[number] for number in parts.leaky],
            "seed": self.options.seed,
            "ganvas": VERSION,
        }

    def describe(self, parts: Partition) -> str:
        """A line for the user about what will be trained."""
        sizes = {split: f"{len(rows):,}" for split, rows in parts.splits().items()}
        return (
            f"training {self.model} on {sizes['train']} pictures of {len(self.class_names)} classes "
            f"by {self.column!r}; "
            f"{sizes['validation']} to validate, {sizes['test']} to test"
        )


def _start(learner: Model, task: _Task, origin: Classifier) -> Classifier:
    """Start a model from the network of another classifier.

    Raises:
        ConfigError: they do not fit.
    """
    if origin.card.model != task.model:
        raise ConfigError(
            f"--from {origin.path}: it is a {origin.card.model}, not a {task.model}; add --model {origin.card.model}"
        )
    try:
        learner.start_from(origin.model, origin.class_names == task.class_names)
    except ConfigError as error:
        raise ConfigError(f"--from {origin.path}: {error}") from error
    return origin


def _warn_of_leaks(task: _Task, parts: Partition, seen_before: int, progress: Progress) -> None:
    if seen_before:
        progress.say(
            f"note: the classifier to start from was trained on {seen_before:,} of the test pictures; such scores are "
            "too good"
        )
    if parts.leaky:
        names = ", ".join(repr(task.class_names[number]) for number in parts.leaky)
        progress.say(
            f"note: all pictures of {names} are one group, which had to be divided to test on some; such scores are "
            "too good"
        )


def _accuracy(learner: Model, examples: Examples) -> float | None:
    """The accuracy on the examples; None without any."""
    if not len(examples):
        return None
    return float((learner.probabilities(examples.images).argmax(axis=1) == examples.labels).mean())


def _sample_of_every_class(rows: Integers, labels: Integers, count: int, seed: int) -> Integers:
    """`count` random rows, ascending; classes get equal numbers unless they have too few.

    Raises:
        ConfigError: `count` is less than the number of classes, or more than the number of rows.
    """
    classes = len(np.unique(labels[rows]))
    if not classes <= count <= len(rows):
        raise ConfigError(
            f"--overfit {count} is out of range; choose {classes} (a picture of every class) to {len(rows):,} pictures"
        )
    shuffled = np.random.default_rng(seed).permutation(rows)
    # The position of each row within its class: take the first row of every class, then the second of every class ...
    turns = pd.Series(labels[shuffled]).groupby(labels[shuffled]).cumcount().to_numpy()
    return np.sort(shuffled[np.argsort(turns, kind="stable")[:count]])
