"""Learning: a run without trouble that gets better."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind


def _learning(history: History) -> Evidence:
    """No other rule applies."""
    return Evidence({"kid": history.now("kid"), "best_kid": history.best_kid})


KIND = VerdictKind(
    name="learning",
    # The last of all, because its rule always finds something.
    gravity=0,
    healthy=True,
    meaning="Its pictures are getting better.",
    colour="#4d7829",
    rule=_learning,
)
