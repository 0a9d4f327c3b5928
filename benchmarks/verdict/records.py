"""The logs of the benchmark's runs, read from a folder of run directories or from one file of all runs."""

import gzip
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ganvas.foundation.files import whole_file
from ganvas.runs.logs import RunLogs
from ganvas.verdict.evaluation import Evaluation, Verdict
from ganvas.verdict.measurement import LogLine, Measurement
from ganvas.verdict.monitor import Monitor

# The file of a run's directory that holds its long evaluation.
LONG = "long.json"
# Significant digits in the file; no rule needs more.
_DIGITS = 5


@dataclass(frozen=True)
class Kept:
    """A finished run of a benchmark.

    Attributes:
        name: of its scenario.
        augmentations: those of D's pictures.
        evals: the lines of its `evals.jsonl`; their verdicts are not used.
        stats: the lines of its `stats.jsonl`.
        long: the figures of an evaluation of many pictures of the last networks; empty if there was none.
    """

    name: str
    augmentations: tuple[str, ...]
    evals: list[Evaluation]
    stats: list[LogLine]
    long: Mapping[str, object] = field(default_factory=dict)

    def verdicts(self) -> list[Verdict]:
        """The verdicts of the current rules at each of its evaluations."""
        monitor, lines = Monitor(self.augmentations), iter(self.stats)
        line = next(lines, None)
        verdicts = []
        for evaluation in self.evals:
            while line is not None and line.kimg <= evaluation.kimg:
                monitor.logged(line)
                line = next(lines, None)
            verdict = monitor.judge(evaluation)
            monitor.evaluated(Evaluation.concluded(evaluation, verdict, evaluation.best))
            verdicts.append(verdict)
        return verdicts


def read(results: Path, names: Collection[str]) -> list[Kept]:
    """The finished runs of these names in a folder, or in a file that `write` wrote, in the order of the names."""
    found = {run.name: run for run in (_of_file if results.is_file() else _of_folder)(results, names)}
    return [found[name] for name in names if name in found]


def write(runs: list[Kept], file: Path) -> None:
    """Write runs to one file, from which the tables can be printed without the folder."""
    lines = [
        json.dumps(
            {
                "name": run.name,
                "augmentations": run.augmentations,
                "evals": _rounded([Measurement.record(each) | {"best": each.best} for each in run.evals]),
                "stats": _rounded([line.record() for line in run.stats]),
            }
            | ({"long": _rounded(dict(run.long))} if run.long else {})
        )
        for run in runs
    ]
    with whole_file(file) as partial:
        # Without the time of writing, so that the same runs make the same file.
        partial.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def _of_file(file: Path, names: Collection[str]) -> Iterator[Kept]:
    for text in gzip.decompress(file.read_bytes()).decode().splitlines():
        run = json.loads(text)
        if run["name"] in names:
            yield Kept(
                run["name"],
                tuple(run["augmentations"]),
                [Evaluation.parse(record) for record in run["evals"]],
                [LogLine.parse(record) for record in run["stats"]],
                run.get("long", {}),
            )


def _of_folder(folder: Path, names: Collection[str]) -> Iterator[Kept]:
    for name in names:
        directory = folder / name
        if directory.is_dir():
            augment = yaml.safe_load((directory / "config.yaml").read_text())["options"]["augment"]
            logs = RunLogs.open(directory)
            augmentations = () if augment == "none" else tuple(augment.split(","))
            long = json.loads(file.read_text()) if (file := directory / LONG).exists() else {}
            yield Kept(name, augmentations, list(logs.evaluations), list(logs.stats), long)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
