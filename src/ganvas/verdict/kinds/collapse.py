"""Collapsed and collapsing: diversity is lost, or decreasing."""

import math
from typing import Final

import numpy as np

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.balance import GUESSING
from ganvas.verdict.measurement import number

# Pictures repeat each other if the distance to the nearest other one is below this, relative to real pictures. Healthy
# generators reach 0.3 at their first evaluation. Generators that ignore their latents have exactly 0.
REPEATS: Final = 0.05
# Diversity has collapsed if it is below `NARROW` and does not grow. It is collapsing if it has lost the share `LOST` of
# its maximum.
NARROW, LOST = 0.15, 0.4
# The average's pictures have not changed if they moved by less than this share of the distance of two real pictures.
STILL: Final = 0.02


def _collapsed(history: History) -> Evidence | None:
    """All pictures or those of a class repeat each other, or their diversity is low and does not grow."""
    evidence = Evidence({name: history.now(name) for name in ("spacing", "vendi", "pixel_diversity")})
    if history.now("spacing") < REPEATS:
        return evidence
    # A generator that has not changed had no diversity to lose. If D cannot distinguish its pictures, it is healthy.
    learns = history.now("moved") > STILL and not history.now("d_tells") < GUESSING
    if learns and min(history.now("vendi"), history.now("diversity")) < NARROW and not history.is_improving:
        return evidence
    return _collapsed_classes(history)


def _collapsed_classes(history: History) -> Evidence | None:
    """The pictures of single classes repeat each other."""
    spacings = {name: number(scores.get("spacing")) for name, scores in history.latest.classes.items()}
    narrow = {name: spacing for name, spacing in spacings.items() if spacing < REPEATS}
    if narrow:
        return Evidence({f"spacing of {name}": value for name, value in narrow.items()}, tuple(narrow))
    return None


def _collapsing(history: History) -> Evidence | None:
    """Diversity is decreasing, or G itself has lost it and its average will follow."""
    if history.now("raw_diversity") < REPEATS:
        return Evidence({"raw_diversity": history.now("raw_diversity"), "diversity": history.now("diversity")})
    lost: dict[str, float] = {}
    for name in ("vendi", "diversity", "pixel_diversity", "raw_diversity"):
        values = history.values(name)
        peak = float(np.nanmax(values)) if np.isfinite(values).any() else math.nan
        if history.now(name) < (1 - LOST) * min(peak, 1.0):
            lost |= {name: history.now(name), f"best_{name}": peak}
    return Evidence(lost) if len(lost) > 2 else None


COLLAPSED = VerdictKind(
    name="collapsed",
    healthy=False,
    meaning="Its pictures are nearly identical for all latents.",
    advice="start again with minibatch=stddev and r1=1, or lower g_lr and d_lr; the best snapshot may be usable",
    colour="#a83426",
    rule=_collapsed,
)
COLLAPSING = VerdictKind(
    name="collapsing",
    healthy=False,
    meaning="Its pictures are becoming more and more alike.",
    advice="use the best snapshot; then try minibatch=stddev, r1=1, or lower g_lr and d_lr",
    colour="#a5611a",
    rule=_collapsing,
)
