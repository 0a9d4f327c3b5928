"""Patterned: every picture has the same texture."""

from typing import Final

from ganvas.verdict.history import SPAN, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import LOWER_RATES, Remedy

# Share of the energy of fine detail that all pictures have in common, beyond that of real ones. It is about 0 in a
# healthy run, and 1 if every picture has the same detail.
COMMON: Final = 0.3
# The pattern fades if less than this share of the most of these evaluations is left.
FADING: Final = 0.75


def _patterned(history: History) -> Evidence | None:
    """The pictures share their detail, evaluation after evaluation, and it does not fade as in young generators."""
    if not history.has_trend:
        return None
    shared, recent = history.values("shared_detail") > COMMON, history.values("shared_detail", SPAN + 1)
    if not shared[-SPAN - 1 :].all() or recent[-1] < FADING * recent.max():
        return None
    figures = {name: history.now(name) for name in ("shared_detail", "spectrum_db", "sharpness")}
    return Evidence(figures, since=history.since(shared))


KIND = VerdictKind(
    name="patterned",
    # Below collapsed: pictures that are all alike share their detail too. Above augmentation leaking, whose borders may
    # be taken for a pattern only where they are in every picture.
    gravity=75,
    healthy=False,
    meaning="It paints the same pattern on every picture.",
    remedies=(LOWER_RATES, Remedy("the best snapshot, which may be free of it")),
    colour="#8a5a1d",
    rule=_patterned,
)
