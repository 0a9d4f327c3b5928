"""Discriminator overpowering and overpowered: the networks are not balanced."""

from typing import Final

import numpy as np

from ganvas.verdict.history import SPAN, History
from ganvas.verdict.kind import Evidence, VerdictKind

# Bounds of the probability that D ranks a real picture above a generated one: above the first, D is certain; below the
# second, it guesses.
CERTAIN, GUESSING = 0.98, 0.65
# Below this probability, D ranks generated pictures above real ones, and G cannot learn from it.
FOOLED: Final = 0.2


def _overpowering(history: History) -> Evidence | None:
    """Nothing improves, and D distinguishes the pictures with certainty."""
    if history.is_improving or history.has_converged or not np.all(history.values("d_tells", SPAN) > CERTAIN):
        return None
    return Evidence({"d_tells": history.now("d_tells"), "kid": history.now("kid"), "g_grad": history.size("g_grad")})


def _overpowered(history: History) -> Evidence | None:
    """D guesses although the pictures are unlike real ones and nothing improves, or it is worse than guessing."""
    tells = history.values("d_tells", SPAN)
    guesses = bool(np.all(tells < GUESSING)) and not history.is_improving and not history.has_converged
    if guesses or (history.has_trend and np.all(tells < FOOLED)):
        return Evidence({"d_tells": history.now("d_tells"), "kid": history.now("kid")})
    return None


OVERPOWERING = VerdictKind(
    name="discriminator overpowering",
    healthy=False,
    meaning="The discriminator distinguishes all pictures, so the generator learns nothing from it.",
    advice="lower d_lr or d_steps, or weaken D: r1=1, d_dropout=0.3, label smoothing with real_target=0.8:1.0",
    colour="#94415f",
    rule=_overpowering,
)
OVERPOWERED = VerdictKind(
    name="discriminator overpowered",
    healthy=False,
    meaning="The discriminator cannot distinguish generated from real pictures, so the generator learns nothing.",
    advice="raise d_lr or d_steps, or lower g_lr and g_steps",
    colour="#4a5da3",
    rule=_overpowered,
)
