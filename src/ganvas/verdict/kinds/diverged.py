"""Diverged: losses or gradients that grow without bound."""

import math
from typing import Final

from ganvas.verdict.history import FAR, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import LOWER_RATES, Remedy

# Logits, losses and gradients have diverged if they exceed `HUGE` and `GROWN` times their first value while the
# pictures get worse, or if they exceed `ABSURD`.
HUGE, GROWN, ABSURD = 100.0, 30.0, 1e5
# The figures that the rule reads.
SIZES: Final = ("d_logit_train", "d_logit_generated", "d_loss", "g_loss", "d_grad", "g_grad")


def _diverged(history: History) -> Evidence | None:
    """A loss is NaN or infinite, or figures grow without bound while the pictures get worse."""
    kid, best = history.now("kid"), history.best_kid
    if not math.isfinite(kid):
        return Evidence()
    # A G that stands still before a certain D has large gradients, too, but its pictures do not get worse.
    worse = kid > FAR * best or history.worse_since is not None
    for name in SIZES:
        first, now = history.size(name, first=True), history.size(name)
        if now > ABSURD or (worse and now > max(HUGE, GROWN * first)):
            return Evidence({name: now, f"first_{name}": first, "kid": kid, "best_kid": best})
    return None


KIND = VerdictKind(
    name="diverged",
    # Above all others: what the other rules read means nothing any more.
    gravity=100,
    healthy=False,
    meaning="Its losses have grown without bound, and its pictures are unusable from here on.",
    remedies=(LOWER_RATES, Remedy("r1=1", {"r1": 1.0})),
    colour="#3a3633",
    rule=_diverged,
)
