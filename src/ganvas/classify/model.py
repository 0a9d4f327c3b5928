"""What a model is: something that learns class numbers from pictures.

A model knows numbers only. It lives inside a `ganvas.classify.classifier.Classifier`, which knows what they mean, and
nothing outside that class gives a number to a model or takes one from it.
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.classify.options import ClassifierOptions
from ganvas.foundation.arrays import Images, Integers


@dataclass(frozen=True)
class Examples:
    """Pictures whose classes are known.

    Attributes:
        images: uint8 [N, S, S, 3] of any S.
        labels: int64 [N], class numbers from 0.
    """

    images: Images
    labels: Integers

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Epoch:
    """One pass over the training pictures: a line of `history.jsonl`.

    Attributes:
        epoch: its number, from 1.
        seconds: wall-clock time since training began.
        train_loss: mean loss of the batches as they were trained on.
        train_accuracy: share of training pictures named right as they were trained on.
        validation_loss: mean loss over the validation pictures after the epoch; None without any.
        validation_accuracy: share of them named right; None without any.
    """

    epoch: int
    seconds: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None

    def record(self) -> dict[str, Any]:
        """The line as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Fitted:
    """How learning went.

    Attributes:
        history: the epochs in order; empty for a model that learns in one go.
        best_epoch: number of the epoch whose weights were kept, or None without epochs.
    """

    history: tuple[Epoch, ...] = ()
    best_epoch: int | None = None


class Progress(Protocol):
    """Whoever watches a classifier learn."""

    def work(self, what: str, done: int, total: int) -> None:
        """`done` of `total` units of the work called `what` are through."""

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        """An epoch is over; if training is not stopped early it will take about `seconds_left` more."""

    def say(self, line: str) -> None:
        """Something happened that a watcher should know."""


class Silent:
    """Shows nothing: the default of the Python API."""

    def work(self, what: str, done: int, total: int) -> None:
        """Nothing."""

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


class Model(ABC):
    """Learns to tell classes apart, by their numbers.

    Attributes:
        options_class: its options, with their defaults, ranges and descriptions.
        options: those of this model.
        classes: how many classes there are; at least two.
    """

    options_class: ClassVar[type[ClassifierOptions]] = ClassifierOptions

    def __init__(self, options: ClassifierOptions, classes: int) -> None:
        self.options, self.classes = options, classes

    @abstractmethod
    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """Learn from the training examples.

        Args:
            training: what to learn from.
            validation: what to choose the best epoch by, if there is anything.
            progress: who watches.

        Raises:
            DivergedError: the loss was no longer finite.
            ConfigError: the device asked for is not here.
        """

    @abstractmethod
    def probabilities(self, images: Images) -> NDArray[np.float32]:
        """How likely each picture is of each class; it depends on nothing but that picture.

        Args:
            images: uint8 [N, S, S, 3] of any S; N may be 0.

        Returns:
            float32 [N, classes], rows sum to 1.
        """

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write what was learnt to files in that directory.

        Raises:
            GanvasError: the file system refused.
        """

    @abstractmethod
    def restore(self, directory: Path) -> None:
        """Take over what `save` wrote.

        Raises:
            RunError: the file is missing, damaged, of another model, or holds what it should not.
        """

    @classmethod
    def load(cls, directory: Path, options: ClassifierOptions, classes: int) -> Self:
        """The model that was saved in a directory with these options and so many classes.

        Raises:
            RunError: as `restore`.
        """
        model = cls(options, classes)
        model.restore(directory)
        return model
