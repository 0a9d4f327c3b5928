"""The right verdict on a finished run: what was planted, checked by counts of modes and copies."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.verdict.scenarios import HEALTHY, Planned
from ganvas.verdict.measurement import Measurement

# A run has collapsed if it covers less than this share of the modes that it covered at best.
KEPT = 0.5
# The share of copies that evaluations of healthy runs may show by chance.
FEW = 0.05


@dataclass(frozen=True)
class Truth:
    """The right verdict on a run.

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
    """What was planned; runs planned as healthy are corrected by their modes and copies."""
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
    """kimg of the first evaluation with more copies than by chance; 0 if there is none."""
    return next((each.kimg for each in evaluations if each.number("copies") > FEW), 0.0)
