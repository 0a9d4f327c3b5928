"""Collapsing: diversity is decreasing."""

import math
from typing import Final

import numpy as np

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.collapsed import REPEATS
from ganvas.verdict.remedy import LOWER_RATES, STEADIER, Remedy

# Diversity is collapsing if it has lost this share of its maximum.
LOST: Final = 0.4


def _collapsing(history: History) -> Evidence | None:
    """Diversity is decreasing, or G itself has lost it and its average will follow."""
    if history.now("raw_diversity") < REPEATS:
        return Evidence({"raw_diversity": history.now("raw_diversity"), "diversity": history.now("diversity")})
    if history.becomes_clearer:
        return None
    lost: dict[str, float] = {}
    begun: list[float] = []
    for name in ("vendi", "diversity", "pixel_diversity", "raw_diversity"):
        values = history.values(name)
        peak = float(np.nanmax(values)) if np.isfinite(values).any() else math.nan
        if history.now(name) < (1 - LOST) * min(peak, 1.0):
            lost |= {name: history.now(name), f"best_{name}": peak}
            begun.append(history.since(values < (1 - LOST / 2) * min(peak, 1.0)))
    return Evidence(lost, since=min(begun)) if len(begun) > 1 else None


KIND = VerdictKind(
    name="collapsing",
    # Whatever makes D too strong or too weak, lost diversity comes first.
    gravity=60,
    healthy=False,
    meaning="Its pictures are becoming more and more alike.",
    remedies=(STEADIER, LOWER_RATES, Remedy("the best snapshot")),
    colour="#a5611a",
    rule=_collapsing,
)
