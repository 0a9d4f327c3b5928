"""What is true of a finished run, known without any verdict: by what was planted, and modes and copies counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.verdict.scenarios import HEALTHY, Planned
from ganvas.verdict.measurement import Measurement

# Of the modes covered at best, a run that has not collapsed still covers this share at its end.
KEPT = 0.5
# Copies that single evaluations of healthy runs may show, as a share of the pictures.
FEW = 0.05


@dataclass(frozen=True)
class Truth:
    """How a run really was.

    Attributes:
        troubles: the verdicts that are right at its end; (`HEALTHY`,) for a healthy run.
        begins: kimg at which the trouble began; 0 for a healthy run.
    """

    troubles: tuple[str, ...]
    begins: float

    @property
    def healthy(self) -> bool:
        """Whether nothing was wrong."""
        return self.troubles == (HEALTHY,)


def truth(run: Planned, evaluations: Sequence[Measurement]) -> Truth:
    """The truth about a run: what was planned, corrected by what modes and copies say of runs planned as healthy."""
    scenario = run.scenario
    if scenario.truth != (HEALTHY,):
        return Truth(scenario.truth, scenario.begins)
    scored = [each for each in evaluations if each.kid is not None]
    modes = [covered for each in scored if (covered := each.get("modes_covered")) is not None]
    if modes and modes[-1] < KEPT * max(modes) - 1:
        return Truth(("collapsed", "collapsing"), scored[modes.index(max(modes))].kimg)
    if scored[-1].number("copies") > FEW + scored[-1].number("real_copies"):
        return Truth(("memorising",), _first_copied(evaluations))
    return Truth((HEALTHY,), 0.0)


def _first_copied(evaluations: Sequence[Measurement]) -> float:
    """kimg of the first evaluation with more copies than chance has; 0 if there is none."""
    return next((each.kimg for each in evaluations if each.number("copies") > FEW), 0.0)
