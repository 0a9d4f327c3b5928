"""Warming up, learning, converged and stalled: the progress of a run without graver trouble."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind


def _stalled(history: History) -> Evidence | None:
    """Nothing improves, and KID is still high."""
    if history.is_improving or history.has_converged:
        return None
    return Evidence({"kid": history.now("kid"), "best_kid": history.best_kid, "moved": history.now("moved")})


def _converged(history: History) -> Evidence | None:
    """Nothing improves any more, and KID is low."""
    if history.is_improving or not history.has_converged:
        return None
    return Evidence({"kid": history.now("kid"), "first_kid": history.values("kid")[0]})


def _warming_up(history: History) -> Evidence | None:
    """There are too few evaluations for a trend."""
    return None if history.has_trend else Evidence({"kid": history.now("kid")})


def _learning(history: History) -> Evidence:
    """No other rule applies."""
    return Evidence({"kid": history.now("kid"), "best_kid": history.best_kid})


STALLED = VerdictKind(
    name="stalled",
    healthy=False,
    meaning="Its pictures have stopped getting better.",
    advice="raise g_lr and d_lr, or use another recipe",
    colour="#6a6764",
    rule=_stalled,
)
CONVERGED = VerdictKind(
    name="converged",
    healthy=True,
    meaning="Its pictures no longer get better, and nothing is wrong with them.",
    colour="#2c69a6",
    rule=_converged,
)
WARMING_UP = VerdictKind(
    name="warming up",
    healthy=True,
    meaning="It is too early to tell.",
    colour="#7a6f5a",
    rule=_warming_up,
)
LEARNING = VerdictKind(
    name="learning",
    healthy=True,
    meaning="Its pictures are getting better.",
    colour="#4d7829",
    rule=_learning,
)
