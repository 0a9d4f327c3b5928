"""Worsening: the pictures have been better, and do not come back."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.past_its_best import past_its_best
from ganvas.verdict.remedy import LOWER_RATES, Remedy


def _worsening(history: History) -> Evidence | None:
    """KID has been worse than its best for two evaluations or more, and is much worse now."""
    return past_its_best(history) if history.has_trend and history.is_much_worse else None


KIND = VerdictKind(
    name="worsening",
    # It names a symptom, so it comes below what names a cause, and above stalled, which says less.
    gravity=35,
    healthy=False,
    meaning="Its pictures have been better, and it does not find back.",
    remedies=(Remedy("the best snapshot"), LOWER_RATES, Remedy("r1=1", {"r1": 1.0})),
    colour="#8a5a2b",
    rule=_worsening,
)
