"""Standard errors and intervals of scores, by a bootstrap over groups (Davison & Hinkley 1997, section 3.8).

Predictions of pictures in one group, such as crops of one painting, are correlated. So the bootstrap draws whole
groups, never single pictures. All scores except the areas under ROC curves are functions of sums over pictures, so
the sums of a thousand resamples are a single matrix product.
"""

import functools
import math
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from ganvas.foundation.arrays import Features, Flags, Floats, Integers

RESAMPLES = 1000
INTERVAL = (0.025, 0.975)
BINS = 10

# The lower bound of probabilities in the log-loss: a forest can give the true class a probability of 0.
SMALLEST = float(np.finfo(np.float32).eps)

# Pairs of pictures to hold in memory at a time.
_PAIRS = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A score with its standard error and interval.

    Attributes:
        value: the score of all pictures.
        se: its standard error; None if it cannot be estimated, such as from a single group.
        low: the lower end of its 95 % interval; None if `se` is.
        high: the upper end; None if `se` is.
    """

    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, value: float, resampled: Floats) -> Self:
        """A score with its error from resamples [R]; NaN marks those in which the score is undefined."""
        defined = resampled[np.isfinite(resampled)]
        if len(defined) < 2:
            return cls(float(value))
        low, high = np.quantile(defined, INTERVAL)
        return cls(float(value), float(defined.std(ddof=1)), float(low), float(high))

    @classmethod
    def where_defined(cls, value: float, resampled: Floats) -> Self | None:
        """As `of`, or None if the score itself is undefined (NaN)."""
        return None if math.isnan(value) else cls.of(value, resampled)

    def __str__(self) -> str:
        return f"{self.value:.3f}" + ("" if self.low is None else f" ({self.low:.3f} to {self.high:.3f})")


@dataclass(frozen=True)
class Sums:
    """Sums over pictures, and the scores computed from them; one row for each group or resample.

    Attributes:
        correct: [R, C], the number of pictures of each class that were predicted correctly.
        actual: [R, C], the number of pictures of each class.
        predicted: [R, C], the number of pictures predicted as each class.
        loss: [R, 1], the sum of the negative log-probabilities of the true classes.
        binned: [R, BINS], the number of pictures in each bin of confidence, the probability of the predicted class.
        confidence: [R, BINS], the sum of these probabilities.
        binned_correct: [R, BINS], the number of pictures in each bin that were predicted correctly.
    """

    correct: Floats
    actual: Floats
    predicted: Floats
    loss: Floats
    binned: Floats
    confidence: Floats
    binned_correct: Floats

    @classmethod
    def of(cls, probabilities: Floats, true: Integers, groups: Integers) -> Self:
        """The sums of each group; groups are numbered from 0 without gaps."""
        count, classes = int(groups.max()) + 1, probabilities.shape[1]
        predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
        correct = (predicted == true).astype(np.float64)
        # Rounded, because a share of a forest's trees is inexact in float32: 0.3 must fall into the third bin.
        bins = np.ceil(np.round(confidence * BINS, 5)).astype(np.int64) - 1
        loss = -np.log(np.clip(probabilities[np.arange(len(true)), true], SMALLEST, None))

        def add(columns: Integers, width: int, weights: Floats | None = None) -> Floats:
            flat = np.bincount(groups * width + columns, weights, minlength=count * width)
            return flat.reshape(count, width).astype(np.float64)

        return cls(
            correct=add(true, classes, correct),
            actual=add(true, classes),
            predicted=add(predicted, classes),
            loss=add(np.zeros_like(true), 1, loss),
            binned=add(bins, BINS),
            confidence=add(bins, BINS, confidence),
            binned_correct=add(bins, BINS, correct),
        )

    def resampled(self, draws: Floats) -> Self:
        """The sums of resamples; `draws` [R, G] is how often each resample contains each group."""
        return type(self)(*(draws @ getattr(self, field.name) for field in fields(self)))

    @functools.cached_property
    def total(self) -> Self:
        """The sums over all groups, in a single row."""
        return self.resampled(np.ones((1, len(self.loss))))

    @property
    def pictures(self) -> Floats:
        """The number of pictures, [R]."""
        pictures: Floats = self.actual.sum(axis=1)
        return pictures

    @property
    def accuracy(self) -> Floats:
        """Accuracy, [R]."""
        accuracy: Floats = self.correct.sum(axis=1) / self.pictures
        return accuracy

    @functools.cached_property
    def precision(self) -> Floats:
        """Precision of each class, [R, C]; NaN for classes that are never predicted or have no pictures."""
        return np.where(self.actual > 0, ratio(self.correct, self.predicted), np.nan)

    @functools.cached_property
    def recall(self) -> Floats:
        """Recall of each class, [R, C]; NaN for classes without pictures."""
        return ratio(self.correct, self.actual)

    @functools.cached_property
    def f1(self) -> Floats:
        """F1 of each class, [R, C]; NaN for classes without pictures."""
        return np.where(self.actual > 0, ratio(2 * self.correct, self.actual + self.predicted), np.nan)

    @property
    def balanced_accuracy(self) -> Floats:
        """Mean recall of the classes, [R]."""
        return mean(self.recall)

    @property
    def macro_f1(self) -> Floats:
        """Mean F1 of the classes, [R]."""
        return mean(self.f1)

    @property
    def log_loss(self) -> Floats:
        """Mean negative log-probability of the true classes, [R]."""
        return self.loss[:, 0] / self.pictures

    @property
    def calibration_error(self) -> Floats:
        """Expected calibration error, [R].

        A bin's gap times its share of the pictures is the difference of its sums over the number of all pictures.
        """
        error: Floats = np.abs(self.binned_correct - self.confidence).sum(axis=1) / self.pictures
        return error

    @property
    def bin_accuracy(self) -> Floats:
        """Accuracy in each bin, [R, BINS]; NaN for empty bins."""
        return ratio(self.binned_correct, self.binned)


def draws(groups: int, seed: int) -> Floats:
    """How often each resample contains each group, [RESAMPLES, groups]; without resamples if there is one group."""
    if groups < 2:
        return np.empty((0, groups))
    random = np.random.default_rng(seed)
    return random.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES).astype(np.float64)


def resampled_area(is_class: Flags, ranked: Floats, weights: Features) -> Floats:
    """The area under the ROC curve of a class in each resample, by the weighted Mann-Whitney statistic.

    This is the share of all pairs of a picture of the class and another picture in which the first is ranked higher;
    ties count half.

    Args:
        is_class: bool [N], which pictures are of the class.
        ranked: float64 [N], the probability of the class for each picture.
        weights: float32 [R, N], how often each resample contains each picture.

    Returns:
        float64 [R]; NaN for resamples without pairs.
    """
    members, others = np.flatnonzero(is_class), weights[:, ~is_class]
    won = np.zeros(len(weights))
    for part in np.split(members, range(step := max(1, _PAIRS // len(ranked)), len(members), step)):
        above = np.sign(ranked[part] - ranked[~is_class][:, None]).astype(np.float32) / 2 + np.float32(0.5)
        won += ((others @ above) * weights[:, part]).sum(axis=1, dtype=np.float64)
    pairs = weights[:, members].sum(axis=1, dtype=np.float64) * others.sum(axis=1, dtype=np.float64)
    return ratio(won, pairs)


def ratio(part: Floats, of: Floats) -> Floats:
    """`part / of`, NaN where `of` is 0."""
    ratio: Floats = np.divide(part, of, out=np.full_like(of, np.nan), where=of > 0)
    return ratio


def mean(values: Floats) -> Floats:
    """The mean over classes [..., C] of the values that are not NaN; NaN if all are."""
    defined = np.isfinite(values)
    return ratio(np.where(defined, values, 0).sum(axis=-1), np.asarray(defined.sum(axis=-1), np.float64))
