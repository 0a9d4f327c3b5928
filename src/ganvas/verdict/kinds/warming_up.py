"""Warming up: too early to tell."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind


def _warming_up(history: History) -> Evidence | None:
    """There are too few evaluations for a trend."""
    return None if history.has_trend else Evidence({"kid": history.now("kid")})


KIND = VerdictKind(
    name="warming up",
    # Below every trouble: those that one evaluation proves are named at once.
    gravity=10,
    healthy=True,
    meaning="It is too early to tell.",
    colour="#7a6f5a",
    rule=_warming_up,
)
