"""What a kind of verdict is: its name, gravity, meaning and advice, its colour, and the rule that finds it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ganvas.verdict.history import History


@dataclass(frozen=True)
class Evidence:
    """What a rule found.

    Attributes:
        figures: the numbers that the verdict rests on, by name.
        classes: the names of the classes that it is about; empty if it is about all pictures.
    """

    figures: dict[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] = ()


Rule = Callable[[History], Evidence | None]


@dataclass(frozen=True)
class VerdictKind:
    """A verdict that a run can get.

    Attributes:
        name: as it is printed and kept in `evals.jsonl`.
        gravity: its place among the verdicts, different for each. A run that meets several rules gets the gravest
            verdict. Each file says why it comes where it does; steps of ten leave room between them.
        healthy: whether nothing is wrong.
        meaning: one sentence for the report.
        colour: of the report, "#rrggbb": dark enough for white letters. Colour-blind readers have the name next to it.
        rule: returns the evidence if a history deserves this verdict, else None.
        advice: what to try, in the names of the options; needed where something is wrong.
    """

    name: str
    gravity: float
    healthy: bool
    meaning: str
    colour: str
    rule: Rule
    advice: str | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.meaning:
            raise ValueError(f"verdict {self.name!r}: name and meaning must say something")
        if not self.healthy and not self.advice:
            raise ValueError(f"verdict {self.name!r}: a trouble needs advice")
        if not re.fullmatch("#[0-9a-f]{6}", self.colour):
            raise ValueError(f"verdict {self.name!r}: colour {self.colour!r} must be #rrggbb")
