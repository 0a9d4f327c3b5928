"""Augmentation leaking: generated pictures look augmented."""

from typing import Final

from ganvas.verdict.history import SPAN, SURE, History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.remedy import Remedy

# Excess of the share of pictures with signs of an augmentation over that of real pictures. With colour augmentation,
# 0.1 is normal for a while.
LEAK: Final = 0.2
# Signs are fading if less than this share of them is left after `SPAN` evaluations.
FADING: Final = 0.5
# The score that detects each augmentation.
SIGNS: Final = {"cutout": "leak_cutout", "translation": "leak_border", "colour": "leak_colour"}


def _leaking(history: History) -> Evidence | None:
    """There are signs of an augmentation, and they are not fading as they do early in training."""
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
    remedies=(
        Remedy("remove that augmentation from augment"),
        Remedy("augment_probability=0.6", {"augment_probability": 0.6}),
    ),
    colour="#1d7771",
    rule=_leaking,
)
