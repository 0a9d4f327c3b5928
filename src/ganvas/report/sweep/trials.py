"""A trial of a sweep, as the table and the page show it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ganvas.report import html
from ganvas.report.html import ABSENT
from ganvas.settings.ranges import Value


@dataclass(frozen=True)
class SweptTrial:
    """A trial that is over.

    Attributes:
        number: identifies it in the sweep.
        is_whole: whether it was trained to the end.
        ending: how it ended, in two or three words.
        values: of the options that the sweep varies. Those of the trial with the recipe's own values may lack some.
        kid: of its best snapshot; for a trial that was ended early, the last one that was reported; None without one.
        kid_se: the standard error of `kid`, if it is that of a snapshot.
        kimg: thousands of real pictures that D had seen at the end.
        verdict: the newest.
        curve: kimg and KID of its evaluations, oldest first.
        has_defaults: whether it has the recipe's own values.
        host: the machine that trained it.
        error: why it failed, if it did.
    """

    number: int
    is_whole: bool
    ending: str
    values: Mapping[str, Value] = field(default_factory=dict)
    kid: float | None = None
    kid_se: float | None = None
    kimg: float | None = None
    verdict: str | None = None
    curve: Sequence[tuple[float, float]] = ()
    has_defaults: bool = False
    host: str | None = None
    error: str | None = None

    @property
    def rank(self) -> tuple[bool, float]:
        """Sorts trials: whole ones by KID, then the others by how far they came."""
        return not self.is_whole, (math.inf if self.kid is None else self.kid) if self.is_whole else -(self.kimg or 0)

    @property
    def name(self) -> str:
        """Its name in tables."""
        return f"{self.number} (the recipe's own)" if self.has_defaults else str(self.number)


def heads(keys: Sequence[str]) -> list[str]:
    """The headings of the table, for these varied options."""
    return ["trial", "KID", "kimg", "ended", "verdict", *keys]


def cells(trial: SweptTrial, keys: Sequence[str]) -> list[str]:
    """The cells of a trial, in the order of `heads`."""
    return [
        trial.name,
        html.plus_minus(trial.kid, trial.kid_se),
        html.kimg(trial.kimg),
        trial.error or trial.ending,
        trial.verdict or ABSENT,
        *(_shown(trial.values.get(key)) for key in keys),
    ]


def _shown(value: Value | None) -> str:
    """A value of an option, to three digits if it is not whole."""
    if value is None:
        return "own"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
