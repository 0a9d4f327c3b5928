"""What gets better and what gets worse in a run."""

from dataclasses import dataclass
from typing import Final

from ganvas.verdict.history import FULL, SPAN, SURE, History

# The figures whose trends are told, with their names in messages, and whether higher values are better.
TOLD: Final = {
    "kid": ("KID", False),
    "diversity": ("diversity", True),
    "recall": ("recall", True),
    "coverage": ("coverage", True),
    "copies": ("copies", False),
}


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
