"""Judge generated pictures with an independent classifier that was trained on real pictures only.

It measures label accuracy (does a picture show the requested class?) and style ambiguity (paper 4: how uncertain is its
class?). A judge is trained once for each content of a dataset and kept in the cache.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.artist.artist import Artist, load
from ganvas.classify.classifier import Classifier
from ganvas.classify.model import Progress
from ganvas.classify.models import resolve
from ganvas.classify.train import train
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, labels_digest
from ganvas.foundation.arrays import Flags, Floats
from ganvas.foundation.cache import cache_path, note_unwritable, scratch_directory
from ganvas.foundation.errors import DataError, GanvasError, RunError, WriteError
from ganvas.foundation.files import remove
from ganvas.foundation.locks import InUse
from ganvas.foundation.paths import is_directory

DEFAULT_MODEL = "transfer"
# Increase it with any change that affects the predictions of classifiers, so that cached judges are trained again.
VERSION = 2


@dataclass(frozen=True)
class Mean:
    """A mean over pictures.

    Attributes:
        value: the mean.
        se: its standard error.
    """

    value: float
    se: float

    @classmethod
    def of(cls, values: Flags | Floats) -> Self:
        """The mean of values [N], one per picture."""
        return cls(float(values.mean()), float(values.std() / math.sqrt(len(values))))

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.se:.3f}"


@dataclass(frozen=True)
class Judgement:
    """A judge's findings about the pictures of a generator.

    Attributes:
        label_accuracy: share of pictures whose predicted class is the requested one; None for a generator without
            classes.
        class_accuracy: the same for each class.
        ambiguity: entropy of the predicted probabilities over log C: 0 for certainty, 1 for complete uncertainty.
        shares: share of the pictures predicted as each class.
        real_accuracy: the judge's accuracy on held-back real pictures, an upper limit for label accuracy.
        real_ambiguity: the ambiguity of those pictures.
        judge: a description of the classifier.
        samples: number of pictures judged.
    """

    label_accuracy: Mean | None
    class_accuracy: dict[str, float]
    ambiguity: Mean
    shares: dict[str, float]
    real_accuracy: float | None
    real_ambiguity: float | None
    judge: str
    samples: int

    def record(self) -> dict[str, object]:
        """The judgement as a JSON object."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"judged by {self.judge}, {self.samples:,} pictures"]
        if self.label_accuracy is not None:
            lines.append(f"label accuracy {self.label_accuracy}")
            lines += [f"  {name}: {accuracy:.3f}" for name, accuracy in self.class_accuracy.items()]
        lines.append(f"ambiguity {self.ambiguity} (0: certain, 1: cannot tell)")
        lines.append("predicted " + ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items()))
        if self.real_accuracy is not None:
            lines.append(f"on held-back real pictures: accuracy {self.real_accuracy:.3f}")
        if self.real_ambiguity is not None:
            lines[-1] += f", ambiguity {self.real_ambiguity:.3f}"
        return "\n".join(lines)


def judge(
    target: str | Path,
    data: str | Path | None = None,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    classifier: str | Path | None = None,
    samples: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Judgement:
    """Judge the pictures of a run or snapshot.

    Args:
        target: a run (its best snapshot is judged) or a snapshot.
        data: the dataset to train the judge on; by default the one that the generator was trained on.
        label: the column that holds the classes; by default the one that the generator's classes come from.
        model: the name of the judge's model.
        classifier: a classifier directory to use as the judge, instead of training one.
        samples: number of pictures to judge.
        seed: seed of the pictures.
        progress: receives the progress of training.

    Raises:
        RunError: the run, snapshot or classifier does not exist.
        DataError: there is no dataset to train a judge on, or the judge does not know a class of the generator.
    """
    artist = load(target)
    if classifier is None:
        opened = trained_judge(
            _dataset(artist, data), label=label or artist.card.label_column, model=model, progress=progress
        )
    else:
        opened = Classifier.open(classifier)
    return judge_artist(artist, opened, samples, seed)


def trained_judge(
    data: Dataset,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Classifier:
    """The judge of a dataset, which is trained on first use and then cached.

    Args:
        data: the real pictures.
        label: the column that holds the classes; by default the dataset's own.
        model: the name of the judge's model.
        cache: the directory of cached judges; by default that of all caches.
        progress: receives the progress of training.

    Raises:
        DataError: the dataset has no classes to learn.
    """
    column = label_column(data, label, "ganvas classify judge --label")
    key: list[object] = [VERSION, data.fingerprint, _divided(data), column, model, resolve(model, {}).model_dump()]
    if column != data.info.label_column:  # which the fingerprint covers
        key.append(labels_digest(data, column))
    name = f"judge-{model}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}"
    directory = cache_path(name, cache)

    def opened_or_trained(place: Path) -> Classifier:
        try:
            return Classifier.open(place)
        except RunError:
            remove(place)  # missing or damaged
        return train(data.path, place, label=column, model=model, progress=progress)

    try:
        return opened_or_trained(directory)
    except GanvasError as error:
        cannot_be_kept = isinstance(error, WriteError | InUse) or directory.exists()
        if directory.parent == scratch_directory() or not cannot_be_kept:
            raise
        note_unwritable(directory.parent, error)
        return opened_or_trained(scratch_directory() / name)


def _divided(data: Dataset) -> str:
    """A fingerprint of the split and the groups of a dataset, which the dataset's fingerprint does not cover."""
    columns = data.index[[column for column in ("split", "group") if column in data.index]]
    return hashlib.sha256(pd.util.hash_pandas_object(columns, index=False).to_numpy().tobytes()).hexdigest()


def judge_artist(artist: Artist, classifier: Classifier, samples: int = 1000, seed: int = 0) -> Judgement:
    """Judge the pictures of a generator with a classifier.

    Raises:
        DataError: the classifier does not know a class of the generator.
    """
    probabilities = np.concatenate([classifier.probabilities(batch) for batch in artist.batches(samples, seed)])
    predicted = probabilities.argmax(axis=1)
    accuracy, per_class = None, {}
    if names := artist.card.class_names:
        # Matched by name, because generator and classifier may number the classes differently.
        numbers = classifier.numbers(names)
        requested = numbers[artist.labels(samples)]
        is_right = predicted == requested
        accuracy = Mean.of(is_right)
        per_class = {
            name: float(is_right[requested == number].mean())
            for name, number in zip(names, numbers, strict=True)
            if (requested == number).any()
        }
    counts = np.bincount(predicted, minlength=len(classifier.class_names))
    return Judgement(
        label_accuracy=accuracy,
        class_accuracy=per_class,
        ambiguity=Mean.of(entropy(probabilities)),
        shares=dict(zip(classifier.class_names, (counts / samples).tolist(), strict=True)),
        real_accuracy=classifier.card.test_accuracy,
        real_ambiguity=_real_ambiguity(classifier),
        judge=f"{classifier.card.model} of {Path(classifier.card.data).name} by {classifier.card.label_column}",
        samples=samples,
    )


def entropy(probabilities: NDArray[np.float32]) -> Floats:
    """The entropy of each row of probabilities [N, C] over log C, float64 [N]: 0 for certainty, 1 for a uniform row."""
    p = probabilities.astype(np.float64)
    terms = np.where(p > 0, p * np.log(np.maximum(p, np.finfo(np.float64).tiny)), 0.0)
    normalised: Floats = -terms.sum(axis=1) / math.log(p.shape[1])
    return normalised


def _real_ambiguity(classifier: Classifier) -> float | None:
    """The mean ambiguity of the real pictures held back from the classifier; None if they are not available."""
    try:
        data = Dataset.open(classifier.card.data)
        split = classifier.split()
    except (DataError, RunError):
        return None
    rows = split.loc[split["split"] == "test", "row"].to_numpy()
    if data.fingerprint != classifier.card.fingerprint or not len(rows):
        return None
    return float(entropy(classifier.probabilities(data.images[rows])).mean())


def _dataset(artist: Artist, data: str | Path | None) -> Dataset:
    if data is not None:
        return Dataset.open(data)
    if not is_directory(artist.data):
        raise DataError(f"the generator was trained on {artist.data}, which is gone; name its dataset with --data")
    return Dataset.open(artist.data)
