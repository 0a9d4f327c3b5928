"""Whether advice helps: each remedy of a verdict is tried from the start, on runs that got this verdict.

    python -m benchmarks.nature.advice RUNS TRIALS [--most 4] [--part 1/2] [--hours H]
    python -m benchmarks.nature.advice RUNS TRIALS --table [--keep FILE]

RUNS is the folder of `python -m benchmarks.nature`, or the file that it keeps. For every troubled run whose last
verdict is right, and every remedy of it that changes options, the run is trained again with the changed options, at
most four times for each remedy of each verdict. TRIALS is a folder that keeps the logs, so you can stop the command and
repeat it. `--table` only counts how often each remedy helped; it also takes a file that `--keep` wrote as TRIALS.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.nature.hindsight import truth
from benchmarks.nature.pictures import dataset
from benchmarks.nature.scenarios import budget
from benchmarks.nature.table import Judged, judge
from benchmarks.verdict.records import Kept, read, write
from benchmarks.verdict.training import train_and_keep
from ganvas.gans import find
from ganvas.settings.config import resolve
from ganvas.verdict.remedy import own_values

# A remedy helped if KID at the end is lower by this share, or if nothing is wrong any more.
LOWER: Final = 0.1
# What the remedy of a run's own unusual options is called in the table.
OWN: Final = "the recipe's own values"


@dataclass(frozen=True)
class Trial:
    """One remedy of one run.

    Attributes:
        before: the run in trouble.
        verdict: its last verdict.
        remedy: the remedy's words.
        options: settings and options of the new run.
    """

    before: Judged
    verdict: str
    remedy: str
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of its files."""
        slug = "".join(letter if letter.isalnum() else "-" for letter in self.remedy)
        return f"{self.before.scenario.name}+{slug}"

    def helped(self, after: Kept) -> bool:
        """Whether the new run has no symptoms, or fewer and a KID that is lower by `LOWER`."""
        symptoms, now = self.before.truth.symptoms.keys(), truth(after).symptoms.keys()
        lower = after.evals[-1].number("kid") < (1 - LOWER) * self.before.run.evals[-1].number("kid")
        return not now or (lower and now <= symptoms and "copies" not in now)


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("trials", type=Path)
    parser.add_argument("--most", type=int, default=4, help="runs for each remedy of each verdict")
    parser.add_argument("--part", default="1/1", metavar="K/N", help="every N-th trial from the K-th on")
    parser.add_argument("--hours", type=float, help="begin no trial after this time")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write all finished trials to one file")
    args = parser.parse_args()
    planned = list(trials(judge(args.runs), args.most))
    part, parts = map(int, args.part.split("/"))
    deadline = time.monotonic() + 3600 * (args.hours or float("inf"))
    for trial in [] if args.table else planned[part - 1 :: parts]:
        if (args.trials / trial.name).exists():
            continue
        if time.monotonic() > deadline:
            break
        scenario = trial.before.scenario
        data = dataset(scenario.data, args.trials / "data")
        train_and_keep(args.trials / trial.name, data, scenario.recipe, trial.options)
        print(f"{trial.name} is done", flush=True)
    finished = read(args.trials, [trial.name for trial in planned])
    print_table(planned, finished)
    if args.keep:
        write(finished, args.keep)


def trials(judged: Sequence[Judged], most: int) -> Iterator[Trial]:
    """The remedies to try: of each verdict, each on the first `most` runs that got it rightly."""
    tried: Counter[tuple[str, str]] = Counter()
    for each in judged:
        if each.truth.healthy or not each.right or each.last.kind is None:
            continue
        recipe, given = find(each.scenario.recipe), budget(each.scenario) | each.scenario.options
        options = resolve(each.scenario.recipe, recipe.defaults, given).options.model_dump()
        own = own_values(options, recipe.defaults.model_dump())
        named = {OWN: own} if own else {}
        for words, remedy in {**named, **{remedy.words: remedy for remedy in each.last.kind.remedies}}.items():
            changes = remedy.changes(options)
            if changes and tried[each.last.name, words] < most:
                tried[each.last.name, words] += 1
                yield Trial(each, each.last.name, words, given | changes)


def print_table(planned: Sequence[Trial], finished: Sequence[Kept]) -> None:
    """Print how often each remedy helped."""
    runs = {run.name: run for run in finished}
    outcomes: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for trial in planned:
        if trial.name in runs:
            outcomes[trial.verdict, trial.remedy].append(trial.helped(runs[trial.name]))
    print("| verdict | advice | tried | helped |\n|---|---|---|---|")
    for (verdict, remedy), helped in sorted(outcomes.items()):
        print(f"| {verdict} | {remedy} | {len(helped)} | {sum(helped)} |")


if __name__ == "__main__":
    main()
