"""The verdict on a run: whether it learns, and if not, what is wrong with it and what to try.

It is given what the run logs, nothing else, so a run can be judged again from its files. `RULES` are asked in their
order, the gravest first, and the first that finds something is the verdict. A rule sees the evaluations so far
(`evals.jsonl`: scores, and what the networks answered when asked) and the log between them (`stats.jsonl`).

Two things keep it from crying wolf. Young generators have the looks of collapsed ones: all their pictures are alike,
D tells them with ease, KID may rise for a while. What sets them apart is that something gets better, so trouble other
than plain repetition, copying or divergence is named only where nothing does (`Past.getting_better`). And every
difference is held against the standard errors of what it is a difference of.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WARMING_UP: Final = "warming up"
LEARNING: Final = "learning"
CONVERGED: Final = "converged"
STALLED: Final = "stalled"
COLLAPSING: Final = "collapsing"
COLLAPSED: Final = "collapsed"
MEMORISING: Final = "memorising"
DIVERGED: Final = "diverged"
LEAKING: Final = "augmentation leaking"
OVERPOWERING: Final = "discriminator overpowering"
OVERPOWERED: Final = "discriminator overpowered"

# Those that say that nothing is wrong.
HEALTHY: Final = (WARMING_UP, LEARNING, CONVERGED)
VERDICTS: Final = (
    *HEALTHY,
    STALLED,
    COLLAPSING,
    COLLAPSED,
    MEMORISING,
    DIVERGED,
    LEAKING,
    OVERPOWERING,
    OVERPOWERED,
)

# What to try, by the options' names.
ADVICE: Final[dict[str, str]] = {
    STALLED: "raise g_lr and d_lr, or take another recipe: nothing has changed for the better for some time",
    COLLAPSING: "take the best snapshot; then minibatch=stddev, r1=1, or lower g_lr and d_lr",
    COLLAPSED: "begin anew with minibatch=stddev and r1=1, or lower g_lr and d_lr; the best snapshot may do",
    MEMORISING: "add pictures, or augment=colour,translation,cutout and flip=true; a smaller width remembers less",
    DIVERGED: "begin anew, or with --from and an earlier snapshot, and lower g_lr and d_lr; r1=1 or spectral_norm=true",
    LEAKING: "leave the augmentation that shows out of augment",
    OVERPOWERING: "lower d_lr or d_steps, or weaken D: r1=1, d_dropout=0.3, label smoothing with real_target=0.8:1.0",
    OVERPOWERED: "raise d_lr or d_steps, or lower g_lr and g_steps",
}

# Evaluations that trends are read over. With fewer there is no trend, only a run that is warming up.
SPAN: Final = 4
# How many standard errors make a difference.
SURE: Final = 3.0

# Pictures repeat if each is this near to another one, next to real ones. Generators that paint all they can have 0.3
# and more from their first evaluation on, those that ignore their latents exactly 0.
REPEATS: Final = 0.05
# Variety has collapsed where it is this low and not growing, and is collapsing where it has lost this much of its best.
NARROW, LOST = 0.15, 0.4
# Gains of variety in `SPAN` evaluations that are no progress, and the variety beyond which there is none to gain.
TRIFLE, FULL = 0.03, 1.1
# Near copies of training pictures among the generated, beyond what unseen real pictures have of them.
COPIES: Final = 0.1
# Signs of an augmentation beyond the share of real pictures that have them. A run that learns with colour augmentation
# can have 0.1 for a while.
LEAK: Final = 0.2
# KID this many times its best is another sort of picture altogether.
FAR: Final = 1.5
# Logits, losses and gradients of this size, and this many times what they were, are on their way to infinity if the
# pictures get worse meanwhile; of the last size they are in any case.
HUGE, GROWN, ABSURD = 100.0, 30.0, 1e5
# A log line calls for an evaluation if the variety within batches is this share of what it was on the lines before
# the last one.
SHRUNK, SETTLED = 0.4, 3
# D tells with certainty, and cannot tell.
CERTAIN, GUESSING = 0.98, 0.65
# A run that has left so much of its first KID behind has learnt something, and may be called converged.
LEARNT: Final = 0.6
# The average's pictures have stood still if they moved by less than this share of the distance of two real ones.
STILL: Final = 0.02

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Finding:
    """What a rule has found.

    Attributes:
        verdict: one of `VERDICTS`.
        evidence: the numbers it rests on, by name.
        classes: names of the classes it is about; empty if it is about all.
    """

    verdict: str
    evidence: dict[str, float]
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a run at one evaluation.

    Attributes:
        name: one of `VERDICTS`.
        since: kimg of the evaluation at which it was first said, and ever since.
        evidence: the numbers it rests on, by name.
        classes: names of the classes it is about; empty if it is about all.
    """

    name: str
    since: float
    evidence: dict[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return self.name in HEALTHY

    @property
    def advice(self) -> str | None:
        """What to try; None where nothing is wrong."""
        return ADVICE.get(self.name)

    def record(self) -> dict[str, Any]:
        """What `evals.jsonl` keeps of it."""
        about = {"verdict_classes": list(self.classes)} if self.classes else {}
        advice = {"advice": self.advice} if self.advice else {}
        return {"verdict": self.name, "verdict_since": self.since} | about | {"evidence": self.evidence} | advice

    def __str__(self) -> str:
        which = f" ({', '.join(self.classes)})" if self.classes else ""
        numbers = ", ".join(f"{name} {value:.3g}" for name, value in self.evidence.items())
        advice = f"; try: {self.advice}" if self.advice else ""
        return f"{self.name}{which} since {self.since:.1f} kimg: {numbers}{advice}"


class Past:
    """A run's logs as the rules read them.

    Args:
        evals: the evaluations so far, oldest first; at least one. One that diverged has no scores.
        stats: the log lines so far, oldest first.
        augmentations: what D's pictures are augmented with.
    """

    def __init__(
        self, evals: Sequence[dict[str, Any]], stats: Sequence[dict[str, Any]], augmentations: Sequence[str] = ()
    ) -> None:
        self.evals, self.stats, self.augmentations = evals, stats, augmentations

    def now(self, key: str) -> float:
        """A figure of the last evaluation; NaN if it has none."""
        return _number(self.evals[-1].get(key))

    def course(self, key: str, last: int | None = None) -> Numbers:
        """A figure at the evaluations, or the last few of them, oldest first; NaN where there is none."""
        return np.array([_number(record.get(key)) for record in self.evals[-last if last else None :]])

    def change(self, key: str, error: str | None = None) -> float:
        """How far a figure has come since `SPAN` evaluations ago, in standard errors of the difference."""
        then, now = self.evals[-SPAN - 1], self.evals[-1]
        difference = _number(now.get(key)) - _number(then.get(key))
        errors = [_number(record.get(error or f"{key}_se")) for record in (then, now)]
        spread = math.hypot(*(each if each > 0 else _LEAST_ERROR for each in errors))
        return difference / spread

    def size(self, key: str, first: bool = False) -> float:
        """The magnitude of a figure at the last evaluation or the first; of one that is logged, around it."""
        record = self.evals[0 if first else -1]
        if key in record:
            return abs(_number(record[key]))
        logged = [line for line in self.stats if line["kimg"] <= record["kimg"]][-SETTLED:]
        return float(np.median([abs(_number(line.get(key))) for line in logged])) if logged else math.nan

    @property
    def has_trend(self) -> bool:
        """Whether there are enough evaluations to tell where things go."""
        return len(self.evals) > SPAN

    @property
    def getting_better(self) -> bool:
        """Whether anything that a healthy run improves has become better since `SPAN` evaluations ago."""
        if not self.has_trend:
            return True
        if self.change("kid") < -SURE:
            return True
        return any(self._widens(key) for key in ("diversity", "pixel_diversity")) or any(
            self.change(key) > SURE for key in ("recall", "coverage")
        )

    def _widens(self, key: str) -> bool:
        """Whether variety grows by more than its noise and a trifle; more than the real pictures' is no gain."""
        gain = self.now(key) - self.course(key)[-SPAN - 1]
        return bool(gain > TRIFLE and self.change(key) > SURE and self.now(key) < FULL)

    @property
    def best_kid(self) -> float:
        """The lowest KID before the last evaluation; NaN if there was none."""
        before = self.course("kid")[:-1]
        return float(np.nanmin(before)) if np.isfinite(before).any() else math.nan


_LEAST_ERROR = 0.01


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


Rule = Callable[[Past], Finding | None]


def _diverged(past: Past) -> Finding | None:
    """A loss is no number any more, or logits run away while the pictures get worse."""
    if past.evals[-1].get("kid") is None:
        return Finding(DIVERGED, {})
    kid, best = past.now("kid"), past.best_kid
    worse = kid > FAR * best or (past.has_trend and not past.getting_better and not _has_converged(past))
    for key in ("d_logit_train", "d_logit_generated", "d_loss", "g_loss", "d_grad", "g_grad"):
        first, now = past.size(key, first=True), past.size(key)
        if now > ABSURD or (worse and now > max(HUGE, GROWN * first)):
            return Finding(DIVERGED, {key: now, f"first_{key}": first, "kid": kid, "best_kid": best})
    return None


def _memorising(past: Past) -> Finding | None:
    """Generated pictures are near copies of training pictures, and of many different ones."""
    copies = past.now("copies") - past.now("real_copies")
    if copies > COPIES + SURE * past.now("copies_se") and past.now("diversity") > NARROW:
        return Finding(MEMORISING, {"copies": past.now("copies"), "closer": past.now("closer")})
    return None


def _collapsed(past: Past) -> Finding | None:
    """Pictures repeat each other, or have next to no variety and are not gaining any."""
    evidence = {name: past.now(name) for name in ("spacing", "vendi", "pixel_diversity")}
    if past.now("spacing") < REPEATS:
        return Finding(COLLAPSED, evidence)
    # A generator that has not moved has never had any variety to lose; one that D cannot fault is not asked for any.
    learns = past.now("moved") > STILL and not past.now("d_tells") < GUESSING
    if learns and min(past.now("vendi"), past.now("diversity")) < NARROW and not past.getting_better:
        return Finding(COLLAPSED, evidence)
    return None


def _classes_collapsed(past: Past) -> Finding | None:
    """The pictures of single classes repeat each other."""
    spacings = {name: _number(scores.get("spacing")) for name, scores in past.evals[-1].get("classes", {}).items()}
    narrow = {name: spacing for name, spacing in spacings.items() if spacing < REPEATS}
    if narrow:
        return Finding(COLLAPSED, {f"spacing of {name}": value for name, value in narrow.items()}, tuple(narrow))
    return None


_SIGNS = {"cutout": "leak_cutout", "translation": "leak_border", "colour": "leak_colour"}


def _leaking(past: Past) -> Finding | None:
    """Signs of an augmentation that is in use, and no fewer than before."""
    if not past.has_trend:
        return None
    for augmentation in past.augmentations:
        sign = _SIGNS[augmentation]
        if past.now(sign) > LEAK + SURE * past.now("leak_se") and past.change(sign, "leak_se") > -SURE:
            return Finding(LEAKING, {sign: past.now(sign)})
    return None


def _collapsing(past: Past) -> Finding | None:
    """Variety was there and is going, or is gone from G itself, which its average is yet to follow."""
    if past.now("raw_diversity") < REPEATS:
        return Finding(COLLAPSING, {"raw_diversity": past.now("raw_diversity"), "diversity": past.now("diversity")})
    lost: dict[str, float] = {}
    for key in ("vendi", "diversity", "pixel_diversity", "raw_diversity"):
        course = past.course(key)
        peak = float(np.nanmax(course)) if np.isfinite(course).any() else math.nan
        if past.now(key) < (1 - LOST) * min(peak, 1.0):
            lost |= {key: past.now(key), f"best_{key}": peak}
    return Finding(COLLAPSING, lost) if len(lost) > 2 else None


def _overpowering(past: Past) -> Finding | None:
    """Nothing gets better, and D tells with certainty."""
    if past.getting_better or _has_converged(past):
        return None
    tells = past.course("d_tells", SPAN)
    if np.all(tells > CERTAIN):
        return Finding(
            OVERPOWERING, {"d_tells": past.now("d_tells"), "kid": past.now("kid"), "g_grad": past.size("g_grad")}
        )
    return None


def _overpowered(past: Past) -> Finding | None:
    """Nothing gets better, and D cannot tell, though the pictures are not like real ones."""
    if past.getting_better or _has_converged(past):
        return None
    tells = past.course("d_tells", SPAN)
    if np.all(tells < GUESSING):
        return Finding(OVERPOWERED, {"d_tells": past.now("d_tells"), "kid": past.now("kid")})
    return None


def _stalled(past: Past) -> Finding | None:
    """Nothing gets better, and little was learnt."""
    if past.getting_better or _has_converged(past):
        return None
    return Finding(STALLED, {"kid": past.now("kid"), "best_kid": past.best_kid, "moved": past.now("moved")})


def _converged(past: Past) -> Finding | None:
    """Nothing gets better any more, and much was learnt."""
    if past.getting_better or not _has_converged(past):
        return None
    return Finding(CONVERGED, {"kid": past.now("kid"), "first_kid": past.course("kid")[0]})


def _warming_up(past: Past) -> Finding | None:
    """Too few evaluations to tell."""
    return None if past.has_trend else Finding(WARMING_UP, {"kid": past.now("kid")})


def _has_converged(past: Past) -> bool:
    """Whether the run has left most of its first KID behind, and is still near its best."""
    return past.now("kid") < LEARNT * past.course("kid")[0] and past.now("kid") < FAR * past.best_kid


RULES: Final[tuple[Rule, ...]] = (
    _diverged,
    _memorising,
    _collapsed,
    _classes_collapsed,
    _leaking,
    _collapsing,
    _overpowering,
    _overpowered,
    _stalled,
    _converged,
    _warming_up,
)


def find(past: Past) -> Finding:
    """What the first rule that finds something has found; a run of which none does is learning."""
    for rule in RULES:
        if found := rule(past):
            return found
    return Finding(LEARNING, {"kid": past.now("kid"), "best_kid": past.best_kid})


class Health:
    """Judges one run, evaluation by evaluation.

    Args:
        augmentations: what D's pictures are augmented with.
    """

    def __init__(self, augmentations: Sequence[str] = ()) -> None:
        self._augmentations = tuple(augmentations)
        self._evals: list[dict[str, Any]] = []
        self._stats: list[dict[str, Any]] = []
        self._before: list[dict[str, Any]] = []
        self._alarm = False

    @property
    def alarming(self) -> bool:
        """Whether the log since the last evaluation is such that the next should not wait.

        The log is cheap and proves nothing, so all it can do is have an evaluation called early.
        """
        return self._alarm

    def remember(self, evals: Sequence[dict[str, Any]], stats: Sequence[dict[str, Any]]) -> None:
        """Take over what was logged of a run that goes on."""
        self._evals, self._stats = [], list(stats)
        at = evals[-1]["kimg"] if evals else 0.0
        self._before = [record for record in stats if record["kimg"] <= at][-SETTLED:]
        for record in evals:
            self._evals.append(record)
            if record.get("response") == "roll back":
                self.rolled_back()

    def logged(self, record: dict[str, Any]) -> None:
        """Take note of a line of `stats.jsonl`."""
        self._alarm = self._alarm or _is_alarming(record, self._before)
        self._stats.append(record)

    def judge(self, record: dict[str, Any]) -> Verdict:
        """The verdict at an evaluation, whose record will hold it from then on."""
        self._evals.append(record)
        # What called for this evaluation is no measure of what is usual: the next is a regular one.
        self._before, self._alarm = [] if self._alarm else self._stats[-SETTLED:], False
        found = find(Past(self._evals, self._stats, self._augmentations))
        before = self._evals[-2] if len(self._evals) > 1 else {}
        same = (before.get("verdict"), before.get("verdict_classes", [])) == (found.verdict, list(found.classes))
        since = before["verdict_since"] if same else record["kimg"]
        verdict = Verdict(found.verdict, since, found.evidence, found.classes)
        record |= verdict.record()
        return verdict

    def rolled_back(self) -> None:
        """Forget what came after the best evaluation: the run has gone back to it."""
        best = max((place for place, record in enumerate(self._evals) if record["best"]), default=-1)
        del self._evals[best + 1 :]


def _is_alarming(latest: dict[str, Any], before: Sequence[dict[str, Any]]) -> bool:
    """Whether a log line is so unlike those that led to the last evaluation that the next should not wait."""
    if len(before) < SETTLED:
        return False

    def usual(key: str) -> float:
        return float(np.median([abs(_number(record.get(key))) for record in before]))

    narrowed = usual("batch_diversity") > NARROW and _number(latest.get("batch_diversity")) < SHRUNK * usual(
        "batch_diversity"
    )
    return narrowed or any(
        abs(_number(latest.get(key))) > GROWN * usual(key) for key in ("d_loss", "g_loss", "d_grad", "g_grad")
    )
