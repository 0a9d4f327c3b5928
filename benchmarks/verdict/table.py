"""How accurate the verdicts on the benchmark's runs are: confusion matrix, false alarms, delays, modes covered."""

import functools
import statistics
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from benchmarks.verdict.records import Kept, read
from benchmarks.verdict.scenarios import Planned, planned
from benchmarks.verdict.truth import Truth, truth
from ganvas.verdict.evaluation import Verdict
from ganvas.verdict.history import lasting_from
from ganvas.verdict.kinds import in_order

# Verdicts that a healthy run must never get.
GRAVE = ("collapsed", "memorising", "diverged")
# The columns of the tables, as in docs/verdict.md: these first, then the others.
FIRST = ("warming up", "learning", "converged", "stalled", "collapsing", *GRAVE)
COLUMNS = tuple(dict.fromkeys((*FIRST, *(kind.name for kind in in_order()))))


class Judged:
    """A run with its right verdict and the verdicts that it got."""

    def __init__(self, run: Kept, plan: Planned) -> None:
        self.run, self.plan, self.truth = run, plan, truth(plan, run.evals)

    @functools.cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdicts of the current rules."""
        return self.run.verdicts()

    @property
    def right(self) -> bool:
        """Whether its last verdict is right, and about the right classes."""
        last = self.verdicts[-1]
        if self.truth.healthy:
            return last.healthy
        culprits = self.plan.scenario.culprits
        return last.name in self.truth.troubles and (not culprits or last.classes == culprits)

    @property
    def false_alarms(self) -> list[Verdict]:
        """All grave verdicts on a healthy run."""
        return [verdict for verdict in self.verdicts if verdict.name in GRAVE] if self.truth.healthy else []

    @property
    def delay(self) -> float | None:
        """kimg from the beginning of the trouble to the first of the right verdicts that lasted to the end."""
        if self.truth.healthy or not self.right:
            return None
        named = lasting_from([verdict.name in self.truth.troubles for verdict in self.verdicts])
        return max(0.0, self.run.evals[named].kimg - self.truth.begins)

    @property
    def interval(self) -> float:
        """kimg between evaluations."""
        return self.plan.scenario.kimg / 10


def judge(results: Path, seeds: int) -> list[Judged]:
    """The finished runs of a folder or file, in the order of `planned`."""
    plans = {plan.name: plan for plan in planned(seeds)}
    return [Judged(run, plans[run.name]) for run in read(results, plans)]


def print_tables(judged: list[Judged]) -> None:
    """Print every figure about planted faults in docs/verdict.md."""
    for half in ("tuning", "test", "fresh"):
        of_half = [each for each in judged if each.plan.half == half]
        if of_half:
            print(f"\n## The {half} runs: {len(of_half)}\n")
            _print_confusion(of_half)
            _print_summary(of_half)
    _print_modes(judged)


def _print_confusion(judged: list[Judged]) -> None:
    """The right verdicts against the last ones."""
    counts = Counter((_kind(each.truth), each.verdicts[-1].name) for each in judged)
    columns = [name for name in COLUMNS if any(name == verdict for _, verdict in counts)]
    print(f"| truth | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for kind in dict.fromkeys(_kind(each.truth) for each in judged):
        print(f"| {kind} | {' | '.join(str(counts[kind, name] or '') for name in columns)} |")


def _kind(known: Truth) -> str:
    return " or ".join(known.troubles)


def _print_summary(judged: list[Judged]) -> None:
    troubled, healthy = ([each for each in judged if each.truth.healthy is wanted] for wanted in (False, True))
    right, alarms = sum(each.right for each in troubled), sum(bool(each.false_alarms) for each in healthy)
    print(
        f"\nTroubled runs named right at their end: {right} of {len(troubled)} ({right / max(len(troubled), 1):.1%})."
    )
    print(f"Healthy runs ever called {', '.join(GRAVE[:-1])} or {GRAVE[-1]}: {alarms} of {len(healthy)}.")
    others = [each for each in healthy if any(not verdict.healthy for verdict in each.verdicts)]
    print(f"Healthy runs ever called anything else but healthy: {len(others)} of {len(healthy)}.")
    if delays := [(each.delay, each.interval) for each in troubled if each.delay is not None]:
        kimg = statistics.median(delay for delay, _ in delays)
        intervals = statistics.median(delay / interval for delay, interval in delays)
        print(f"Median delay: {kimg:.1f} kimg, {intervals:.2f} evaluation intervals.")
    for each in judged:
        if not each.right or each.false_alarms:
            names = ", ".join(verdict.name for verdict in each.verdicts)
            print(f"- {each.plan.name} ({_kind(each.truth)}): {names}")


def _print_modes(judged: list[Judged]) -> None:
    """Whether scores rank the runs on painted pictures as the number of modes covered does."""
    last = [
        each.run.evals[-1]
        for each in judged
        if "paintings" in each.plan.scenario.data and each.run.evals[-1].get("modes_covered") is not None
    ]
    if len(last) < 3:
        return  # two runs always agree or disagree
    modes = np.array([each.number("modes_covered") for each in last])
    print(f"\n## Modes covered and scores at the end of {len(last)} runs on the painter's pictures\n")
    print("| score | rank correlation with modes covered |\n|---|---|")
    for score in ("coverage", "recall", "spacing", "diversity", "vendi", "density"):
        values = [each.number(score) for each in last]
        correlation = spearmanr(values, modes).statistic if len({*values}) > 1 < len({*modes}) else float("nan")
        print(f"| {score} | {correlation:.3f} |")
