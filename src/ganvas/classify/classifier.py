"""A classifier: a model with the names of its classes, and the directory it is kept in.

classifier.json        the description (see `Card`)
weights.safetensors    the weights; forest.skops for the forest
split.parquet          columns `row` and `split`: the dataset's rows for training, validation and testing
history.jsonl          one line for each epoch; absent for the forest

Only a classifier turns class names into class numbers (`Classifier.numbers`). Columns of probabilities are in the order
of `Classifier.class_names`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from ganvas.classify.model import Epoch, Model
from ganvas.classify.models import find, resolve
from ganvas.data.dataset.layout import SPLITS
from ganvas.foundation.arrays import Features, Images, Integers
from ganvas.foundation.errors import ConfigError, DataError, RunError, unknown
from ganvas.foundation.files import append_record
from ganvas.foundation.paths import is_directory, is_file, quoted, user_path
from ganvas.foundation.schema import Schema

SCHEMA_VERSION = 1
SCHEMA = Schema(SCHEMA_VERSION, RunError, "train the classifier again")
CARD, SPLIT, HISTORY = "classifier.json", "split.parquet", "history.jsonl"


class Card(BaseModel):
    """The contents of `classifier.json`.

    Attributes:
        schema_version: the version of the directory layout.
        model: "forest", "cnn", "deep-cnn" or "transfer".
        options: all options of the model.
        class_names: in the order of the class numbers; sorted and unique.
        label_column: the column of the dataset's index that holds the class names.
        size: height and width of the dataset's pictures in pixels; the model resizes them to its input size.
        fit: how the pictures were made square, as in `ganvas prepare --fit`.
        background: the colour behind them, as in `ganvas prepare --background`.
        focus: where they were cropped, as in `ganvas prepare --focus`.
        alpha: how transparency was handled, as in `ganvas prepare --alpha`.
        linear: whether they were resized in linear light, as in `ganvas prepare --linear`.
        data: the dataset directory it was trained on.
        fingerprint: of that dataset's content.
        labels: the digest of the column of classes; None in classifiers of earlier versions.
        counts: the number of pictures of each class in "train", "validation" and "test", zeros included.
        leaky: classes whose pictures form a single group that the split had to divide; their scores are too good.
        best_epoch: the epoch whose weights were kept, or None for a model without epochs.
        validation_accuracy: on the validation pictures, or None without any.
        test_accuracy: on the test pictures, or None without any.
        seconds: wall-clock time of training.
        seed: of all random choices.
        start: the directory of the classifier whose network it started from, or None.
        seen: how many test pictures that classifier was trained on.
        ganvas: the version of ganvas that wrote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    model: str
    options: dict[str, object]
    class_names: list[str] = Field(min_length=2)
    label_column: str
    size: int
    fit: str
    background: str
    focus: str = "centre"
    alpha: str = "background"
    linear: bool = False
    data: str
    fingerprint: str
    labels: str | None = None
    counts: dict[str, dict[str, int]]
    leaky: list[str]
    best_epoch: int | None
    validation_accuracy: float | None
    test_accuracy: float | None = None
    seconds: float
    seed: int
    start: str | None = None
    seen: int = 0
    ganvas: str


@dataclass(frozen=True)
class Classifier:
    """Classifies pictures into named classes.

    Attributes:
        card: the model, its options, and what it was trained on.
        model: the model; its class numbers are positions in `class_names`.
        path: its directory, or None if it is only in memory.
    """

    card: Card
    model: Model
    path: Path | None = None

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of their numbers."""
        return self.card.class_names

    def probabilities(self, images: Images) -> Features:
        """The probability of each class, for each picture.

        Args:
            images: uint8 [N, S, S, 3] of any S.

        Returns:
            float32 [N, C] with columns in the order of `class_names`; rows sum to 1.
        """
        return self.model.probabilities(images)

    def numbers(self, names: Iterable[str]) -> Integers:
        """The class numbers of class names, int64 [N].

        Raises:
            DataError: a name is not a class of this classifier; the message lists the classes.
        """
        return numbers_of(names, self.class_names)

    def split(self) -> pd.DataFrame:
        """The rows of its dataset and their splits: columns `row` (int64) and `split` ("train", "validation", "test").

        Raises:
            RunError: the classifier is only in memory, or the file is missing or damaged.
        """
        if self.path is None:
            raise RunError("this classifier was not kept in a directory, so its split is not known")
        file = self.path / SPLIT
        try:
            table = pd.read_parquet(file, columns=["row", "split"], page_checksum_verification=True)
        except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
            raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error
        # The metadata that pandas writes into the file can rename the columns.
        is_whole = list(table) == ["row", "split"] and pd.api.types.is_integer_dtype(table["row"])
        if not is_whole or not table["split"].isin(SPLITS).all():
            raise RunError(f"{file} is not a table of rows and their splits; train the classifier again")
        return table

    def __str__(self) -> str:
        card, where = self.card, self.path or "a classifier in memory"
        if card.test_accuracy is None:
            return f"{where}: {card.model} of {len(card.class_names)} classes; there were no pictures to test it on"
        train, test = card.counts["train"], card.counts["test"]
        majority = max(train, key=lambda name: train[name])
        total = sum(test.values())
        return (
            f"{where}: test accuracy {card.test_accuracy:.3f} on {total:,} pictures "
            f"(always answering {majority!r}: {test[majority] / total:.3f})"
        )

    def write(self, directory: Path, history: Iterable[Epoch], split: pd.DataFrame) -> None:
        """Write the files of the classifier into a directory.

        Args:
            directory: an empty directory.
            history: the epochs of training, if there were any.
            split: columns `row` and `split`.

        Raises:
            GanvasError: the file system refused.
        """
        self.model.save(directory)
        split.to_parquet(directory / SPLIT, index=False, write_page_checksum=True)
        for epoch in history:
            append_record(directory / HISTORY, epoch.record())
        text = json.dumps(self.card.model_dump(), indent=2, ensure_ascii=False)
        (directory / CARD).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a directory that `ganvas classify train` wrote.

        Raises:
            RunError: the directory does not exist, is not a classifier, is damaged, or has another schema version.
        """
        path = user_path(path)
        card = _read_card(path)
        try:
            options = resolve(card.model, card.options)
        except ConfigError as error:
            raise RunError(f"{path / CARD} is damaged: {error}") from error
        return cls(card, find(card.model).load(path, options, len(card.class_names)), path)


def numbers_of(names: Iterable[str], class_names: list[str]) -> Integers:
    """The position of each name in `class_names`, int64 [N].

    Raises:
        DataError: a name is not in `class_names`.
    """
    numbers = {name: number for number, name in enumerate(class_names)}
    try:
        return np.array([numbers[name] for name in names], np.int64)
    except KeyError as error:
        raise DataError(unknown("class", str(error.args[0]), class_names)) from error


def _read_card(path: Path) -> Card:
    file = path / CARD
    if not is_file(file):
        what = "is not a classifier" if is_directory(path) else "does not exist"
        raise RunError(f"{path} {what} (no {CARD}); make one with: ganvas classify train DATA --out {quoted(path)}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        card = Card.model_validate(SCHEMA.current(content, file))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error
    if len(set(card.class_names)) < len(card.class_names):
        raise RunError(f"{file} names a class twice; train the classifier again")
    return card
