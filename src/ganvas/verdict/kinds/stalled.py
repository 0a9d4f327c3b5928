"""Stalled: nothing gets better, and no graver trouble says why."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind


def _stalled(history: History) -> Evidence | None:
    """Nothing improves, and KID is still high."""
    if history.is_improving or history.has_converged:
        return None
    return Evidence({"kid": history.now("kid"), "best_kid": history.best_kid, "moved": history.now("moved")})


KIND = VerdictKind(
    name="stalled",
    # Below every trouble that names a cause.
    gravity=30,
    healthy=False,
    meaning="Its pictures have stopped getting better.",
    advice="raise g_lr and d_lr, or use another recipe",
    colour="#6a6764",
    rule=_stalled,
)
