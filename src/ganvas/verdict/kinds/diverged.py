"""Diverged: numbers that run away."""

import math
from typing import Final

from ganvas.verdict.history import FAR, History
from ganvas.verdict.kind import Evidence, VerdictKind

# Logits, losses and gradients larger than `HUGE` and than `GROWN` times their first value are running away if the
# pictures get worse at the same time; larger than `ABSURD`, they are in any case.
HUGE, GROWN, ABSURD = 100.0, 30.0, 1e5
# What is watched.
SIZES: Final = ("d_logit_train", "d_logit_generated", "d_loss", "g_loss", "d_grad", "g_grad")


def _diverged(history: History) -> Evidence | None:
    """A loss is NaN or infinite, or sizes run away while the pictures get worse."""
    kid, best = history.now("kid"), history.best_kid
    if not math.isfinite(kid):
        return Evidence()
    worse = kid > FAR * best or (history.has_trend and not history.is_improving and not history.has_converged)
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
    meaning="Its losses have run away; what it paints from here on means nothing.",
    advice="begin anew, or with --from and an earlier snapshot, and lower g_lr and d_lr; r1=1 or spectral_norm=true",
    colour="#3a3633",
    rule=_diverged,
)
