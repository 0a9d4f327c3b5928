"""How accurate the verdicts on the benchmark's runs are: against what happened, how early, and by what the eye saw."""

import functools
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from benchmarks.nature.hindsight import Onset, Truth, truth
from benchmarks.nature.scenarios import EVALUATIONS, GROUPS, Scenario, scenarios
from benchmarks.verdict.records import Kept, read
from benchmarks.verdict.table import GRAVE
from ganvas.verdict.evaluation import Verdict
from ganvas.verdict.history import lasting_from

# What was seen in the last grid of each run, by someone who did not know which run it was.
EYES: Final = Path(__file__).with_name("eyes.csv")
# Verdicts that say that nothing is wrong, or nothing at all.
SILENT: Final = ("learning", "converged", "warming up")
# What can be seen: copies of training pictures, pictures that are all alike, noise or patterns, or none of these.
ALIKE, COPIES, NOISE, FINE = "alike", "copies", "noise", ("blurs", "pictures")
# The beginning that a verdict names may be wrong by this many evaluations.
NEAR: Final = 2.0


class Judged:
    """A run with what happened and the verdicts that it got."""

    def __init__(self, run: Kept, scenario: Scenario, seen: str | None) -> None:
        self.run, self.scenario, self.seen = run, scenario, seen
        self.truth: Truth = truth(run)

    @functools.cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdicts of the current rules."""
        return self.run.verdicts()

    @property
    def last(self) -> Verdict:
        """The last verdict."""
        return self.verdicts[-1]

    @property
    def right(self) -> bool:
        """Whether the last verdict names a symptom, or what the run went through up to its end; or none if healthy."""
        if self.truth.healthy:
            return self.last.healthy
        return self.names_symptom or self.truth.names_passing(self.last.name, len(self.verdicts) - 1)

    @property
    def names_symptom(self) -> bool:
        """Whether the last verdict names a symptom of the run."""
        return bool(self._named)

    @property
    def false_alarms(self) -> list[Verdict]:
        """The verdicts that name trouble in a healthy run, except in a trouble that passed."""
        if not self.truth.healthy:
            return []
        troubles = ((place, each) for place, each in enumerate(self.verdicts) if not each.healthy)
        return [each for place, each in troubles if not self.truth.names_passing(each.name, place)]

    @property
    def interval(self) -> float:
        """kimg between evaluations."""
        return self.scenario.kimg / EVALUATIONS

    @property
    def onset_is_right(self) -> bool:
        """Whether the last verdict, which is right, says about when its symptom began."""
        return any(abs(self.last.since - each.begins) <= NEAR * self.interval for each in self._named)

    @property
    def _named(self) -> list[Onset]:
        """When the symptoms came that the last verdict names."""
        return [self.truth.symptoms[name] for name in self.truth.named_by(self.last.name)]

    @property
    def delay(self) -> float | None:
        """Evaluations from when a symptom showed to the first of the right verdicts that lasted to the end."""
        if not self.names_symptom:
            return None
        named = lasting_from([bool(self.truth.named_by(verdict.name)) for verdict in self.verdicts])
        shows = min(each.shows for each in self._named)
        return max(0.0, self.run.evals[named].kimg - shows) / self.interval

    @property
    def seen_otherwise(self) -> bool:
        """Whether the eye saw trouble where hindsight found none, or the reverse of copies or equal pictures."""
        if self.seen is None:
            return False
        if self.seen in (ALIKE, NOISE) and self.truth.healthy:
            return True
        has_copies = "copies" in self.truth.symptoms
        return has_copies != (self.seen == COPIES) or (self.seen in FINE and "alike" in self.truth.symptoms)


def judge(results: Path) -> list[Judged]:
    """The finished runs of a folder or file."""
    plans = {each.name: each for each in scenarios()}
    seen: Mapping[str, str] = {}
    if EYES.exists():
        table = pd.read_csv(EYES)
        seen = dict(zip(table["run"], table["seen"], strict=True))
    return [Judged(run, plans[run.name], seen.get(run.name)) for run in read(results, plans)]


def print_tables(judged: Sequence[Judged]) -> None:
    """Print every figure about natural faults in docs/verdict.md."""
    for group in GROUPS:
        of_group = [each for each in judged if each.scenario.group == group]
        if of_group:
            print(f"\n## The {group} runs: {len(of_group)}\n")
            _print_confusion(of_group)
            _print_summary(of_group)
            _print_by_symptom(of_group)
            _print_mistakes(of_group)


def _print_confusion(judged: Sequence[Judged]) -> None:
    """The symptoms against the last verdicts. A run with several symptoms is in several rows."""
    counts: Counter[tuple[str, str]] = Counter()
    for each in judged:
        for name in each.truth.symptoms or ("healthy",):
            counts[name, each.last.name] += 1
    columns = sorted({verdict for _, verdict in counts})
    print(f"| what happened | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name in dict.fromkeys(name for name, _ in sorted(counts)):
        print(f"| {name} | {' | '.join(str(counts[name, column] or '') for column in columns)} |")


def _print_summary(judged: Sequence[Judged]) -> None:
    troubled, healthy = ([each for each in judged if each.truth.healthy is wanted] for wanted in (False, True))
    right = [each for each in troubled if each.right]
    begun = [each for each in right if each.names_symptom]
    silent = [each for each in troubled if each.last.name in SILENT]
    grave = [each for each in healthy if any(verdict.name in GRAVE for verdict in each.false_alarms)]
    ever = [each for each in healthy if each.false_alarms]
    print(f"\nTroubled runs whose last verdict names a symptom: {_share(right, troubled)}.")
    print(
        f"Of these, with about the right beginning: {_share([each for each in begun if each.onset_is_right], begun)}."
    )
    print(f"Troubled runs whose last verdict is {', '.join(SILENT[:-1])} or {SILENT[-1]}: {_share(silent, troubled)}.")
    print(f"Healthy runs ever called {', '.join(GRAVE[:-1])} or {GRAVE[-1]}: {_share(grave, healthy)}.")
    print(f"Healthy runs ever called anything else but healthy: {_share(ever, healthy)}.")
    delays = [each.delay for each in right if each.delay is not None]
    if delays:
        print(f"Median delay: {statistics.median(delays):.2f} evaluations.")


def _print_by_symptom(judged: Sequence[Judged]) -> None:
    """How often right, and how early, by symptom."""
    rows: defaultdict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        for name in each.truth.symptoms:
            rows[name].append(each)
    print("\n| symptom | runs | named at the end | median delay, evaluations |\n|---|---|---|---|")
    for name, runs in rows.items():
        delays = [each.delay for each in runs if each.delay is not None]
        median = f"{statistics.median(delays):.1f}" if delays else "-"
        print(f"| {name} | {len(runs)} | {sum(each.right for each in runs)} | {median} |")


def _print_mistakes(judged: Sequence[Judged]) -> None:
    for each in judged:
        names = ", ".join(f"{verdict.name}" for verdict in each.verdicts)
        if not each.right:
            print(f"- wrong: {each.scenario.name} ({each.truth}): {names}")
        elif each.false_alarms:
            print(f"- false alarm: {each.scenario.name}: {names}")
        if each.seen_otherwise:
            print(f"- seen otherwise: {each.scenario.name}: {each.seen}, not {each.truth}")


def _share(part: Sequence[object], whole: Sequence[object]) -> str:
    return f"{len(part)} of {len(whole)} ({len(part) / max(len(whole), 1):.1%})"
