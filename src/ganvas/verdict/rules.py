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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ganvas.verdict.logs import SPAN, SURE, Past, number

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
    LEAKING: "leave the augmentation that shows out of augment, or try augment_probability=0.6",
    OVERPOWERING: "lower d_lr or d_steps, or weaken D: r1=1, d_dropout=0.3, label smoothing with real_target=0.8:1.0",
    OVERPOWERED: "raise d_lr or d_steps, or lower g_lr and g_steps",
}

# Pictures repeat if each is this near to another one, next to real ones. Generators that paint all they can have 0.3
# and more from their first evaluation on, those that ignore their latents exactly 0.
REPEATS: Final = 0.05
# Variety has collapsed where it is this low and not growing, and is collapsing where it has lost this much of its best.
NARROW, LOST = 0.15, 0.4
# Near copies of training pictures among the generated, beyond what unseen real pictures have of them.
COPIES: Final = 0.1
# Signs of an augmentation beyond the share of real pictures that have them. A run that learns with colour augmentation
# can have 0.1 for a while.
LEAK: Final = 0.2
# Signs fade if this share of them is left after `SPAN` evaluations.
FADING: Final = 0.5
# KID this many times its best is another sort of picture altogether.
FAR: Final = 1.5
# Logits, losses and gradients of this size, and this many times what they were, are on their way to infinity if the
# pictures get worse meanwhile; of the last size they are in any case.
HUGE, GROWN, ABSURD = 100.0, 30.0, 1e5
# D tells with certainty, and cannot tell.
CERTAIN, GUESSING = 0.98, 0.65
# D finds generated pictures more real than real ones: whatever G learns from it, it is not the data.
FOOLED: Final = 0.2
# A run that has left so much of its first KID behind has learnt something, and may be called converged.
LEARNT: Final = 0.6
# The average's pictures have stood still if they moved by less than this share of the distance of two real ones.
STILL: Final = 0.02


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


Rule = Callable[[Past], Finding | None]


def _diverged(past: Past) -> Finding | None:
    """A loss is no number any more, or logits run away while the pictures get worse."""
    if not math.isfinite(past.now("kid")):
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
    spacings = {name: number(scores.get("spacing")) for name, scores in past.evals[-1].get("classes", {}).items()}
    narrow = {name: spacing for name, spacing in spacings.items() if spacing < REPEATS}
    if narrow:
        return Finding(COLLAPSED, {f"spacing of {name}": value for name, value in narrow.items()}, tuple(narrow))
    return None


_SIGNS = {"cutout": "leak_cutout", "translation": "leak_border", "colour": "leak_colour"}


def _leaking(past: Past) -> Finding | None:
    """Signs of an augmentation that is in use, and not on their way out, as those of young pictures are."""
    if not past.has_trend:
        return None
    for augmentation in past.augmentations:
        sign = _SIGNS[augmentation]
        fades = past.now(sign) < FADING * past.course(sign)[-SPAN - 1]
        if past.now(sign) > LEAK + SURE * past.now("leak_se") and not fades:
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
    """D cannot tell, though nothing gets better and pictures are unlike real ones; or it is worse than a guess."""
    tells = past.course("d_tells", SPAN)
    fooled = bool(np.all(tells < GUESSING)) and not past.getting_better and not _has_converged(past)
    if fooled or (past.has_trend and np.all(tells < FOOLED)):
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
