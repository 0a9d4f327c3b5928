"""Evaluating a classifier on pictures that it has not learnt from, with classes matched by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.classify.classifier import Classifier
from ganvas.classify.gallery import Gallery, galleries
from ganvas.classify.scores import Scores, score
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, label_names, labels_digest
from ganvas.data.dataset.layout import TEST, TRAIN
from ganvas.data.dataset.split import groups_of
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import is_directory

# Pictures read from the dataset at a time.
SLAB = 256


@dataclass(frozen=True)
class Evaluation:
    """What a classifier said of pictures whose classes are known.

    Attributes:
        classifier: who was asked.
        data: where the pictures are from.
        rows: int64 [N], rows of `data`.
        are_all: whether these are all rows of `data`, not its test rows.
        truth: int64 [N], the true classes by the classifier's own numbers.
        groups: int64 [N], the group of each picture.
        probabilities: float32 [N, C], what was said.
        scores: how good that is.
        notes: what a reader of the scores must know.
        seed: of the resamples that errors are estimated from.
    """

    classifier: Classifier
    data: Dataset
    rows: Integers
    are_all: bool
    truth: Integers
    groups: Integers
    probabilities: NDArray[np.float32]
    scores: Scores
    notes: tuple[str, ...]
    seed: int

    def images(self, numbers: Integers | list[int]) -> Images:
        """The judged pictures of these numbers (0 to N - 1), uint8 [n, S, S, 3]."""
        images: Images = self.data.images[self.rows[numbers]]
        return images

    def galleries(self) -> list[Gallery]:
        """Telling pictures of each class, in the classifier's order."""
        sources = self.data.index["source"].astype(str).iloc[self.rows].tolist()
        return galleries(self.probabilities, self.truth, self.classifier.class_names, self.groups, sources)

    def record(self) -> dict[str, Any]:
        """As JSON holds it."""
        card = self.classifier.card
        return {
            "classifier": str(self.classifier.path),
            "model": card.model,
            "data": str(self.data.path),
            "fingerprint": self.data.fingerprint,
            "rows": "all" if self.are_all else TEST,
            "leaky": card.leaky,
            "notes": list(self.notes),
            "seed": self.seed,
            **self.scores.record(),
        }

    def __str__(self) -> str:
        which = "all" if self.are_all else "the test"
        scores = self.scores
        head = (
            f"{self.classifier.path}: {self.classifier.card.model} on {which} pictures of {self.data.path}: "
            f"{scores.pictures:,} in {scores.groups:,} groups"
        )
        return "\n".join([head, str(scores), *(f"note: {note}" for note in self.notes)])


def evaluate(directory: str | Path, data: str | Path | None = None, *, seed: int = 0) -> Evaluation:
    """Ask a classifier about pictures whose classes are known.

    Args:
        directory: the classifier.
        data: a dataset directory: its test rows, or all rows if it has none. By default the dataset that the
            classifier was trained on, of which only the rows that were held back are used, whatever it is called.
        seed: of the resamples that errors are estimated from.

    Raises:
        RunError: the classifier cannot be used.
        DataError: the dataset is gone, has changed, lacks the label column, holds a class that the classifier does not
            know, or has no picture to test on.
    """
    classifier = Classifier.open(directory)
    dataset = _trained_on(classifier) if data is None else Dataset.open(data)
    rows, are_all = _rows(classifier, dataset)
    names = label_names(dataset, label_column(dataset, classifier.card.label_column))[rows]
    truth, groups = classifier.numbers(names), groups_of(dataset.index)[rows]
    probabilities = np.concatenate(list(_probabilities(classifier, dataset, rows)))
    training = classifier.card.counts[TRAIN]
    commonest = max(classifier.class_names, key=lambda name: training[name])
    scores = score(probabilities, truth, classifier.class_names, groups, commonest, seed)
    notes = tuple(_notes(classifier, dataset, rows, scores))
    return Evaluation(classifier, dataset, rows, are_all, truth, groups, probabilities, scores, notes, seed)


def _trained_on(classifier: Classifier) -> Dataset:
    """The dataset that the classifier was trained on, unchanged."""
    card, path = classifier.card, Path(classifier.card.data)
    if not is_directory(path):
        raise DataError(f"{classifier.path} was trained on {path}, which is gone; name a dataset with --data")
    dataset = Dataset.open(path)
    if dataset.fingerprint != card.fingerprint:
        raise DataError(f"{path} has changed since {classifier.path} was trained on it; name a dataset with --data")
    return dataset


def _rows(classifier: Classifier, dataset: Dataset) -> tuple[Integers, bool]:
    """The rows of a dataset to judge on, and whether these are all it has."""
    is_own = dataset.fingerprint == classifier.card.fingerprint
    rows = _split_rows(classifier, TEST) if is_own else dataset.rows(TEST)
    if len(rows):
        return rows, False
    if is_own:
        raise DataError(f"{classifier.path} held no picture of {dataset.path} back; name another dataset with --data")
    return np.arange(len(dataset)), True


def _split_rows(classifier: Classifier, split: str) -> Integers:
    table = classifier.split()
    rows: Integers = table.loc[table["split"] == split, "row"].to_numpy(np.int64)
    return rows


def _probabilities(classifier: Classifier, dataset: Dataset, rows: Integers) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), SLAB):
        yield classifier.probabilities(dataset.images[rows[start : start + SLAB]])


def _notes(classifier: Classifier, dataset: Dataset, rows: Integers, scores: Scores) -> Iterator[str]:
    """Why the scores may say less than they seem to."""
    card = classifier.card
    is_own = dataset.fingerprint == card.fingerprint
    if is_own and card.labels is not None and card.labels != labels_digest(dataset, card.label_column):
        yield f"classes of {card.label_column!r} have changed since it was trained; it was taught the old ones"
    if is_own and card.leaky:
        yield (
            f"all pictures of {_listed(card.leaky)} belong together and had to be divided, so it was tested on parts "
            "of what it has learnt; such scores flatter"
        )
    if not is_own and (seen := _seen(classifier, dataset, rows)):
        yield f"it has learnt from {seen:,} of these pictures; such scores flatter"
    fit = dataset.info.options.get("fit", card.fit)
    if fit != card.fit:
        yield f"these pictures were made square by {fit}, those it learnt from by {card.fit}"
    if missing := [each.name for each in scores.classes if not each.pictures]:
        yield f"no picture here is of {_listed(missing)}"
    if scores.groups < 2:
        yield "all pictures are one group, so errors cannot be estimated"


def _seen(classifier: Classifier, dataset: Dataset, rows: Integers) -> int:
    """How many of these pictures come from files that the classifier has learnt from, as far as can be known."""
    try:
        own = _trained_on(classifier)
    except DataError:
        return 0
    if "sha256" not in own.index or "sha256" not in dataset.index:
        return 0
    learnt = own.index["sha256"].iloc[_split_rows(classifier, TRAIN)]
    return int(dataset.index["sha256"].iloc[rows].isin(learnt).sum())


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
