"""Stalled: nothing gets better, and no graver trouble says why."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import Remedy


def _stalled(history: History) -> Evidence | None:
    """Nothing improves, and KID is still high."""
    if history.is_improving or history.has_converged:
        return None
    figures = {"kid": history.now("kid"), "best_kid": history.best_kid, "moved": history.now("moved")}
    return Evidence(figures, since=history.still_since)


KIND = VerdictKind(
    name="stalled",
    # Below every trouble that names a cause.
    gravity=30,
    healthy=False,
    meaning="Its pictures have stopped getting better.",
    remedies=(Remedy("higher g_lr and d_lr", factors={"g_lr": 4.0, "d_lr": 4.0}), Remedy("another recipe")),
    colour="#6a6764",
    rule=_stalled,
)
