"""What happened in a run, told from its whole course and a long evaluation of its end: the truth of the benchmark.

A verdict sees the past alone. Hindsight knows how a run went on, and has the figures of 4,000 pictures of its end.
Each symptom is looked for by itself, so a run can have several. A run without any is healthy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.signal import find_peaks

from benchmarks.verdict.records import Kept
from ganvas.foundation.arrays import Floats
from ganvas.verdict.history import lasting_from
from ganvas.verdict.kinds.augmentation_leaking import SIGNS
from ganvas.verdict.measurement import Measurement, number

# Share of copies at the end, beyond that of real pictures.
COPIES: Final = 0.05
# Diversities, as shares of that of real pictures: all pictures are alike below the first; a run has lost its variety if
# less than the second is left of the most that it had.
ALIKE, LEFT = 0.15, 0.5
# The same within the classes, in the median over them: relative to the diversity of each, which is smaller.
ALIKE_WITHIN: Final = 0.3
# Pictures with a nearest other one at less than this share of the distance of real pictures repeat each other.
REPEATED: Final = 0.05
# The pictures at the end are worse than the best ones if their KID is higher by this share and `SURE` errors.
WORSE, SURE = 0.25, 3.0
# Share by which KID goes up or down in a swing, and how many tops and bottoms make swings.
SWING, ENDS = 0.3, 3
# Progress in the second half of a run: KID falls by this share, or a diversity grows by this, and KID is no higher than
# before.
STILL, GROWTH = 0.05, 0.05
# Evaluations without progress after which a run stands still.
LASTED: Final = 4
# A run has learnt if its KID fell to this share of the first one. Then it may stand still.
LEARNT: Final = 0.6
# The share of pictures with signs of an augmentation.
LEAK: Final = 0.2
# Probability that D finds a real picture more real than a generated one, in the median of the second half of a run.
CERTAIN, GUESSING = 0.98, 0.65

# The verdicts that name each symptom.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "not a number": ("diverged",),
    "copies": ("memorising",),
    "alike": ("collapsed", "collapsing"),
    "worse": ("worsening", "diverged"),
    "swings": ("swinging",),
    "stands still": ("stalled",),
    "leaks": ("augmentation leaking",),
}
# Verdicts that name a cause. They are right if the cause was there and any of `_FOLLOWS` followed from it.
CAUSES: Final = ("discriminator overpowering", "discriminator overpowered")
_FOLLOWS: Final = ("alike", "worse", "swings", "stands still")


@dataclass(frozen=True)
class Onset:
    """When a symptom came.

    Attributes:
        begins: kimg at which it began.
        shows: kimg at which it could be told from other things. A run stands still once it has for `LASTED`
            evaluations, and swings once it has turned `ENDS` times. Pictures that were alike from the start are told
            from those of a young run after `LASTED` evaluations. Other symptoms show at once.
    """

    begins: float
    shows: float


@dataclass(frozen=True)
class Truth:
    """What was wrong with a run at its end.

    Attributes:
        symptoms: when each came, by its name; empty for a healthy run.
        causes: the verdicts of `CAUSES` that apply.
        passing: by symptom, the places of the evaluations up to which it had lasted for `LASTED` evaluations or more,
            whatever came later. A verdict that names it there is right, even if the run recovers.
    """

    symptoms: dict[str, Onset]
    causes: tuple[str, ...] = ()
    passing: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether nothing was wrong."""
        return not self.symptoms

    def named_by(self, verdict: str) -> tuple[str, ...]:
        """The symptoms that a verdict names."""
        if verdict in self.causes:
            return tuple(name for name in self.symptoms if name in _FOLLOWS)
        return tuple(name for name in self.symptoms if verdict in NAMES[name])

    def names_passing(self, verdict: str, place: int) -> bool:
        """Whether a verdict names a symptom that had lasted up to an evaluation."""
        here = [name for name, places in self.passing.items() if place in places]
        return any(verdict in NAMES[name] or (verdict in CAUSES and name in _FOLLOWS) for name in here)

    def __str__(self) -> str:
        return ", ".join((*self.symptoms, *(f"[{cause}]" for cause in self.causes))) or "healthy"


def truth(run: Kept) -> Truth:
    """Look for every symptom in a run."""
    course = _Course(run)
    if not np.isfinite(course.kid[-1]):
        return Truth({"not a number": course.onset(~np.isfinite(course.kid))})
    found = dict(course.symptoms())
    return Truth(found, tuple(course.causes()) if found else (), course.passing())


class _Course:
    """The figures of all evaluations of a run. The last ones are those of the long evaluation."""

    def __init__(self, run: Kept) -> None:
        last = Measurement(run.evals[-1].kimg, {**run.evals[-1].figures, **run.long})
        self._measurements = [*run.evals[:-1], last]
        self._augmentations = run.augmentations
        self.kimg, self.kid = self._of("kimg"), self._of("kid")

    def onset(self, holds: np.ndarray) -> Onset:
        """The time since when something holds up to the end, at which it does."""
        place = lasting_from(holds)
        return self._onset(place, place)

    def symptoms(self) -> Iterator[tuple[str, Onset]]:
        """Each symptom with the time at which it came."""
        copied = self._of("copies") - self._of("real_copies") > COPIES
        if copied[-1]:
            yield "copies", self.onset(copied)
        alike = self._alike()
        if alike[-1]:
            onset = self.onset(alike)
            yield "alike", self._onset(0, LASTED) if onset.begins == self.kimg[0] else onset
        worse = self._worse()
        if worse[-1]:
            yield "worse", self.onset(worse)
        ends = self._ends()
        if len(ends) >= ENDS:
            yield "swings", self._onset(ends[0], ends[ENDS - 1] + 1)
        if not worse[-1] and self._stands_still():
            near = int(np.argmax(self.kid <= (1 + STILL) * np.nanmin(self.kid)))
            yield "stands still", self._onset(near, near + LASTED)
        for augmentation in self._augmentations:
            leaks = self._of(SIGNS[augmentation]) > LEAK
            if leaks[-1]:
                yield "leaks", self.onset(leaks)

    def passing(self) -> dict[str, frozenset[int]]:
        """Where the pictures had been alike, or the run had stood still, for `LASTED` evaluations or more."""
        alike = self._alike()
        are_alike = (place for place in range(LASTED - 1, len(alike)) if alike[place - LASTED + 1 : place + 1].all())
        are_still = (place for place in range(LASTED, len(self.kid)) if self._stood_still(place))
        return {"alike": frozenset(are_alike), "stands still": frozenset(are_still)}

    def _stood_still(self, place: int) -> bool:
        """Whether nothing had got better in the `LASTED` evaluations up to this one, and little was learnt."""
        before = place - LASTED
        fell = self.kid[place] < (1 - STILL) * self.kid[before]
        varieties = map(self._of, ("diversity", "pixel_diversity"))
        grew = any(values[place] > values[before] + GROWTH for values in varieties)
        return not (fell or grew) and bool(self.kid[place] > LEARNT * self.kid[0])

    def causes(self) -> Iterator[str]:
        """Whether D was too strong or too weak in the second half."""
        tells = np.nanmedian(self._of("d_tells")[len(self.kid) // 2 :])
        if tells > CERTAIN:
            yield CAUSES[0]
        if tells < GUESSING:
            yield CAUSES[1]

    def _onset(self, begins: int, shows: int) -> Onset:
        last = len(self.kimg) - 1
        return Onset(float(self.kimg[begins]), float(self.kimg[min(shows, last)]))

    def _of(self, name: str) -> Floats:
        return np.array([each.number(name) for each in self._measurements])

    def _alike(self) -> np.ndarray:
        """Whether the pictures of each evaluation are alike, or less than half as varied as they had been."""
        varieties = [self._of(name) for name in ("diversity", "pixel_diversity")]
        narrow = np.minimum(*varieties) < ALIKE
        lost = [values < LEFT * np.minimum(np.fmax.accumulate(values), 1) for values in varieties]
        return narrow | (lost[0] & lost[1]) | (self._of("spacing") < REPEATED) | (self._within_classes() < ALIKE_WITHIN)

    def _within_classes(self) -> Floats:
        """The median over classes of their diversity, for each evaluation; NaN without classes."""
        scores = [[number(each.get("diversity")) for each in one.classes.values()] for one in self._measurements]
        return np.array([np.median(each) if each else np.nan for each in scores])

    def _worse(self) -> np.ndarray:
        """Whether the KID of each evaluation is higher than the lowest one before it."""
        lowest = np.fmin.accumulate(self.kid)
        return self.kid > np.maximum((1 + WORSE) * lowest, lowest + SURE * self._of("kid_se"))

    def _ends(self) -> list[int]:
        """The evaluations at which KID turns."""
        course = np.log(np.maximum(self.kid, 1e-3))
        # Padded, so that the first and the last evaluation can be tops or bottoms, too.
        tops, bottoms = (
            find_peaks(np.pad(sign * course, 1, constant_values=-np.inf), prominence=np.log1p(SWING))[0] - 1
            for sign in (1, -1)
        )
        inner = [int(place) for place in (*tops, *bottoms) if 0 < place < len(course) - 1]
        return sorted(inner)

    def _stands_still(self) -> bool:
        """Whether nothing got better in the second half of the run, and little was learnt."""
        half = len(self.kid) // 2
        low = self.kid[-1] <= (1 + STILL) * np.nanmin(self.kid[:half])
        fell = self.kid[-1] < (1 - STILL) * np.nanmedian(self.kid[half - 1 : half + 1])
        grew = any(
            self._of(name)[-1] > np.nanmax(self._of(name)[:half]) + GROWTH for name in ("diversity", "pixel_diversity")
        )
        return not (low and (fell or grew)) and bool(self.kid[-1] > LEARNT * self.kid[0])
