"""Scores with their errors: a bootstrap over groups (Davison & Hinkley 1997, section 3.8).

Pictures of one group, such as crops of one painting, stand or fall together, so whole groups are drawn anew, never
single pictures. All scores but those of the ranking are functions of sums over pictures; a thousand resamples are
therefore one product of matrices.
"""

import functools
import math
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

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
class Sums:
    """Sums over pictures from which scores follow, and these; a row for each group or resample.

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
        # Rounded, for the share of a forest's trees is a little off in float32: three in ten are of the third bin.
        bins = np.ceil(np.round(confidence * BINS, 5)).astype(np.int64) - 1
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

    @functools.cached_property
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
        return np.where(self.actual > 0, ratio(self.right, self.said), np.nan)

    @functools.cached_property
    def recall(self) -> Floats:
        """[R, C], NaN for classes that do not occur."""
        return ratio(self.right, self.actual)

    @functools.cached_property
    def f1(self) -> Floats:
        """[R, C], NaN for classes that do not occur."""
        return np.where(self.actual > 0, ratio(2 * self.right, self.actual + self.said), np.nan)

    @property
    def balanced_accuracy(self) -> Floats:
        """[R]."""
        return mean(self.recall)

    @property
    def macro_f1(self) -> Floats:
        """[R]."""
        return mean(self.f1)

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
        return ratio(self.hits, self.binned)


def draws(groups: int, seed: int) -> Floats:
    """How often each resample holds each group, [RESAMPLES, groups]; there is nothing to draw from a single one."""
    if groups < 2:
        return np.empty((0, groups))
    random = np.random.default_rng(seed)
    return random.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES).astype(np.float64)


def resampled_area(is_class: NDArray[np.bool_], ranked: Floats, weights: NDArray[np.float32]) -> Floats:
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
    return ratio(won, pairs)


def ratio(part: Floats, of: Floats) -> Floats:
    """`part / of`, NaN where that is nothing of nothing."""
    ratio: Floats = np.divide(part, of, out=np.full_like(of, np.nan), where=of > 0)
    return ratio


def mean(values: Floats) -> Floats:
    """The mean over classes [..., C] of what is not NaN, NaN where all is."""
    defined = np.isfinite(values)
    return ratio(np.where(defined, values, 0).sum(axis=-1), np.asarray(defined.sum(axis=-1), np.float64))
