"""Memorising: training pictures again instead of new ones."""

from typing import Final

from ganvas.verdict.history import SURE, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.collapsed import NARROW

# The share of near copies of training pictures, beyond the share that unseen real pictures have.
COPIES: Final = 0.1


def _memorising(history: History) -> Evidence | None:
    """Generated pictures are near copies of training pictures, and of many different ones."""
    copies = history.now("copies") - history.now("real_copies")
    if copies > COPIES + SURE * history.now("copies_se") and history.now("diversity") > NARROW:
        return Evidence({"copies": history.now("copies"), "closer": history.now("closer")})
    return None


KIND = VerdictKind(
    name="memorising",
    # Above collapsed: copies of a few pictures have near twins, but what is wrong is that they are copies.
    gravity=90,
    healthy=False,
    meaning="It repeats training pictures instead of painting new ones.",
    advice="add pictures, or augment=colour,translation,cutout and flip=true; a smaller width remembers less",
    colour="#7b4a9b",
    rule=_memorising,
)
