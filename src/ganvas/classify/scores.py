"""Scores of a classifier's probabilities: accuracy, F1, ROC and calibration, with standard errors and intervals."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score, roc_curve

from ganvas.classify.resampling import BINS, Estimate, Sums, draws, mean, resampled_area
from ganvas.foundation.arrays import Features, Flags, Floats, Integers


@dataclass(frozen=True)
class Roc:
    """A receiver operating characteristic (ROC) curve.

    Attributes:
        false_positive_rate: float64 [T], rising from 0 to 1.
        true_positive_rate: float64 [T], rising from 0 to 1.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats


@dataclass(frozen=True)
class ClassScores:
    """The scores of one class against all others. They are None if there are no pictures of the class.

    Attributes:
        name: of the class.
        pictures: the number of pictures of the class.
        groups: the number of their groups.
        predicted: the number of pictures predicted as the class.
        precision: the share of these that are of the class; None if there are none.
        recall: the share of the class that was predicted as it.
        f1: the harmonic mean of precision and recall.
        auc: the area under the ROC curve: the probability that a picture of the class gets a higher probability of it
            than a picture of another class; None if there are no other pictures.
        roc: the ROC curve.
    """

    name: str
    pictures: int
    groups: int
    predicted: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    auc: Estimate | None
    roc: Roc | None

    def record(self) -> dict[str, object]:
        """The scores as JSON holds them, without the curve."""
        return {"said" if key == "predicted" else key: value for key, value in asdict(self).items() if key != "roc"}


@dataclass(frozen=True)
class Bin:
    """Pictures whose predictions have a similar confidence, the probability of the predicted class.

    Attributes:
        low: the lower end of the confidence, excluded.
        high: the upper end, included.
        pictures: the number of pictures; at least one.
        confidence: the mean confidence.
        accuracy: the share of correct predictions.
    """

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True)
class MajorityBaseline:
    """The scores of always predicting the most common class of the training pictures.

    Attributes:
        name: of that class.
        accuracy: its share of the pictures.
        f1: the macro F1.
    """

    name: str
    accuracy: float
    f1: float


@dataclass(frozen=True)
class Scores:
    """The scores of a classifier's probabilities.

    Attributes:
        pictures: the number of pictures.
        groups: the number of their groups.
        accuracy: the share of correct predictions.
        balanced_accuracy: the mean recall of the classes that have pictures.
        f1: the macro F1: the mean over the classes that have pictures.
        auc: the mean of the classes' areas under the ROC curve, one against the rest; None if none is defined.
        log_loss: the mean negative logarithm of the probability of the true class, in nats; probabilities are taken as
            at least `SMALLEST`.
        calibration_error: the mean difference between confidence and accuracy over pictures, in `BINS` bins of equal
            width (expected calibration error, Guo et al. 2017, equation 3).
        baseline: the scores of always predicting the most common class.
        classes: the scores of each class, in the classifier's order.
        confusion: int64 [C, C], the number of pictures by true class (row) and predicted class (column).
        calibration: the bins that have pictures, in order of confidence.
    """

    pictures: int
    groups: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    f1: Estimate
    auc: Estimate | None
    log_loss: Estimate
    calibration_error: Estimate
    baseline: MajorityBaseline
    classes: tuple[ClassScores, ...]
    confusion: Integers
    calibration: tuple[Bin, ...]

    def record(self) -> dict[str, object]:
        """The scores as JSON holds them, without the curves."""
        return {
            "pictures": self.pictures,
            "groups": self.groups,
            **{name: None if score is None else asdict(score) for name, score in self._overall().items()},
            "baseline": asdict(self.baseline),
            "classes": [scores.record() for scores in self.classes],
            "confusion": self.confusion.tolist(),
            "calibration": [asdict(calibration_bin) for calibration_bin in self.calibration],
        }

    def _overall(self) -> dict[str, Estimate | None]:
        return {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "f1": self.f1,
            "auc": self.auc,
            "log_loss": self.log_loss,
            "calibration_error": self.calibration_error,
        }

    def __str__(self) -> str:
        lines = [f"{name.replace('_', ' '):<18} {_shown(score)}" for name, score in self._overall().items()]
        lines[0] += f"; always answering {self.baseline.name!r}: {self.baseline.accuracy:.3f}"
        width = max(len("class"), *(len(scores.name) for scores in self.classes))
        lines += ["", f"{'class':<{width}}  pictures  precision  recall     F1    AUC"]
        lines += [
            f"{scores.name:<{width}}  {scores.pictures:>8,}  {_short(scores.precision):>9}  {_short(scores.recall):>6}"
            f"  {_short(scores.f1):>5}  {_short(scores.auc):>5}"
            for scores in self.classes
        ]
        return "\n".join(lines)


def score(
    probabilities: Features | Floats,
    true: Integers,
    class_names: list[str],
    groups: Integers,
    majority: str,
    seed: int = 0,
) -> Scores:
    """Score probabilities against the true classes.

    Args:
        probabilities: float [N, C], rows sum to 1; N is at least 1.
        true: int64 [N], the numbers of the true classes.
        class_names: the C classes in the order of their numbers.
        groups: int64 [N], the group of each picture, any numbers.
        majority: the most common class of the training pictures, which the baseline always predicts.
        seed: of the resamples.
    """
    exact: Floats = probabilities.astype(np.float64)
    codes = np.unique(groups, return_inverse=True)[1]
    sums = Sums.of(exact, true, codes)
    repeats = draws(len(sums.loss), seed)
    whole, resampled = sums.total, sums.resampled(repeats)
    weights = repeats.astype(np.float32)[:, codes]
    areas = [_Area.of(true == number, exact[:, number], weights) for number in range(len(class_names))]
    mean_area = mean(np.array([area.value for area in areas]))
    return Scores(
        pictures=len(true),
        groups=repeats.shape[1],
        accuracy=Estimate.of(whole.accuracy[0], resampled.accuracy),
        balanced_accuracy=Estimate.of(whole.balanced_accuracy[0], resampled.balanced_accuracy),
        f1=Estimate.of(whole.macro_f1[0], resampled.macro_f1),
        auc=Estimate.where_defined(float(mean_area), mean(np.stack([area.resampled for area in areas], axis=1))),
        log_loss=Estimate.of(whole.log_loss[0], resampled.log_loss),
        calibration_error=Estimate.of(whole.calibration_error[0], resampled.calibration_error),
        baseline=_baseline(true, class_names, majority),
        classes=tuple(
            _class_scores(number, name, sums, resampled, areas[number]) for number, name in enumerate(class_names)
        ),
        confusion=confusion_matrix(true, exact.argmax(axis=1), labels=np.arange(len(class_names))),
        calibration=tuple(_bins(whole, resampled)),
    )


@dataclass(frozen=True)
class _Area:
    """The area under the ROC curve of a class against the rest.

    Attributes:
        value: the area; NaN if all pictures are of the class, or none are.
        resampled: float64 [R], the area in each resample.
        roc: the curve; None if the area is NaN.
    """

    value: float
    resampled: Floats
    roc: Roc | None

    @classmethod
    def of(cls, is_class: Flags, ranked: Floats, weights: Features) -> Self:
        """The area for the arguments of `resampled_area`."""
        if is_class.all() or not is_class.any():
            return cls(math.nan, np.full(len(weights), np.nan), None)
        curve = Roc(*roc_curve(is_class, ranked)[:2])
        return cls(roc_auc_score(is_class, ranked), resampled_area(is_class, ranked, weights), curve)


def _class_scores(number: int, name: str, sums: Sums, resampled: Sums, area: _Area) -> ClassScores:
    whole, groups = sums.total, int((sums.actual[:, number] > 0).sum())
    # A class of a single group is in a resample as a whole or not at all, so resamples do not show its variance.
    usable = slice(None) if groups > 1 else slice(0)

    def estimate(value: Floats, resamples: Floats) -> Estimate | None:
        return Estimate.where_defined(value[0, number], resamples[usable, number])

    return ClassScores(
        name=name,
        pictures=int(whole.actual[0, number]),
        groups=groups,
        predicted=int(whole.predicted[0, number]),
        precision=estimate(whole.precision, resampled.precision),
        recall=estimate(whole.recall, resampled.recall),
        f1=estimate(whole.f1, resampled.f1),
        auc=Estimate.where_defined(area.value, area.resampled[usable]),
        roc=area.roc,
    )


def _bins(whole: Sums, resampled: Sums) -> Iterator[Bin]:
    for number, pictures in enumerate(whole.binned[0].astype(int)):
        if pictures:
            yield Bin(
                low=number / BINS,
                high=(number + 1) / BINS,
                pictures=int(pictures),
                confidence=float(whole.confidence[0, number] / pictures),
                accuracy=Estimate.of(whole.bin_accuracy[0, number], resampled.bin_accuracy[:, number]),
            )


def _baseline(true: Integers, class_names: list[str], majority: str) -> MajorityBaseline:
    predicted = np.full_like(true, class_names.index(majority))
    f1 = f1_score(true, predicted, labels=np.unique(true), average="macro", zero_division=0)
    return MajorityBaseline(majority, float((predicted == true).mean()), float(f1))


def _shown(score: Estimate | None) -> str:
    return "-" if score is None else str(score)


def _short(score: Estimate | None) -> str:
    return "-" if score is None else f"{score.value:.3f}"
