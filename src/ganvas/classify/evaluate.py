"""Evaluate a classifier on pictures that it was not trained on, with classes matched by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.classify.classifier import Classifier
from ganvas.classify.gallery import Gallery, galleries
from ganvas.classify.scores import Scores, score
from ganvas.classify.seen import seen, split_rows, trained_on
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, label_names, labels_digest
from ganvas.data.dataset.layout import TEST, TRAIN
from ganvas.data.dataset.split import groups_of
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import DataError

# Pictures to read from the dataset at a time.
SLAB = 256


@dataclass(frozen=True)
class Evaluation:
    """The predictions of a classifier for pictures whose classes are known.

    Attributes:
        classifier: the classifier.
        data: the dataset of the pictures.
        rows: int64 [N], their rows in `data`.
        is_whole_dataset: whether these are all rows of `data` rather than its test rows.
        truth: int64 [N], the true classes, as numbers of the classifier.
        groups: int64 [N], the group of each picture.
        probabilities: float32 [N, C], the predictions.
        scores: the scores of the predictions.
        notes: what a reader of the scores must know.
        seed: seed of the resamples that standard errors are estimated from.
    """

    classifier: Classifier
    data: Dataset
    rows: Integers
    is_whole_dataset: bool
    truth: Integers
    groups: Integers
    probabilities: NDArray[np.float32]
    scores: Scores
    notes: tuple[str, ...]
    seed: int

    def images(self, numbers: Integers | list[int]) -> Images:
        """The pictures with these positions in `rows` (0 to N - 1), uint8 [n, S, S, 3]."""
        images: Images = self.data.images[self.rows[numbers]]
        return images

    def galleries(self) -> list[Gallery]:
        """Typical and misclassified pictures of each class, in the classifier's order."""
        sources = self.data.index["source"].astype(str).iloc[self.rows].tolist()
        return galleries(self.probabilities, self.truth, self.classifier.class_names, self.groups, sources)

    def record(self) -> dict[str, object]:
        """The evaluation as a JSON object."""
        card = self.classifier.card
        return {
            "classifier": str(self.classifier.path),
            "model": card.model,
            "data": str(self.data.path),
            "fingerprint": self.data.fingerprint,
            "rows": "all" if self.is_whole_dataset else TEST,
            "leaky": card.leaky,
            "notes": list(self.notes),
            "seed": self.seed,
            **self.scores.record(),
        }

    def __str__(self) -> str:
        which = "all" if self.is_whole_dataset else "the test"
        scores = self.scores
        head = (
            f"{self.classifier.path}: {self.classifier.card.model} on {which} pictures of {self.data.path}: "
            f"{scores.pictures:,} in {scores.groups:,} groups"
        )
        return "\n".join([head, str(scores), *(f"note: {note}" for note in self.notes)])


def evaluate(directory: str | Path, data: str | Path | None = None, *, seed: int = 0) -> Evaluation:
    """Evaluate a classifier on pictures whose classes are known.

    Args:
        directory: the classifier directory.
        data: a dataset directory, whose test rows are used, or all rows if it has none. By default the dataset that the
            classifier was trained on. Of that dataset, only the rows held back from the classifier are used.
        seed: seed of the resamples that standard errors are estimated from.

    Raises:
        RunError: the classifier cannot be used.
        DataError: the dataset is missing, has changed, lacks the label column, holds a class that the classifier does
            not know, or has no test pictures.
    """
    classifier = Classifier.open(directory)
    dataset = trained_on(classifier) if data is None else Dataset.open(data)
    rows, is_whole_dataset = _rows(classifier, dataset)
    names = label_names(dataset, label_column(dataset, classifier.card.label_column))[rows]
    truth, groups = classifier.numbers(names), groups_of(dataset.index)[rows]
    probabilities = np.concatenate(list(_probabilities(classifier, dataset, rows)))
    training = classifier.card.counts[TRAIN]
    commonest = max(classifier.class_names, key=lambda name: training[name])
    scores = score(probabilities, truth, classifier.class_names, groups, commonest, seed)
    notes = tuple(_notes(classifier, dataset, rows, scores))
    return Evaluation(classifier, dataset, rows, is_whole_dataset, truth, groups, probabilities, scores, notes, seed)


def _rows(classifier: Classifier, dataset: Dataset) -> tuple[Integers, bool]:
    """The rows of a dataset to test on, and whether these are all its rows."""
    is_own = dataset.fingerprint == classifier.card.fingerprint
    rows = split_rows(classifier, TEST) if is_own else dataset.rows(TEST)
    if len(rows):
        return rows, False
    if is_own:
        raise DataError(
            f"{classifier.path} was trained on all pictures of {dataset.path}; name another dataset with --data"
        )
    return np.arange(len(dataset)), True


def _probabilities(classifier: Classifier, dataset: Dataset, rows: Integers) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), SLAB):
        yield classifier.probabilities(dataset.images[rows[start : start + SLAB]])


def _notes(classifier: Classifier, dataset: Dataset, rows: Integers, scores: Scores) -> Iterator[str]:
    """Reasons why the scores may mislead."""
    card = classifier.card
    is_own = dataset.fingerprint == card.fingerprint
    if is_own and card.labels is not None and card.labels != labels_digest(dataset, card.label_column):
        yield f"the classes of {card.label_column!r} have changed since the classifier was trained"
    if is_own and card.leaky:
        yield (
            f"each of the classes {_listed(card.leaky)} is a single group that had to be divided, so test pictures are "
            "related to training pictures; the scores are too good"
        )
    if not is_own and (count := seen(classifier, dataset, rows)):
        yield f"the classifier was trained on {count:,} of these pictures; the scores are too good"
    if is_own and card.seen:
        yield (
            f"the classifier that it started from was trained on {card.seen:,} of these pictures; the scores are too "
            "good"
        )
    fit = dataset.info.options.get("fit", card.fit)
    if fit != card.fit:
        yield f"these pictures were prepared with fit {fit}, the training pictures with fit {card.fit}"
    if missing := [each.name for each in scores.classes if not each.pictures]:
        yield f"there are no pictures of {_listed(missing)}"
    if scores.groups < 2:
        yield "all pictures are one group, so standard errors cannot be estimated"


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
