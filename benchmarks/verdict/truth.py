"""What is true of a finished run, known without any verdict: by what was planted, and modes and copies counted."""

from dataclasses import dataclass
from typing import Any

from benchmarks.verdict.scenarios import HEALTHY, Planned

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


def truth(run: Planned, evals: list[dict[str, Any]]) -> Truth:
    """The truth about a run: what was planned, corrected by what modes and copies say of runs planned as healthy."""
    scenario = run.scenario
    if scenario.truth != (HEALTHY,):
        return Truth(scenario.truth, scenario.begins)
    scored = [record for record in evals if record["kid"] is not None]
    modes = [record["modes_covered"] for record in scored if "modes_covered" in record]
    if modes and modes[-1] < KEPT * max(modes) - 1:
        return Truth(("collapsed", "collapsing"), scored[modes.index(max(modes))]["kimg"])
    if scored[-1]["copies"] > FEW + scored[-1]["real_copies"]:
        return Truth(("memorising",), _first_copied(evals))
    return Truth((HEALTHY,), 0.0)


def _first_copied(evals: list[dict[str, Any]]) -> float:
    """kimg of the first evaluation with more copies than chance has; 0 if there is none."""
    return next((record["kimg"] for record in evals if record.get("copies", 0) > FEW), 0.0)
