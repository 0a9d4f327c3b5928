"""Discriminator overpowered: D is so weak that it has nothing to teach G."""

from typing import Final

import numpy as np

from ganvas.verdict.history import SPAN, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import Remedy

# Below this probability that D finds a real picture more real than a generated one, it guesses.
GUESSING: Final = 0.65
# Below this, D finds generated pictures more real than real ones, and G cannot learn the data from it.
FOOLED: Final = 0.2
# Before a fooled D, KID must fall below this share of its first value: it wanders, too, where nothing is learnt.
FALLEN: Final = 0.85


def _overpowered(history: History) -> Evidence | None:
    """D guesses, the pictures are unlike real ones and nothing improves; or it is fooled, and KID hardly falls."""
    tells = history.values("d_tells", SPAN)
    guesses = bool(np.all(tells < GUESSING)) and not history.is_improving and not history.has_converged
    is_learning = history.kid_falls and history.now("kid") < FALLEN * history.values("kid")[0]
    is_fooled = history.has_trend and bool(np.all(tells < FOOLED)) and not is_learning
    if guesses or is_fooled:
        figures = {"d_tells": history.now("d_tells"), "kid": history.now("kid")}
        return Evidence(figures, since=history.still_since)
    return None


KIND = VerdictKind(
    name="discriminator overpowered",
    # Next to its opposite. D cannot be too strong and too weak at once, so their order means nothing.
    gravity=40,
    healthy=False,
    meaning="The discriminator cannot distinguish generated from real pictures, so the generator learns nothing.",
    remedies=(
        Remedy("a higher d_lr", factors={"d_lr": 4.0}),
        Remedy("d_steps=4", {"d_steps": 4}),
        Remedy("a lower g_lr", factors={"g_lr": 0.25}),
    ),
    colour="#4a5da3",
    rule=_overpowered,
)
