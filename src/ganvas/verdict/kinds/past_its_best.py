"""Past its best: the pictures have been a little better."""

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind


def past_its_best(history: History) -> Evidence | None:
    """KID is worse than its best for two evaluations or more, though not by much."""
    if history.worse_since is None:
        return None
    return Evidence({"kid": history.now("kid"), "best_kid": history.best_kid}, since=history.worse_since)


KIND = VerdictKind(
    name="past its best",
    # Healthy runs are so for a while. Above learning only, which is not said meanwhile.
    gravity=5,
    healthy=True,
    meaning="Its pictures have been a little better, as happens to healthy runs for a while.",
    colour="#5d7a6a",
    rule=past_its_best,
)
