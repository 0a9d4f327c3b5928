"""The independent judge: a classifier of real pictures says whether generated ones are what they were asked to be.

It has never seen a generator's pictures nor trained one, so its word on label accuracy (is a picture of the class
that was asked for?) and on style ambiguity (paper 4: can its class be told at all?) is its own. A judge is trained
once for each content of a dataset and kept in the cache.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

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
from ganvas.foundation.cache import cache_path, note_unwritable, scratch_directory
from ganvas.foundation.errors import DataError, GanvasError, RunError, WriteError
from ganvas.foundation.files import remove
from ganvas.foundation.locks import InUse
from ganvas.foundation.paths import is_directory

DEFAULT_MODEL = "transfer"
# Raise it with any change that makes classifiers answer differently: judges of another version are trained anew.
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
    def of(cls, values: NDArray[Any]) -> Self:
        """The mean of values [N], one a picture."""
        return cls(float(values.mean()), float(values.std() / math.sqrt(len(values))))

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.se:.3f}"


@dataclass(frozen=True)
class Judgement:
    """What a judge says of a generator's pictures.

    Attributes:
        label_accuracy: share of pictures that it names as they were asked for; None if nothing was asked for.
        class_accuracy: the same for each class.
        ambiguity: entropy of its class probabilities over log C: 0 where it is sure, 1 where it cannot tell.
        shares: share of the pictures that it names each class.
        real_accuracy: its accuracy on held-back real pictures, the most that label accuracy can mean.
        real_ambiguity: the same entropy over those.
        judge: the classifier that judged.
        samples: how many pictures it saw.
    """

    label_accuracy: Mean | None
    class_accuracy: dict[str, float]
    ambiguity: Mean
    shares: dict[str, float]
    real_accuracy: float | None
    real_ambiguity: float | None
    judge: str
    samples: int

    def record(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"judged by {self.judge}, {self.samples:,} pictures"]
        if self.label_accuracy is not None:
            lines.append(f"label accuracy {self.label_accuracy}")
            lines += [f"  {name}: {accuracy:.3f}" for name, accuracy in self.class_accuracy.items()]
        lines.append(f"ambiguity {self.ambiguity} (0: always sure, 1: never)")
        lines.append("named " + ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items()))
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
        model: what kind of classifier judges.
        classifier: a classifier directory to judge with, instead of one trained now or found in the cache.
        samples: how many pictures.
        seed: of those.
        progress: who watches the judge being trained.

    Raises:
        RunError: no such run, snapshot or classifier.
        DataError: no dataset to train a judge on, or the generator makes classes that the judge does not know.
    """
    artist = load(target)
    if classifier is None:
        known = judge_of(
            _dataset(artist, data), label=label or artist.card.label_column, model=model, progress=progress
        )
    else:
        known = Classifier.open(classifier)
    return judged(artist, known, samples, seed)


def judge_of(
    data: Dataset,
    *,
    label: str | None = None,
    model: str = DEFAULT_MODEL,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Classifier:
    """The judge of a dataset: trained the first time, kept for every later one.

    Args:
        data: the real pictures.
        label: the column that holds the classes; by default the dataset's own.
        model: what kind of classifier.
        cache: where judges are kept; by default where features are.
        progress: who watches.

    Raises:
        DataError: the dataset has no classes to learn.
    """
    column = label_column(data, label, "ganvas classify judge --label")
    key: list[Any] = [VERSION, data.fingerprint, _divided(data), column, model, resolve(model, {}).model_dump()]
    if column != data.info.label_column:  # which the fingerprint covers
        key.append(labels_digest(data, column))
    name = f"judge-{model}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}"
    directory = cache_path(name, cache)

    def kept_in(place: Path) -> Classifier:
        try:
            return Classifier.open(place)
        except RunError:
            # Not there, or damaged; what is damaged is of no use to anyone.
            remove(place)
        return train(data.path, place, label=column, model=model, progress=progress)

    try:
        return kept_in(directory)
    except GanvasError as error:
        cannot_be_kept = isinstance(error, WriteError | InUse) or directory.exists()
        if directory.parent == scratch_directory() or not cannot_be_kept:
            raise
        note_unwritable(directory.parent, error)
        return kept_in(scratch_directory() / name)


def _divided(data: Dataset) -> str:
    """A fingerprint of the split and the groups of a dataset, which its own does not cover."""
    columns = data.index[[column for column in ("split", "group") if column in data.index]]
    return hashlib.sha256(pd.util.hash_pandas_object(columns, index=False).to_numpy().tobytes()).hexdigest()


def judged(artist: Artist, classifier: Classifier, samples: int = 1000, seed: int = 0) -> Judgement:
    """What a classifier says of the pictures of a seed.

    Raises:
        DataError: the artist paints classes that the classifier does not know.
    """
    probabilities = np.concatenate([classifier.probabilities(batch) for batch in artist.batches(samples, seed)])
    said = probabilities.argmax(axis=1)
    accuracy, per_class = None, {}
    if names := artist.card.class_names:
        # By name: the two need not number their classes alike.
        numbers = classifier.numbers(names)
        asked = numbers[artist.labels(samples)]
        accuracy = Mean.of(said == asked)
        per_class = {
            name: float((said == asked)[asked == number].mean())
            for name, number in zip(names, numbers, strict=True)
            if (asked == number).any()
        }
    counts = np.bincount(said, minlength=len(classifier.class_names))
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


def entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """The entropy of each row of probabilities [N, C] over log C: 0 for a sure one, 1 for one that cannot tell."""
    p = probabilities.astype(np.float64)
    terms = np.where(p > 0, p * np.log(np.maximum(p, np.finfo(np.float64).tiny)), 0.0)
    normalised: NDArray[np.float64] = -terms.sum(axis=1) / math.log(p.shape[1])
    return normalised


def _real_ambiguity(classifier: Classifier) -> float | None:
    """The same over the real pictures held back from it; None where they are not at hand."""
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
