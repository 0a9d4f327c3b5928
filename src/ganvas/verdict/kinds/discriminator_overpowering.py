"""Discriminator overpowering: D is so strong that G learns nothing from it."""

from typing import Final

import numpy as np

from ganvas.verdict.history import SPAN, History
from ganvas.verdict.kind import Evidence, VerdictKind

# Above this probability that D finds a real picture more real than a generated one, it is certain.
CERTAIN: Final = 0.98


def _overpowering(history: History) -> Evidence | None:
    """Nothing improves, and D distinguishes the pictures with certainty."""
    if history.is_improving or history.has_converged or not np.all(history.values("d_tells", SPAN) > CERTAIN):
        return None
    return Evidence({"d_tells": history.now("d_tells"), "kid": history.now("kid"), "g_grad": history.size("g_grad")})


KIND = VerdictKind(
    name="discriminator overpowering",
    # The troubles of D's strength name a cause less surely than those of the pictures do.
    gravity=50,
    healthy=False,
    meaning="The discriminator distinguishes all pictures, so the generator learns nothing from it.",
    advice="lower d_lr or d_steps, or weaken D: r1=1, d_dropout=0.3, label smoothing with real_target=0.8:1.0",
    colour="#94415f",
    rule=_overpowering,
)
