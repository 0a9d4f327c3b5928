"""Deciding on a verdict: the gravest one that holds if the figures are drawn again within their errors."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds import find, in_order

# How often figures are drawn again.
DRAWS: Final = 25
# The share of draws that must support a verdict.
MAJORITY: Final = 0.5


@dataclass(frozen=True)
class Decision:
    """The verdict that a history deserves.

    Attributes:
        kind: of the verdict.
        evidence: what it rests on.
        sure: the share of draws with this verdict, 0 to 1.
    """

    kind: VerdictKind
    evidence: Evidence
    sure: float


def decide(history: History) -> Decision:
    """The gravest verdict that a history deserves, and that most draws give, or a graver one.

    The draws are the same at every call.
    """
    kinds = in_order()
    votes = _votes(history, kinds)
    support = 0.0
    for kind in kinds:
        support += votes[kind.name] / DRAWS
        if (evidence := kind.rule(history)) is not None and support >= MAJORITY:
            return Decision(kind, evidence, votes[kind.name] / DRAWS)
    raise AssertionError("the rule of the last kind always finds something, and then all draws support it")


def _votes(history: History, kinds: list[VerdictKind]) -> Counter[str]:
    """How often each verdict is found in the draws."""
    random = np.random.default_rng(0)
    return Counter(find(history.redrawn(random), kinds)[0].name for _ in range(DRAWS))
