"""Discriminator overpowering and overpowered: two networks of unequal strength."""

from typing import Final

import numpy as np

from ganvas.verdict.history import SPAN, History
from ganvas.verdict.kind import Evidence, VerdictKind

# The probability that D finds a real picture more real than a generated one: it tells them with certainty, or guesses.
CERTAIN, GUESSING = 0.98, 0.65
# Below this, D finds generated pictures more real than real ones, and G cannot learn the data from it.
FOOLED: Final = 0.2


def _overpowering(history: History) -> Evidence | None:
    """Nothing improves, and D tells with certainty."""
    if history.is_improving or history.has_converged or not np.all(history.values("d_tells", SPAN) > CERTAIN):
        return None
    return Evidence({"d_tells": history.now("d_tells"), "kid": history.now("kid"), "g_grad": history.size("g_grad")})


def _overpowered(history: History) -> Evidence | None:
    """D cannot tell although nothing improves and the pictures are unlike real ones, or it is worse than a guess."""
    tells = history.values("d_tells", SPAN)
    guesses = bool(np.all(tells < GUESSING)) and not history.is_improving and not history.has_converged
    if guesses or (history.has_trend and np.all(tells < FOOLED)):
        return Evidence({"d_tells": history.now("d_tells"), "kid": history.now("kid")})
    return None


OVERPOWERING = VerdictKind(
    name="discriminator overpowering",
    healthy=False,
    meaning="The discriminator tells everything apart, and the generator learns nothing from it.",
    advice="lower d_lr or d_steps, or weaken D: r1=1, d_dropout=0.3, label smoothing with real_target=0.8:1.0",
    colour="#94415f",
    rule=_overpowering,
)
OVERPOWERED = VerdictKind(
    name="discriminator overpowered",
    healthy=False,
    meaning="The discriminator cannot tell real from generated pictures, so it has nothing to teach.",
    advice="raise d_lr or d_steps, or lower g_lr and g_steps",
    colour="#4a5da3",
    rule=_overpowered,
)
