"""A kind of verdict: its name, gravity, meaning, remedies and colour, and the rule that finds it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ganvas.verdict.history import History
from ganvas.verdict.remedy import Remedy


@dataclass(frozen=True)
class Evidence:
    """The evidence for a verdict.

    Attributes:
        figures: the numbers that the verdict rests on, by name.
        classes: the names of the affected classes; empty if the verdict is about all pictures.
        since: kimg at which it began, as the history tells now; None if that is this evaluation.
    """

    figures: dict[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    since: float | None = None


Rule = Callable[[History], Evidence | None]


@dataclass(frozen=True)
class VerdictKind:
    """A verdict that a run can get.

    Attributes:
        name: the name in messages and in `evals.jsonl`.
        gravity: its place among the verdicts, different for each. A run that meets several rules gets the gravest
            verdict. Each file says why it comes where it does; steps of ten leave room between them.
        healthy: whether nothing is wrong.
        meaning: one sentence for the report.
        colour: the colour in reports, "#rrggbb", dark enough for white text.
        rule: returns the evidence if the verdict applies to a history, else None.
        remedies: what to try, the best first. Verdicts that are not healthy need one.
    """

    name: str
    gravity: float
    healthy: bool
    meaning: str
    colour: str
    rule: Rule
    remedies: tuple[Remedy, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or not self.meaning:
            raise ValueError(f"verdict {self.name!r}: name and meaning must not be empty")
        if not self.healthy and not self.remedies:
            raise ValueError(f"verdict {self.name!r}: a verdict that is not healthy needs a remedy")
        if not re.fullmatch("#[0-9a-f]{6}", self.colour):
            raise ValueError(f"verdict {self.name!r}: colour {self.colour!r} must be #rrggbb")

    def advice(self, own_values: Remedy | None = None) -> str | None:
        """The remedies in words; None if there are none.

        Args:
            own_values: a remedy for this run alone, which comes before the others.
        """
        remedies = (own_values, *self.remedies) if own_values and self.remedies else self.remedies
        return "; or ".join(remedy.words for remedy in remedies) or None
