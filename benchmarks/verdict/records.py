"""The benchmark's runs as records: what each logged, from a folder of run directories or from one file of them all."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.verdict.scenarios import Planned, planned
from ganvas.foundation.files import read_records, whole_file
from ganvas.verdict.monitor import Monitor, Verdict

# What of the evaluations and the log the file keeps beside numbers of the scores.
_DROPPED = {"verdict", "verdict_since", "verdict_classes", "evidence", "advice", "response"}
# Significant digits in the file: more than any rule can tell apart.
_DIGITS = 5


@dataclass(frozen=True)
class Kept:
    """A finished run of the benchmark.

    Attributes:
        planned: what it is.
        augmentations: what D's pictures were augmented with.
        evals: the lines of its `evals.jsonl`, without verdicts.
        stats: the lines of its `stats.jsonl`.
    """

    planned: Planned
    augmentations: tuple[str, ...]
    evals: list[dict[str, Any]]
    stats: list[dict[str, Any]]

    def verdicts(self) -> list[Verdict]:
        """What the rules, as they are now, say at each of its evaluations."""
        judge, lines = Monitor(self.augmentations), iter(self.stats)
        line = next(lines, None)
        said = []
        for record in self.evals:
            while line is not None and line["kimg"] <= record["kimg"]:
                judge.logged(line)
                line = next(lines, None)
            said.append(judge.judge(dict(record)))
        return said


def read(results: Path, seeds: int) -> list[Kept]:
    """The finished runs in a folder of them, or in a file that `write` wrote, in the order of the plan."""
    runs = {run.name: run for run in planned(seeds)}
    records = _of_file(results) if results.is_file() else _of_folder(results, runs)
    found = {
        record["name"]: Kept(runs[record["name"]], tuple(record["augmentations"]), record["evals"], record["stats"])
        for record in records
        if record["name"] in runs
    }
    return [found[name] for name in runs if name in found]


def write(runs: list[Kept], file: Path) -> None:
    """Write runs to one file, for the table to be printed where they are not."""
    lines = [
        json.dumps(
            {
                "name": run.planned.name,
                "augmentations": run.augmentations,
                "evals": _rounded(run.evals),
                "stats": _rounded(run.stats),
            }
        )
        for run in runs
    ]
    with whole_file(file) as partial:
        # Without the time of writing, so that the same runs make the same file.
        partial.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def _of_file(file: Path) -> Iterator[dict[str, Any]]:
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        yield json.loads(line)


def _of_folder(folder: Path, runs: dict[str, Planned]) -> Iterator[dict[str, Any]]:
    for name in runs:
        directory = folder / name
        if not directory.is_dir():
            continue
        augment = yaml.safe_load((directory / "config.yaml").read_text())["options"]["augment"]
        evals = [
            {key: value for key, value in record.items() if key not in _DROPPED}
            for record in read_records(directory / "evals.jsonl")
        ]
        stats = read_records(directory / "stats.jsonl")
        yield {
            "name": name,
            "augmentations": () if augment == "none" else augment.split(","),
            "evals": evals,
            "stats": stats,
        }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
