"""Converged: nothing improves any more, and KID is low."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind


def _converged(history: History) -> Evidence | None:
    """Nothing improves any more, and KID is low."""
    if history.is_improving or not history.has_converged:
        return None
    return Evidence({"kid": history.now("kid"), "first_kid": history.values("kid")[0]})


KIND = VerdictKind(
    name="converged",
    # Healthy, so below every trouble.
    gravity=20,
    healthy=True,
    meaning="Its pictures no longer get better, and nothing is wrong with them.",
    colour="#2c69a6",
    rule=_converged,
)
