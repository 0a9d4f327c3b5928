"""The contract of a model, which learns class numbers from pictures.

A model knows class numbers only. It is part of a `ganvas.classify.classifier.Classifier`, which knows the names of the
classes. Only that class passes numbers to a model or reads numbers from it.
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.classify.options import ClassifierOptions
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import ConfigError


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
        train_loss: mean loss of the training batches, each before its update.
        train_accuracy: accuracy on the training batches, each before its update.
        validation_loss: mean loss over the validation pictures after the epoch; None without any.
        validation_accuracy: accuracy on the validation pictures; None without any.
    """

    epoch: int
    seconds: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None

    def record(self) -> dict[str, object]:
        """The line as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Fitted:
    """The course of a training.

    Attributes:
        history: the epochs in order; empty for a model that is not trained in epochs.
        best_epoch: number of the epoch whose weights were kept, or None without epochs.
    """

    history: tuple[Epoch, ...] = ()
    best_epoch: int | None = None


class Progress(Protocol):
    """Receives the progress of a training."""

    def work(self, what: str, done: int, total: int) -> None:
        """`done` of `total` units of the work called `what` are finished."""

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        """An epoch is finished. Without early stopping, training takes about `seconds_left` longer."""

    def say(self, line: str) -> None:
        """A message for the user."""


class Silent:
    """Ignores all progress: the default of the Python API."""

    def work(self, what: str, done: int, total: int) -> None:
        """Do nothing."""

    def epoch(self, epoch: Epoch, seconds_left: float) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""


class Model(ABC):
    """Learns to distinguish classes by their numbers.

    Attributes:
        options_class: the class of its options, with their defaults, ranges and descriptions.
        options: the options of this model.
        classes: the number of classes, at least two.
    """

    options_class: ClassVar[type[ClassifierOptions]] = ClassifierOptions

    def __init__(self, options: ClassifierOptions, classes: int) -> None:
        self.options, self.classes = options, classes

    def start_from(self, other: "Model", is_same_task: bool) -> None:
        """Start from what another model of this kind has learned, instead of random weights.

        Args:
            other: the other model.
            is_same_task: whether it distinguishes the same classes; otherwise the last layer stays new.

        Raises:
            ConfigError: this kind of model cannot do so, the two differ in an option that shapes their networks, or the
                other has learned nothing that this one keeps.
        """
        raise ConfigError("this kind of model has no network, so it always starts anew")

    @abstractmethod
    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """Learn from the training examples.

        Args:
            training: the examples to learn from.
            validation: the examples to choose the best epoch by, or None.
            progress: receives the progress of training.

        Raises:
            DivergedError: the loss is not finite.
            ConfigError: the chosen device does not exist here.
        """

    @abstractmethod
    def probabilities(self, images: Images) -> NDArray[np.float32]:
        """The probability of each class for each picture. It does not depend on the other pictures.

        Args:
            images: uint8 [N, S, S, 3] of any S; N may be 0.

        Returns:
            float32 [N, classes]; each row sums to 1.
        """

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write the trained model to files in a directory.

        Raises:
            GanvasError: the file system refused.
        """

    @abstractmethod
    def restore(self, directory: Path) -> None:
        """Read the files that `save` wrote.

        Raises:
            RunError: a file is missing or damaged, belongs to another model, or has content that is not allowed.
        """

    @classmethod
    def load(cls, directory: Path, options: ClassifierOptions, classes: int) -> Self:
        """Load the model that was saved in a directory with these options and this number of classes.

        Raises:
            RunError: as `restore`.
        """
        model = cls(options, classes)
        model.restore(directory)
        return model
