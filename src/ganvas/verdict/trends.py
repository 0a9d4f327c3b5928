"""What gets better and what gets worse in a run, and how sure a verdict is."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ganvas.verdict.history import FULL, SPAN, SURE, History
from ganvas.verdict.kinds import find, in_order
from ganvas.verdict.measurement import Measurement

# The figures whose trends are told, with their names in messages, and whether higher values are better.
TOLD: Final = {
    "kid": ("KID", False),
    "diversity": ("diversity", True),
    "recall": ("recall", True),
    "coverage": ("coverage", True),
    "copies": ("copies", False),
}
# How often figures are drawn again.
DRAWS: Final = 50


@dataclass(frozen=True)
class Trends:
    """The names of the figures that change by more than their errors, for better and for worse."""

    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()

    @classmethod
    def of(cls, history: History) -> "Trends":
        """Compare the last evaluation with that of `SPAN` evaluations ago, or with the first."""
        better: list[str] = []
        worse: list[str] = []
        for key, (name, higher_is_better) in TOLD.items():
            gain = history.change(key) * (1 if higher_is_better else -1)
            if key == "diversity" and max(history.values(key, SPAN + 1)[[0, -1]]) > FULL:
                gain = -gain  # more varied than real pictures is no gain
            if abs(gain) > SURE:
                (better if gain > 0 else worse).append(name)
        return cls(tuple(better), tuple(worse))

    def __str__(self) -> str:
        parts = {"better": self.better, "worse": self.worse}
        return "; ".join(f"getting {way}: {', '.join(names)}" for way, names in parts.items() if names)


def certainty(history: History, verdict: str) -> float:
    """How sure a verdict is: how often it stays the same if all figures are drawn again within their errors.

    Args:
        history: of the run.
        verdict: the name of its kind.

    Returns:
        0 to 1, in steps of 1 / `DRAWS`. The draws are the same at every call.
    """
    kinds, random = in_order(), np.random.default_rng(0)
    same = 0
    for _ in range(DRAWS):
        drawn = [_drawn(each, random) for each in history.measurements]
        same += find(History(drawn, history.stats, history.augmentations), kinds)[0].name == verdict
    return same / DRAWS


def _drawn(measurement: Measurement, random: np.random.Generator) -> Measurement:
    """The measurement, with each figure that has a standard error drawn again."""
    drawn = {
        name: measurement.number(name) + error * random.standard_normal()
        for name in measurement.figures
        if (error := measurement.get(f"{name}_se"))
    }
    return Measurement(measurement.kimg, {**measurement.figures, **drawn})
