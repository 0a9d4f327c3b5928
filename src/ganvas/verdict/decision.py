"""Deciding on a verdict: the gravest one that holds if the figures are drawn again within their errors."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from ganvas.verdict.history import History
from ganvas.verdict.kind import Evidence, VerdictKind
from ganvas.verdict.kinds import find, in_order
from ganvas.verdict.measurement import Measurement

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
    random, noise = np.random.default_rng(0), {name: history.noise(name) for name in history.latest.figures}
    errors = [_errors(each, noise) for each in history.measurements]
    votes: Counter[str] = Counter()
    for _ in range(DRAWS):
        drawn = [_drawn(*each, random) for each in zip(history.measurements, errors, strict=True)]
        votes[find(History(drawn, history.stats, history.augmentations), kinds)[0].name] += 1
    return votes


def _errors(measurement: Measurement, noise: dict[str, float]) -> dict[str, float]:
    """The errors of the figures that have one: the standard error, or the noise if that is smaller."""
    errors = {name: measurement.get(f"{name}_se") for name in measurement.figures}
    return {name: min(error, noise.get(name, error)) for name, error in errors.items() if error}


def _drawn(measurement: Measurement, errors: dict[str, float], random: np.random.Generator) -> Measurement:
    """The measurement, with each figure that has an error drawn again."""
    values = np.array([measurement.number(name) for name in errors])
    drawn = values + np.array([*errors.values()]) * random.standard_normal(len(errors))
    return Measurement(measurement.kimg, {**measurement.figures, **dict(zip(errors, drawn.tolist(), strict=True))})
