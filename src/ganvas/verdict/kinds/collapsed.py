"""Collapsed: variety that is gone."""

from typing import Final

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds.discriminator_overpowered import GUESSING
from ganvas.verdict.measurement import number

# Pictures repeat if the nearest other one is closer than this, relative to real pictures. Healthy generators have 0.3
# and more from their first evaluation on; those that ignore their latents have exactly 0.
REPEATS: Final = 0.05
# Variety has collapsed if it is lower than this and does not grow.
NARROW: Final = 0.15
# The average's pictures have stood still if they moved by less than this share of the distance of two real pictures.
STILL: Final = 0.02


def _collapsed(history: History) -> Evidence | None:
    """Pictures repeat each other, of all classes or of single ones, or they have little variety and gain none."""
    evidence = Evidence({name: history.now(name) for name in ("spacing", "vendi", "pixel_diversity")})
    if history.now("spacing") < REPEATS:
        return evidence
    # A generator that has not moved had no variety to lose. One that D cannot fault may be as varied as it likes.
    learns = history.now("moved") > STILL and not history.now("d_tells") < GUESSING
    if learns and min(history.now("vendi"), history.now("diversity")) < NARROW and not history.is_improving:
        return evidence
    return _collapsed_classes(history)


def _collapsed_classes(history: History) -> Evidence | None:
    """The pictures of single classes repeat each other."""
    spacings = {name: number(scores.get("spacing")) for name, scores in history.latest.classes.items()}
    narrow = {name: spacing for name, spacing in spacings.items() if spacing < REPEATS}
    if narrow:
        return Evidence({f"spacing of {name}": value for name, value in narrow.items()}, tuple(narrow))
    return None


KIND = VerdictKind(
    name="collapsed",
    # Graver than variety that is only being lost. Below memorising: a few pictures learnt by heart repeat too.
    gravity=80,
    healthy=False,
    meaning="Its pictures are nearly all alike, whatever the latent.",
    advice="begin anew with minibatch=stddev and r1=1, or lower g_lr and d_lr; the best snapshot may do",
    colour="#a83426",
    rule=_collapsed,
)
