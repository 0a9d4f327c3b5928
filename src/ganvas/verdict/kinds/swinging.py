"""Swinging: the pictures get better and worse in turn."""

from typing import Final

import numpy as np

from ganvas.foundation.arrays import Floats
from ganvas.verdict.history import SURE, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import LOWER_RATES, Remedy

# Number of evaluations among which swings are looked for, and the number of turns that make a swing.
RECENT: Final = 8
TURNS: Final = 3
# KID turns if it then changes by this share of the lower value, and by more than its errors.
WIDE: Final = 0.3


def _swinging(history: History) -> Evidence | None:
    """KID went up and down several times, by much more than its errors."""
    kid = history.values("kid")
    turns = _turns(kid, history.values("kid_se"))
    recent = [turn for turn in turns if turn >= len(kid) - RECENT]
    if not history.has_trend or len(recent) < TURNS or not np.isfinite(kid).all():
        return None
    at = [history.measurements[turn].kimg for turn in turns]
    period = 2 * (at[-1] - at[0]) / (len(at) - 1)
    figures = {"kid": kid[-1], "lowest_kid": kid.min(), "highest_kid": kid.max(), "period": period}
    return Evidence(figures, since=at[0])


def _turns(values: Floats, errors: Floats) -> list[int]:
    """The places of the values at which a rise ends and a fall begins, or the reverse: wide ones only."""
    turns: list[int] = []
    extreme, direction = 0, 0
    for place in range(1, len(values)):
        low, high = sorted((values[extreme], values[place]))
        is_wide = high - low > max(WIDE * low, SURE * float(np.hypot(errors[extreme], errors[place])))
        towards = 1 if values[place] > values[extreme] else -1
        if towards == direction:
            extreme = place
        elif is_wide:
            turns += [extreme] if direction else []
            extreme, direction = place, towards
    return turns


KIND = VerdictKind(
    name="swinging",
    # Above worsening: a run on the crest of a wave is worse than its best, too.
    gravity=38,
    healthy=False,
    meaning="Its pictures get better and worse in turn.",
    remedies=(
        LOWER_RATES,
        Remedy("beta1=0", {"beta1": 0.0}),
        Remedy("the best snapshot, which is that of a good moment"),
    ),
    colour="#7d6b1d",
    rule=_swinging,
)
