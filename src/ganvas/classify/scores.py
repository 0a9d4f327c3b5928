"""How good probabilities are: accuracy, F1, ROC, calibration, and how far chance alone would move each of them."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score, roc_curve

from ganvas.classify.resampling import BINS, Estimate, Floats, Numbers, Sums, draws, mean, resampled_area


@dataclass(frozen=True)
class Roc:
    """A receiver operating characteristic: how many of a class are found at what price.

    Attributes:
        false_positive_rate: float64 [T], rising from 0 to 1.
        true_positive_rate: float64 [T], rising from 0 to 1.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats


@dataclass(frozen=True)
class ClassScores:
    """How well one class is told from all others; scores are None where no picture is of it.

    Attributes:
        name: the class.
        pictures: how many are of it.
        groups: how many groups these belong to.
        said: how many were said to be of it.
        precision: share of those that are; None if there are none.
        recall: share of the class that was said to be.
        f1: harmonic mean of the two.
        auc: probability that a picture of the class is held likelier to be of it than one of another class; None if
            there is no other.
        roc: the curve above that area.
    """

    name: str
    pictures: int
    groups: int
    said: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    auc: Estimate | None
    roc: Roc | None

    def record(self) -> dict[str, Any]:
        """As JSON holds it, without the curve."""
        return {key: value for key, value in asdict(self).items() if key != "roc"}


@dataclass(frozen=True)
class Bin:
    """Pictures whose likeliest class is about equally likely.

    Attributes:
        low: lower end of that probability, not included.
        high: upper end, included.
        pictures: how many there are; at least one.
        confidence: mean of that probability.
        accuracy: share of them named right.
    """

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True)
class Baseline:
    """What always naming the commonest class of the training pictures scores.

    Attributes:
        name: that class.
        accuracy: its share of the pictures at hand.
        f1: macro F1.
    """

    name: str
    accuracy: float
    f1: float


@dataclass(frozen=True)
class Scores:
    """How good a classifier's probabilities are.

    Attributes:
        pictures: how many were judged.
        groups: how many groups they form.
        accuracy: share named right.
        balanced_accuracy: mean recall of the classes that occur.
        f1: macro F1: the mean over classes that occur.
        auc: mean of the classes' areas under the ROC curve, one against the rest; None if it is defined for none.
        log_loss: mean negative logarithm of the probability of the true class, at least `SMALLEST`; in nats.
        calibration_error: how far confidence and accuracy are apart on average over pictures, in `BINS` bins of equal
            width (expected calibration error, Guo et al. 2017, equation 3).
        baseline: what needs no picture.
        classes: the scores of each class, in the classifier's order.
        confusion: int64 [C, C], pictures by true class (row) and named class (column).
        calibration: the bins that hold pictures, by rising confidence.
    """

    pictures: int
    groups: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    f1: Estimate
    auc: Estimate | None
    log_loss: Estimate
    calibration_error: Estimate
    baseline: Baseline
    classes: tuple[ClassScores, ...]
    confusion: Numbers
    calibration: tuple[Bin, ...]

    def record(self) -> dict[str, Any]:
        """As JSON holds it; curves are left out."""
        return {
            "pictures": self.pictures,
            "groups": self.groups,
            **{name: None if score is None else asdict(score) for name, score in self._overall().items()},
            "baseline": asdict(self.baseline),
            "classes": [each.record() for each in self.classes],
            "confusion": self.confusion.tolist(),
            "calibration": [asdict(each) for each in self.calibration],
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
        width = max(len("class"), *(len(each.name) for each in self.classes))
        lines += ["", f"{'class':<{width}}  pictures  precision  recall     F1    AUC"]
        lines += [
            f"{each.name:<{width}}  {each.pictures:>8,}  {_short(each.precision):>9}  {_short(each.recall):>6}"
            f"  {_short(each.f1):>5}  {_short(each.auc):>5}"
            for each in self.classes
        ]
        return "\n".join(lines)


def score(
    probabilities: NDArray[np.floating[Any]],
    truth: Numbers,
    class_names: list[str],
    groups: Numbers,
    commonest: str,
    seed: int = 0,
) -> Scores:
    """Score probabilities against the truth.

    Args:
        probabilities: float [N, C], rows sum to 1; N is at least 1.
        truth: int64 [N], numbers of the true classes.
        class_names: the C classes in the order of their numbers.
        groups: int64 [N], the group of each picture, any numbers.
        commonest: the class that the baseline always names.
        seed: of the resamples.
    """
    exact: Floats = probabilities.astype(np.float64)
    codes = np.unique(groups, return_inverse=True)[1]
    sums = Sums.of(exact, truth, codes)
    times = draws(len(sums.loss), seed)
    whole, resampled = sums.total, sums.drawn(times)
    weights = times.astype(np.float32)[:, codes]
    areas = [_Area.of(truth == number, exact[:, number], weights) for number in range(len(class_names))]
    mean_area = mean(np.array([area.value for area in areas]))
    return Scores(
        pictures=len(truth),
        groups=times.shape[1],
        accuracy=Estimate.of(whole.accuracy[0], resampled.accuracy),
        balanced_accuracy=Estimate.of(whole.balanced_accuracy[0], resampled.balanced_accuracy),
        f1=Estimate.of(whole.macro_f1[0], resampled.macro_f1),
        auc=Estimate.where_defined(float(mean_area), mean(np.stack([area.resampled for area in areas], axis=1))),
        log_loss=Estimate.of(whole.log_loss[0], resampled.log_loss),
        calibration_error=Estimate.of(whole.calibration_error[0], resampled.calibration_error),
        baseline=_baseline(truth, class_names, commonest),
        classes=tuple(
            _class_scores(number, name, sums, resampled, areas[number]) for number, name in enumerate(class_names)
        ),
        confusion=confusion_matrix(truth, exact.argmax(axis=1), labels=np.arange(len(class_names))),
        calibration=tuple(_bins(whole, resampled)),
    )


@dataclass(frozen=True)
class _Area:
    """The area under the ROC curve of a class against the rest.

    Attributes:
        value: the area; NaN if all pictures are of the class or none is.
        resampled: that of resamples, [R].
        roc: the curve.
    """

    value: float
    resampled: Floats
    roc: Roc | None

    @classmethod
    def of(cls, is_class: NDArray[np.bool_], ranked: Floats, weights: NDArray[np.float32]) -> Self:
        """From which pictures are of the class [N], their probabilities of it [N], and resamples of them [R, N]."""
        if is_class.all() or not is_class.any():
            return cls(math.nan, np.full(len(weights), np.nan), None)
        curve = Roc(*roc_curve(is_class, ranked)[:2])
        return cls(roc_auc_score(is_class, ranked), resampled_area(is_class, ranked, weights), curve)


def _class_scores(number: int, name: str, sums: Sums, resampled: Sums, area: _Area) -> ClassScores:
    whole, groups = sums.total, int((sums.actual[:, number] > 0).sum())
    # A class of a single group is drawn whole or not at all: that says nothing of how it varies.
    drawn = slice(None) if groups > 1 else slice(0)

    def estimate(value: Floats, resamples: Floats) -> Estimate | None:
        return Estimate.where_defined(value[0, number], resamples[drawn, number])

    return ClassScores(
        name=name,
        pictures=int(whole.actual[0, number]),
        groups=groups,
        said=int(whole.said[0, number]),
        precision=estimate(whole.precision, resampled.precision),
        recall=estimate(whole.recall, resampled.recall),
        f1=estimate(whole.f1, resampled.f1),
        auc=Estimate.where_defined(area.value, area.resampled[drawn]),
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


def _baseline(truth: Numbers, class_names: list[str], commonest: str) -> Baseline:
    answers = np.full_like(truth, class_names.index(commonest))
    f1 = f1_score(truth, answers, labels=np.unique(truth), average="macro", zero_division=0)
    return Baseline(commonest, float((answers == truth).mean()), float(f1))


def _shown(score: Estimate | None) -> str:
    return "-" if score is None else str(score)


def _short(score: Estimate | None) -> str:
    return "-" if score is None else f"{score.value:.3f}"
