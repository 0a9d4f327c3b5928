"""A classifier: a model together with the names of its classes, and the directory it is kept in.

classifier.json        what it is (see `Card`)
weights.safetensors    what it learnt; forest.skops for the forest
split.parquet          row, split: which pictures of its dataset it trained on, validated with, and was tested on
history.jsonl          a line an epoch; absent for the forest

Class numbers never leave a classifier without names: whoever has labels turns them into numbers with
`Classifier.numbers`, and columns of probabilities are in the order of `Classifier.class_names`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganvas.classify.model import Epoch, Model
from ganvas.classify.models import find, resolve
from ganvas.data.dataset.layout import SPLITS
from ganvas.foundation.errors import ConfigError, DataError, RunError, unknown
from ganvas.foundation.files import append_record
from ganvas.foundation.paths import is_directory, is_file, quoted, user_path

SCHEMA_VERSION = 1
CARD, SPLIT, HISTORY = "classifier.json", "split.parquet", "history.jsonl"


class Card(BaseModel):
    """What `classifier.json` holds.

    Attributes:
        schema_version: layout of the directory; another version is refused.
        model: "forest", "cnn", "deep-cnn" or "transfer".
        options: its options, all of them.
        class_names: in the order of the model's numbers; sorted, and no two alike.
        label_column: the column of the dataset's index that holds them.
        size: height and width of the dataset's pictures in pixels; the model resizes them to its own.
        fit: how pictures became square before it saw them, as `ganvas prepare --fit`.
        background: the colour behind them, as `ganvas prepare --background`.
        focus: where they were cropped, as `ganvas prepare --focus`.
        alpha: what became of transparent ones, as `ganvas prepare --alpha`.
        linear: whether light was resized, as `ganvas prepare --linear`.
        data: the dataset directory it was trained on.
        fingerprint: the content of that dataset.
        labels: the digest of the column of classes; None in classifiers from before.
        counts: of "train", "validation" and "test", how many pictures of each class; nothing is left out.
        leaky: classes whose pictures are all one group, which a split had to divide: their scores flatter.
        best_epoch: the epoch whose weights these are, or None for a model without epochs.
        validation_accuracy: share of validation pictures named right, or None without any.
        test_accuracy: share of test pictures named right, or None without any.
        seconds: wall-clock time of training.
        seed: of everything random.
        ganvas: the version that wrote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    model: str
    options: dict[str, Any]
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
    ganvas: str


@dataclass(frozen=True)
class Classifier:
    """Tells pictures of named classes apart.

    Attributes:
        card: what it is and what it was trained on.
        model: what does it; its numbers are positions in `class_names`.
        path: the directory it is kept in, or None if it is in memory only.
    """

    card: Card
    model: Model
    path: Path | None = None

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of their numbers."""
        return self.card.class_names

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How likely each picture is of each class.

        Args:
            images: uint8 [N, S, S, 3] of any S.

        Returns:
            float32 [N, C] with columns in the order of `class_names`; rows sum to 1.
        """
        return self.model.probabilities(images)

    def numbers(self, names: Iterable[str]) -> NDArray[np.int64]:
        """This classifier's own numbers for class names, int64 [N].

        Raises:
            DataError: a name that it does not know; the message lists those it knows.
        """
        return numbers_of(names, self.class_names)

    def split(self) -> pd.DataFrame:
        """Which rows of its dataset it used for what: columns `row` (int64) and `split` ("train" ...).

        Raises:
            RunError: it is in memory only, or the file is missing or damaged.
        """
        if self.path is None:
            raise RunError("this classifier was not kept in a directory, so its split is not known")
        file = self.path / SPLIT
        try:
            table = pd.read_parquet(file, columns=["row", "split"])
        except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
            raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error
        # What pandas has written beside the columns may name them otherwise.
        is_whole = list(table) == ["row", "split"] and pd.api.types.is_integer_dtype(table["row"])
        if not is_whole or not table["split"].isin(SPLITS).all():
            raise RunError(f"{file} is no table of rows and their splits; train the classifier again")
        return table

    def __str__(self) -> str:
        card, where = self.card, self.path or "a classifier in memory"
        if card.test_accuracy is None:
            return f"{where}: {card.model} of {len(card.class_names)} classes; there was nothing to test it on"
        train, test = card.counts["train"], card.counts["test"]
        commonest = max(train, key=lambda name: train[name])
        total = sum(test.values())
        return (
            f"{where}: test accuracy {card.test_accuracy:.3f} on {total:,} pictures "
            f"(always answering {commonest!r}: {test[commonest] / total:.3f})"
        )

    def write(self, directory: Path, history: Iterable[Epoch], split: pd.DataFrame) -> None:
        """Fill the directory that a classifier is kept in.

        Args:
            directory: an empty directory.
            history: the epochs it learnt in, if there were any.
            split: columns `row` and `split`.

        Raises:
            GanvasError: the file system refused.
        """
        self.model.save(directory)
        split.to_parquet(directory / SPLIT, index=False)
        for epoch in history:
            append_record(directory / HISTORY, epoch.record())
        text = json.dumps(self.card.model_dump(), indent=2, ensure_ascii=False)
        (directory / CARD).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the directory that `ganvas classify train` wrote.

        Raises:
            RunError: no such directory, not a classifier, damaged, or of another schema version.
        """
        path = user_path(path)
        card = _read_card(path)
        try:
            options = resolve(card.model, card.options)
        except ConfigError as error:
            raise RunError(f"{path / CARD} is damaged: {error}") from error
        return cls(card, find(card.model).load(path, options, len(card.class_names)), path)


def numbers_of(names: Iterable[str], class_names: list[str]) -> NDArray[np.int64]:
    """The position of each name in `class_names`, int64 [N].

    Raises:
        DataError: a name that is not among them.
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
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version != SCHEMA_VERSION:
            raise RunError(f"{file} has schema version {version!r}; this ganvas reads version {SCHEMA_VERSION}")
        card = Card.model_validate(content)
    except (OSError, ValueError, ValidationError) as error:
        raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error
    if len(set(card.class_names)) < len(card.class_names):
        raise RunError(f"{file} names a class twice; train the classifier again")
    return card
