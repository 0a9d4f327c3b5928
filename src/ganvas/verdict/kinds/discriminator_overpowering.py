"""Discriminator overpowering: D is so strong that G learns nothing from it."""

from typing import Final

from ganvas.verdict.history import SPAN, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import Remedy

# Above this probability that D finds a real picture more real than a generated one, it is certain.
CERTAIN: Final = 0.98


def _overpowering(history: History) -> Evidence | None:
    """D distinguishes the pictures with certainty, and nothing improves; or all along, and KID is what it was."""
    certain = history.values("d_tells") > CERTAIN
    if history.has_converged or not certain[-SPAN:].all():
        return None
    if history.is_improving and not (history.has_hardly_learnt and certain.all()):
        return None
    figures = {"d_tells": history.now("d_tells"), "kid": history.now("kid"), "g_grad": history.size("g_grad")}
    return Evidence(figures, since=history.still_since)


KIND = VerdictKind(
    name="discriminator overpowering",
    # The troubles of D's strength name a cause less surely than those of the pictures do.
    gravity=50,
    healthy=False,
    meaning="The discriminator distinguishes all pictures, so the generator learns nothing from it.",
    remedies=(
        Remedy("a lower d_lr", factors={"d_lr": 0.25}),
        Remedy("r1=1", {"r1": 1.0}),
        Remedy("d_dropout=0.3", {"d_dropout": 0.3}),
        Remedy("label smoothing with real_target=0.8:1.0", {"real_target": "0.8:1.0"}),
    ),
    colour="#94415f",
    rule=_overpowering,
)
