"""How good probabilities are: accuracy, F1, ROC, calibration, and how far chance alone would move each of them.

Errors come from a bootstrap over groups (Davison & Hinkley 1997, section 3.8): pictures of one group, such as crops
of one painting, stand or fall together, so whole groups are drawn anew, never single pictures. All scores but those of
the ranking are functions of sums over pictures; a thousand resamples are therefore one product of matrices.
"""

import functools
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score, roc_curve

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

RESAMPLES = 1000
INTERVAL = (0.025, 0.975)
BINS = 10

# A forest is often certain, and wrong: its loss is taken as if probabilities were no nearer to 0 than float32 is to 1.
SMALLEST = float(np.finfo(np.float32).eps)

# Pairs of pictures that are held in memory at a time.
_PAIRS = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A score, and how much it would vary over other pictures like these.

    Attributes:
        value: the score of the pictures at hand.
        se: its standard error, or None where there is a single group, which nothing can be drawn from.
        low: lower end of its 95 % interval, or None like `se`.
        high: upper end.
    """

    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, value: float, resampled: Floats) -> Self:
        """The score with its error from resamples [R]; those in which it is not defined (NaN) do not count."""
        defined = resampled[np.isfinite(resampled)]
        if len(defined) < 2:
            return cls(float(value))
        low, high = np.quantile(defined, INTERVAL)
        return cls(float(value), float(defined.std(ddof=1)), float(low), float(high))

    @classmethod
    def where_defined(cls, value: float, resampled: Floats) -> Self | None:
        """The same, or None for a score that is not defined (NaN)."""
        return None if math.isnan(value) else cls.of(value, resampled)

    def __str__(self) -> str:
        return f"{self.value:.3f}" + ("" if self.low is None else f" ({self.low:.3f} to {self.high:.3f})")


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
    sums = _Sums.of(exact, truth, codes)
    draws = _draws(len(sums.loss), seed)
    whole, resampled = sums.total, sums.drawn(draws)
    weights = draws.astype(np.float32)[:, codes]
    areas = [_Area.of(truth == number, exact[:, number], weights) for number in range(len(class_names))]
    mean_area = _mean(np.array([area.value for area in areas]))
    return Scores(
        pictures=len(truth),
        groups=draws.shape[1],
        accuracy=Estimate.of(whole.accuracy[0], resampled.accuracy),
        balanced_accuracy=Estimate.of(whole.balanced_accuracy[0], resampled.balanced_accuracy),
        f1=Estimate.of(whole.macro_f1[0], resampled.macro_f1),
        auc=Estimate.where_defined(float(mean_area), _mean(np.stack([area.resampled for area in areas], axis=1))),
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
class _Sums:
    """Sums over pictures from which scores follow, a row for each group or resample.

    Attributes:
        right: [R, C], pictures of each class that were named right.
        actual: [R, C], pictures of each class.
        said: [R, C], pictures named each class.
        loss: [R, 1], negative log-probabilities of the true classes.
        binned: [R, BINS], pictures by the probability of their likeliest class.
        confidence: [R, BINS], those probabilities added up.
        hits: [R, BINS], pictures of each bin named right.
    """

    right: Floats
    actual: Floats
    said: Floats
    loss: Floats
    binned: Floats
    confidence: Floats
    hits: Floats

    @classmethod
    def of(cls, probabilities: Floats, truth: Numbers, groups: Numbers) -> Self:
        """The sums of each group; groups are numbered from 0 without gaps."""
        count, classes = int(groups.max()) + 1, probabilities.shape[1]
        answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
        right = (answers == truth).astype(np.float64)
        bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
        loss = -np.log(np.clip(probabilities[np.arange(len(truth)), truth], SMALLEST, None))

        def add(columns: Numbers, width: int, weights: Floats | None = None) -> Floats:
            flat = np.bincount(groups * width + columns, weights, minlength=count * width)
            return flat.reshape(count, width).astype(np.float64)

        return cls(
            right=add(truth, classes, right),
            actual=add(truth, classes),
            said=add(answers, classes),
            loss=add(np.zeros_like(truth), 1, loss),
            binned=add(bins, BINS),
            confidence=add(bins, BINS, confidence),
            hits=add(bins, BINS, right),
        )

    def drawn(self, draws: Floats) -> Self:
        """The sums of resamples that hold each group so many times, `draws` [R, G]."""
        return type(self)(*(draws @ getattr(self, field.name) for field in fields(self)))

    @property
    def total(self) -> Self:
        """The sums over all groups, in a single row."""
        return self.drawn(np.ones((1, len(self.loss))))

    @property
    def pictures(self) -> Floats:
        """[R], how many there are."""
        pictures: Floats = self.actual.sum(axis=1)
        return pictures

    @property
    def accuracy(self) -> Floats:
        """[R]."""
        accuracy: Floats = self.right.sum(axis=1) / self.pictures
        return accuracy

    @functools.cached_property
    def precision(self) -> Floats:
        """[R, C], NaN for classes that are never named or do not occur."""
        return np.where(self.actual > 0, _ratio(self.right, self.said), np.nan)

    @functools.cached_property
    def recall(self) -> Floats:
        """[R, C], NaN for classes that do not occur."""
        return _ratio(self.right, self.actual)

    @functools.cached_property
    def f1(self) -> Floats:
        """[R, C], NaN for classes that do not occur."""
        return np.where(self.actual > 0, _ratio(2 * self.right, self.actual + self.said), np.nan)

    @property
    def balanced_accuracy(self) -> Floats:
        """[R]."""
        return _mean(self.recall)

    @property
    def macro_f1(self) -> Floats:
        """[R]."""
        return _mean(self.f1)

    @property
    def log_loss(self) -> Floats:
        """[R]."""
        return self.loss[:, 0] / self.pictures

    @property
    def calibration_error(self) -> Floats:
        """[R]: a bin's share of the pictures times its gap is the gap of its sums over all pictures."""
        error: Floats = np.abs(self.hits - self.confidence).sum(axis=1) / self.pictures
        return error

    @property
    def bin_accuracy(self) -> Floats:
        """[R, BINS], NaN for empty bins."""
        return _ratio(self.hits, self.binned)


def _draws(groups: int, seed: int) -> Floats:
    """How often each resample holds each group, [RESAMPLES, groups]; there is nothing to draw from a single one."""
    if groups < 2:
        return np.empty((0, groups))
    random = np.random.default_rng(seed)
    return random.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES).astype(np.float64)


def _class_scores(number: int, name: str, sums: _Sums, resampled: _Sums, area: "_Area") -> ClassScores:
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


def _bins(whole: _Sums, resampled: _Sums) -> Iterator[Bin]:
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
        return cls(roc_auc_score(is_class, ranked), _resampled_area(is_class, ranked, weights), curve)


def _resampled_area(is_class: NDArray[np.bool_], ranked: Floats, weights: NDArray[np.float32]) -> Floats:
    """The area under the ROC curve of resamples that hold each picture so many times, `weights` [R, N].

    It is the Mann-Whitney statistic with weights: of all pairs of a picture of the class and one of another, the share
    in which the first is ranked higher, ties counting half.
    """
    ours, others = np.flatnonzero(is_class), weights[:, ~is_class]
    won = np.zeros(len(weights))
    for part in np.split(ours, range(step := max(1, _PAIRS // len(ranked)), len(ours), step)):
        above = np.sign(ranked[part] - ranked[~is_class][:, None]).astype(np.float32) / 2 + np.float32(0.5)
        won += ((others @ above) * weights[:, part]).sum(axis=1, dtype=np.float64)
    pairs = weights[:, ours].sum(axis=1, dtype=np.float64) * others.sum(axis=1, dtype=np.float64)
    return _ratio(won, pairs)


def _ratio(part: Floats, of: Floats) -> Floats:
    """`part / of`, NaN where that is nothing of nothing."""
    ratio: Floats = np.divide(part, of, out=np.full_like(of, np.nan), where=of > 0)
    return ratio


def _mean(values: Floats) -> Floats:
    """The mean over classes [..., C] of what is not NaN, NaN where all is."""
    defined = np.isfinite(values)
    return _ratio(np.where(defined, values, 0).sum(axis=-1), np.asarray(defined.sum(axis=-1), np.float64))


def _shown(score: Estimate | None) -> str:
    return "-" if score is None else str(score)


def _short(score: Estimate | None) -> str:
    return "-" if score is None else f"{score.value:.3f}"
