"""The results of all trials, one line each, so that `make torture` goes on where it was stopped; and their table."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ganvas.foundation.files import append_record, read_records
from torture.workshop import Fault, Trial

# Cases that a row names; of more, their kinds.
_MOST_NAMED = 40


class Results:
    """The file of results.

    Args:
        file: its path.
        seed: of the trials.
    """

    def __init__(self, file: Path, seed: int) -> None:
        self._file, self._seed = file, seed
        file.parent.mkdir(parents=True, exist_ok=True)

    def add(self, fault: Fault, number: int, trial: Trial) -> None:
        """Keep the result of a trial."""
        append_record(self._file, {"class": fault.name, "seed": self._seed, "number": number, **asdict(trial)})

    def missing(self, fault: Fault, count: int) -> list[int]:
        """The trials that have not been made, or that went wrong when they were made last."""
        done = {number for number, line in self._of(fault).items() if not line["problems"]}
        return [number for number in range(count) if number not in done]

    def _of(self, fault: Fault) -> dict[int, dict[str, object]]:
        """The last result of each trial of a class, by its number."""
        lines = (line for line in read_records(self._file) if line["class"] == fault.name)
        return {line["number"]: line for line in lines if line["seed"] == self._seed}

    def table(self, faults: Sequence[Fault]) -> str:
        """The table of docs/reliability.md, in Markdown."""
        rows = ["| fault | how it is caused | tried on | faults | went wrong |", "|---|---|---|---|---|"]
        for fault in faults:
            if lines := self._of(fault):
                trials = [Trial(**{key: line[key] for key in asdict(Trial(""))}) for line in lines.values()]  # type: ignore[arg-type]
                rows.append(_row(fault, trials))
        return "\n".join(rows)


def _row(fault: Fault, trials: Sequence[Trial]) -> str:
    cases = Counter[str]()
    notes = Counter[str]()
    for trial in trials:
        cases[trial.case] += trial.faults
        notes.update(trial.notes)
    if len(cases) > _MOST_NAMED:  # "snapshot: NaN weights" is a case of "snapshot"
        cases = sum((Counter({case.partition(":")[0]: count}) for case, count in cases.items()), Counter[str]())
    tried = ", ".join(f"{case} {count:,}" for case, count in sorted(cases.items()))
    wrong = sum(bool(trial.problems) for trial in trials)
    counted = "".join(f"; {count:,} {name}" for name, count in sorted(notes.items()))
    return f"| {fault.title} | {fault.how} | {tried} | {sum(cases.values()):,}{counted} | {wrong} |"


def problems(file: Path) -> list[str]:
    """All lines about trials that went wrong when they were made last."""
    last = {(line["class"], line["seed"], line["number"]): line for line in read_records(file)}
    return [json.dumps(line) for line in last.values() if line["problems"]]
