"""Augmentation leaking: pictures that look as if they had been augmented."""

from typing import Final

from ganvas.verdict.history import SPAN, SURE, History
from ganvas.verdict.kind import Evidence, VerdictKind

# The share of generated pictures with signs of an augmentation, beyond that of real ones. A run that learns with colour
# augmentation can have 0.1 for a while.
LEAK: Final = 0.2
# Signs are fading if this share of them or less is left after `SPAN` evaluations.
FADING: Final = 0.5
# The score that tells of each augmentation.
SIGNS: Final = {"cutout": "leak_cutout", "translation": "leak_border", "colour": "leak_colour"}


def _leaking(history: History) -> Evidence | None:
    """There are signs of an augmentation in use, and they are not fading as those of a young run do."""
    if not history.has_trend:
        return None
    for augmentation in history.augmentations:
        sign = SIGNS[augmentation]
        fades = history.now(sign) < FADING * history.values(sign)[-SPAN - 1]
        if history.now(sign) > LEAK + SURE * history.now("leak_se") and not fades:
            return Evidence({sign: history.now(sign)})
    return None


KIND = VerdictKind(
    name="augmentation leaking",
    # Above collapsing and the rest: the cause is certain, and so is the remedy.
    gravity=70,
    healthy=False,
    meaning="Its pictures show the changes of augmentation, which real pictures do not.",
    advice="leave the augmentation that shows out of augment, or try augment_probability=0.6",
    colour="#1d7771",
    rule=_leaking,
)
