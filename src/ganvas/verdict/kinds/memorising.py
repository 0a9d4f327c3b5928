"""Memorising: the generator copies training pictures."""

from typing import Final

from ganvas.verdict.history import SURE, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.collapsed import NARROW
from ganvas.verdict.remedy import Remedy

# Excess of the share of near copies over that of real pictures which were not trained on.
COPIES: Final = 0.05


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
    meaning="It copies training pictures instead of making new ones.",
    remedies=(
        Remedy("more pictures"),
        Remedy(
            "augment=colour,translation,cutout and flip=true", {"augment": "colour,translation,cutout", "flip": True}
        ),
        Remedy("a smaller width", factors={"width": 0.5}),
    ),
    colour="#7b4a9b",
    rule=_memorising,
)
