"""The history of a run, which the rules of verdicts read: its figures over time, and whether they improve."""

import functools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ganvas.foundation.arrays import Floats
from ganvas.verdict.measurement import LogLine, Measurement

# A trend is read over this many evaluations. A run with fewer is warming up.
SPAN: Final = 4
# The diversities of pictures, as shares of that of real ones.
DIVERSITIES: Final = ("diversity", "pixel_diversity")
# Figures that depend on how many pictures are compared.
COUNTED: Final = ("recall", "coverage", "precision", "density")
# KID is worse than its best if it is so in this many evaluations in a row.
LASTING: Final = 2
# A difference counts if it is larger than this many standard errors.
SURE: Final = 3.0
# The noise of a figure is known after this many second differences, and is this share of its standard error at least.
BENDS, LEAST_NOISE = 3, 0.25
# A step forward: KID falls by this share, or a diversity grows by this share of that of real pictures.
STEP: Final = 0.05
# KID falls steadily if its line over `SPAN` evaluations falls by this share of its mean.
STEADY: Final = 0.04
# A gain of diversity counts if it begins below `NEARLY_FULL`, as a share of the diversity of real pictures. Diversity
# above `FULL` counts as no gain.
NEARLY_FULL, FULL = 0.9, 1.1
# Number of log lines whose median is the usual value of a figure around an evaluation.
SETTLED: Final = 3
# Lower bound of the standard error of a share or a ratio, which can be 0 by chance.
_LEAST_ERROR: Final = 0.01
# A run has learnt if its KID fell below this share of the first KID.
LEARNT: Final = 0.6
# KID is much worse than its best if it exceeds it by the first share; by the second while little is learnt, when KID
# may rise for a while as variety grows.
MUCH, MUCH_YET = 0.25, 0.5
# A KID that exceeds the lowest one by at most this share is about as low.
ABOUT: Final = 0.05
# A KID of at least this multiple of the best KID is far from it.
FAR: Final = 1.5


class History:
    """The measurements and log lines of a run up to an evaluation.

    Args:
        measurements: of the evaluations, oldest first; at least one.
        stats: the log lines, oldest first.
        augmentations: the augmentations that D is trained with.
    """

    def __init__(
        self, measurements: Sequence[Measurement], stats: Sequence[LogLine], augmentations: Sequence[str] = ()
    ) -> None:
        self.measurements, self.stats, self.augmentations = measurements, stats, augmentations
        self._columns: dict[str, Floats] = {}
        self._sizes: dict[tuple[str, bool], float] = {}

    def redrawn(self, random: np.random.Generator) -> "History":
        """The same history, with each figure that has a standard error drawn again within it, or within its noise."""
        other = History(self.measurements, self.stats, self.augmentations)
        other._sizes = self._sizes  # figures without standard errors stay as they are
        for name, errors in self._errors.items():
            other._columns[name] = self.values(name) + errors * random.standard_normal(len(errors))
        return other

    @functools.cached_property
    def _errors(self) -> dict[str, Floats]:
        """By name, the errors of the figures that have standard errors: those, or the noise if that is smaller."""
        named = [name for name in self.latest.figures if f"{name}_se" in self.latest.figures]
        return {name: np.minimum(np.nan_to_num(self.values(f"{name}_se")), self.noise(name)) for name in named}

    @property
    def latest(self) -> Measurement:
        """The last measurement."""
        return self.measurements[-1]

    def now(self, name: str) -> float:
        """A figure of the last evaluation; NaN if it is missing."""
        return float(self.values(name)[-1])

    def values(self, name: str, last: int | None = None) -> Floats:
        """A figure of all evaluations or of the `last` ones, oldest first; NaN where it is missing."""
        if name not in self._columns:
            self._columns[name] = np.array([each.number(name) for each in self.measurements])
        return self._columns[name][-last if last else None :]

    def change(self, name: str) -> float:
        """The change of a figure since `SPAN` evaluations ago or the first, in standard errors of the difference.

        NaN if the figure depends on the numbers of pictures, and these have changed.
        """
        then, now = self.measurements[-SPAN - 1 :][0], self.latest
        if name in COUNTED and not _same_counts(then, now):
            return math.nan
        values, errors = (self.values(each, SPAN + 1)[[0, -1]] for each in (name, f"{name}_se"))
        spread = math.hypot(*(error if error > 0 else _LEAST_ERROR for error in errors))
        return float(values[1] - values[0]) / spread

    def noise(self, name: str) -> float:
        """The scatter of a figure from one evaluation to the next, apart from its trend; infinite if it is unknown.

        A standard error holds for other real pictures, too. A run is compared with the same ones each time, so its
        figures scatter less.
        """
        bends = np.diff(self.values(name), 2)
        if len(bends) < BENDS or not np.isfinite(bends).all():
            return math.inf
        # Of values with independent errors of 1, second differences have a variance of 6. The median is robust against
        # real bends; 0.6745 makes it a standard deviation.
        return max(float(np.median(np.abs(bends))) / (0.6745 * math.sqrt(6)), LEAST_NOISE * self.now(f"{name}_se"))

    def size(self, name: str, first: bool = False) -> float:
        """The magnitude of a figure at the last or the first evaluation. For logged figures, a median of log lines."""
        if (name, first) not in self._sizes:
            self._sizes[name, first] = self._size(name, self.measurements[0 if first else -1])
        return self._sizes[name, first]

    def _size(self, name: str, measurement: Measurement) -> float:
        if name in measurement.figures:
            return abs(measurement.number(name))
        logged = [line for line in self.stats if line.kimg <= measurement.kimg][-SETTLED:]
        return float(np.median([abs(line.number(name)) for line in logged])) if logged else math.nan

    @property
    def before(self) -> "History":
        """The history up to the evaluation before the last. There must be one."""
        other = History(self.measurements[:-1], self.stats, self.augmentations)
        other._columns = {name: values[:-1] for name, values in self._columns.items()}  # as they were redrawn
        return other

    @property
    def has_trend(self) -> bool:
        """Whether there are enough evaluations to read a trend from."""
        return len(self.measurements) > SPAN

    @property
    def is_young(self) -> bool:
        """Whether the run is shorter than twice what it takes to read a trend: its KID may rise as variety grows."""
        return len(self.measurements) <= 2 * SPAN

    @property
    def is_improving(self) -> bool:
        """Whether KID, diversity or recall has improved since `SPAN` evaluations ago.

        More variety does not count while KID is much worse than its best or the run lags. Coverage never counts,
        because it creeps up long after everything else has stopped.
        """
        if not self.has_trend:
            return True
        if self.is_much_worse or self.stands_still:
            return False
        widens = self.widens and (self.is_low or not self.lags)
        return self.kid_falls or widens or self.change("recall") > SURE

    @property
    def stands_still(self) -> bool:
        """Whether the run has learnt little, and neither its second half nor the last evaluations brought a step.

        In such a run, a gain may be certain and yet too small to be a step. More variety is no step while KID rises,
        unless the run is young. Only for runs whose second half has `SPAN` evaluations.
        """
        kid, half = self.values("kid"), len(self.measurements) // 2
        if half < SPAN or self.has_learnt:
            return False
        is_low = kid[-1] <= (1 + ABOUT) * np.fmin.reduce(kid[:half])
        in_half = is_low and self._has_stepped(float(kid[half - 1 : half + 1].mean()), slice(half))
        may_widen = self.is_young or kid[-1] <= (1 + ABOUT) * kid[-SPAN - 1]
        lately = may_widen and self._has_stepped(float(kid[-SPAN - 1]), slice(-SPAN - 1, -SPAN))
        return not (in_half or lately)

    def _has_stepped(self, kid: float, earlier: slice) -> bool:
        """Whether KID is a step below a value, or a diversity is a step above all of its earlier values."""
        grew = any(self.now(name) > np.max(self.values(name)[earlier]) + STEP for name in DIVERSITIES)
        return bool(grew or self.now("kid") < (1 - STEP) * kid)

    @property
    def has_learnt(self) -> bool:
        """Whether KID is well below its first value."""
        return bool(self.now("kid") < LEARNT * self.values("kid")[0])

    @property
    def widens(self) -> bool:
        """Whether either diversity has grown since `SPAN` evaluations ago. Only for runs with a trend."""
        return any(self._grows(name) for name in DIVERSITIES)

    @property
    def lags(self) -> bool:
        """Whether KID has been above its best for some time, in a run that is not young.

        It is above its best by more than their errors, or in `SPAN` evaluations in a row.
        """
        if self.is_young:
            return False
        return self.worse_since is not None or bool(np.all(self.values("kid", SPAN) > (1 + ABOUT) * self.best_kid))

    @property
    def has_hardly_learnt(self) -> bool:
        """Whether KID is still about what it was at first, in a run that is not young."""
        return not self.is_young and bool(self.now("kid") > (1 - ABOUT) * self.values("kid")[0])

    @property
    def becomes_clearer(self) -> bool:
        """Whether KID is the lowest so far in a run without a trend: first pictures are noise, which has variety."""
        return not self.has_trend and self.change("kid") < -SURE and self.now("kid") <= self.best_kid

    @property
    def kid_falls(self) -> bool:
        """Whether KID has fallen since `SPAN` evaluations ago, to about its best or below."""
        # A fall to where KID had been before is no progress.
        fell = self.now("kid") < (1 - STEP) * self.values("kid", SPAN + 1)[0]
        return self.is_low and (fell or self.change("kid") < -SURE or self._falls_steadily)

    @property
    def is_low(self) -> bool:
        """Whether KID is about as low as it ever was, or lower."""
        return bool(self.now("kid") <= (1 + ABOUT) * self.best_kid)

    @functools.cached_property
    def worse_since(self) -> float | None:
        """kimg since when KID has been worse than its best, beyond their errors; None if it is not.

        One evaluation is no trend: it takes `LASTING` in a row.
        """
        values, errors = self.values("kid"), self.values("kid_se")
        kimg = None
        for place in range(len(values) - 1, 0, -1):
            best = int(np.nanargmin(values[:place])) if np.isfinite(values[:place]).any() else place
            error = math.hypot(*(each for each in (errors[place], errors[best]) if each > 0))
            if not values[place] - values[best] > SURE * error:
                break
            kimg = self.measurements[place].kimg
        return kimg if kimg is not None and self.measurements[-LASTING].kimg >= kimg else None

    def since(self, holds: Sequence[bool] | NDArray[np.bool_]) -> float:
        """kimg of the first evaluation from which on something holds, for each evaluation whether it does.

        The last evaluation counts in any case.
        """
        return self.measurements[lasting_from(holds)].kimg

    @property
    def still_since(self) -> float:
        """kimg of the first evaluation whose KID is about the lowest: since then, little has got better."""
        near = self.values("kid") <= (1 + ABOUT) * np.nanmin(self.values("kid"))
        return self.measurements[int(np.argmax(near))].kimg

    @property
    def is_much_worse(self) -> bool:
        """Whether KID has been worse than its best for some time, and is so by much."""
        once_learnt = self.best_kid < LEARNT * self.values("kid")[0]
        much = MUCH if once_learnt else MUCH_YET
        return self.worse_since is not None and bool(self.now("kid") > (1 + much) * self.best_kid)

    @property
    def _falls_steadily(self) -> bool:
        """Whether the last values of KID lie on a falling line, whose slope is certain by their scatter around it."""
        kimg, kid = self.values("kimg", SPAN + 1), self.values("kid", SPAN + 1)
        if len(kid) <= SPAN or not np.isfinite(kid).all():
            return False
        with np.errstate(all="ignore"):  # absurd values make no slope, and NaN is not steep
            since = kimg - kimg.mean()
            slope = since @ kid / (since @ since)
            scatter = kid - kid.mean() - slope * since
            error = np.sqrt(scatter @ scatter / (len(kid) - 2) / (since @ since))
            fall = -slope * (kimg[-1] - kimg[0])
            return bool(fall > STEADY * kid.mean() and -slope > SURE * error)

    def _grows(self, name: str) -> bool:
        """Whether a diversity has grown by a step, and was not about that of real pictures."""
        before, now = self.values(name)[[-SPAN - 1, -1]]
        return bool(now > before + STEP and before < NEARLY_FULL and now < FULL)

    @property
    def best_kid(self) -> float:
        """The lowest KID before the last evaluation; NaN if there was none."""
        earlier = self.values("kid")[:-1]
        return float(np.nanmin(earlier)) if np.isfinite(earlier).any() else math.nan

    @property
    def has_converged(self) -> bool:
        """Whether KID is well below its first value, and near its best."""
        return self.has_learnt and bool(self.now("kid") < FAR * self.best_kid)


def lasting_from(holds: Sequence[bool] | NDArray[np.bool_]) -> int:
    """The first place from which on something holds up to the end; the last place counts in any case."""
    place = len(holds) - 1
    while place and holds[place - 1]:
        place -= 1
    return place


def _same_counts(first: Measurement, second: Measurement) -> bool:
    """Whether two measurements compared equally many pictures, as far as they tell."""
    return all(first.figures.get(name) == second.figures.get(name) for name in ("generated", "real"))
