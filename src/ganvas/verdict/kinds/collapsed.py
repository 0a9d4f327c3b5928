"""Collapsed: diversity is lost."""

import math
from typing import Final

import numpy as np

from ganvas.foundation.arrays import Flags
from ganvas.verdict.history import SPAN, STEP, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.discriminator_overpowered import GUESSING
from ganvas.verdict.kinds.discriminator_overpowering import CERTAIN
from ganvas.verdict.measurement import Measurement, number
from ganvas.verdict.remedy import LOWER_RATES, STEADIER, Remedy

# Pictures repeat each other if the distance to the nearest other one is below this, relative to real pictures. Healthy
# generators reach 0.3 at their first evaluation. Generators that ignore their latents have exactly 0.
REPEATS: Final = 0.05
# Pictures that repeated each other do so until the distance is beyond this: one that stays near the bound is no news.
AGAIN: Final = 0.075
# Diversity has collapsed if it is below this and does not grow.
NARROW: Final = 0.15
# The pictures within classes are alike if their diversity, relative to that of the class, is below this in the median.
NARROW_CLASSES: Final = 0.3
# The average's pictures have not changed if they moved by less than this share of the distance of two real pictures.
STILL: Final = 0.02


def _collapsed(history: History) -> Evidence | None:
    """All pictures or those of a class repeat each other, or most diversities are low and do not grow."""
    figures = {name: history.now(name) for name in ("spacing", "vendi", "pixel_diversity")}
    repeats = _repeats(history)
    if repeats[-1]:
        return Evidence(figures, since=history.since(repeats))
    # A generator that has not changed had no diversity to lose. If D cannot distinguish its pictures, it is healthy.
    learns = history.now("moved") > STILL and not np.any(history.values("d_tells", SPAN) < GUESSING)
    narrow = np.median([history.values(name) for name in ("vendi", "diversity", "pixel_diversity")], axis=0) < NARROW
    # A D that has been certain all along left G no way to any diversity.
    is_certain = bool(np.all(history.values("d_tells") > CERTAIN))
    # Pictures that have been alike for long have collapsed, even if KID falls.
    for_long = not history.is_young and narrow[-2 * SPAN - 1 :].all() and not history.widens
    if learns and narrow[-1] and not is_certain and (for_long or not history.is_improving):
        return Evidence(figures, since=history.since(narrow))
    return _collapsed_classes(history)


def _repeats(history: History) -> Flags:
    """For each evaluation, whether pictures repeat each other; near the bound, as at the evaluation before."""
    repeats = list[bool]()
    for spacing in history.values("spacing"):
        bound = AGAIN if repeats and repeats[-1] else REPEATS
        repeats.append(bool(spacing < bound))
    return np.array(repeats)


def _collapsed_classes(history: History) -> Evidence | None:
    """The pictures of single classes repeat each other, or those of most classes are alike and remain so."""
    spacings = _of_classes(history.latest, "spacing")
    narrow = {name: spacing for name, spacing in spacings.items() if spacing < REPEATS}
    if narrow:
        return Evidence({f"spacing of {name}": value for name, value in narrow.items()}, tuple(narrow))
    if not history.has_trend:
        return None
    now, then = (_of_classes(history.measurements[place], "diversity") for place in (-1, -SPAN - 1))
    usual, before = (float(np.median([*values.values()])) if values else math.nan for values in (now, then))
    if usual < NARROW_CLASSES and not usual > before + STEP:
        alike = {name: value for name, value in now.items() if value < NARROW_CLASSES}
        return Evidence({f"diversity of {name}": value for name, value in alike.items()}, tuple(alike))
    return None


def _of_classes(measurement: Measurement, score: str) -> dict[str, float]:
    values = {name: number(scores.get(score)) for name, scores in measurement.classes.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}


KIND = VerdictKind(
    name="collapsed",
    # Graver than diversity that is only decreasing. Below memorising: a few memorised pictures repeat too.
    gravity=80,
    healthy=False,
    meaning="Its pictures are nearly identical for all latents.",
    remedies=(STEADIER, LOWER_RATES, Remedy("the best snapshot, which may be usable")),
    colour="#a83426",
    rule=_collapsed,
)
