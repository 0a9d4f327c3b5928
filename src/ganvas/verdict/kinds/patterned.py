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
    """The pictures share their detail, evaluation after evaluation, and neither that nor anything else gets better.

    Slow runs paint patterns, too, and pause for an evaluation, so nothing must have got better at the last two.
    """
    if history.is_improving or history.before.is_improving:
        return None
    shared, recent = history.values("shared_detail") > COMMON, history.values("shared_detail", SPAN + 1)
    if not shared[-SPAN - 1 :].all() or recent[-1] < FADING * recent.max():
        return None
    figures = {name: history.now(name) for name in ("shared_detail", "spectrum_db", "sharpness")}
    return Evidence(figures, since=history.since(shared))


KIND = VerdictKind(
    name="patterned",
    # Above stalled, which says less, and below all others: a generator that has learnt little paints patterns, too,
    # and then what kept it from learning matters more.
    gravity=32,
    healthy=False,
    meaning="It paints the same pattern on every picture.",
    remedies=(LOWER_RATES, Remedy("the best snapshot, which may be free of it")),
    colour="#8a5a1d",
    rule=_patterned,
)
