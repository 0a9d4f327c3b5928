"""How accurate the forecast of `ganvas train` is: time, amount of training and memory.

    python -m benchmarks.forecast DATA RESULTS [--only NAME...] [--pictures 1500]

DATA is a folder that keeps the painted pictures, RESULTS one that keeps every run. Finished runs are not repeated, so
you can stop the command and repeat it. Ten different configurations train for about 40 seconds each, in processes of
their own, whose peak memory is read. Seconds are those of the call of `ganvas.train`. Features of real pictures are
computed again for each dataset. Nothing else may run at the same time.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_bytes
from benchmarks.results import finished
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.files import append_record
from ganvas.machine.memory import GIB, share_heap
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs

PICTURES = 1500
# The largest relative error that counts as right.
TOLERANCE = 0.25


@dataclass(frozen=True)
class Case:
    """One configuration.

    Attributes:
        recipe: its name.
        size: of the pictures.
        changes: settings and options, as `--set` takes them.
    """

    recipe: str
    size: int
    changes: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        changes = ", ".join(f"{key}={value}" for key, value in self.changes.items())
        return f"`{self.recipe}` {self.size} px, {changes}"


CASES = {
    "small": Case("dcgan", 32, {"width": "32", "budget": "40s", "eval_samples": "300", "eval_every": "10s"}),
    "tutorial": Case("dcgan", 64, {"budget": "45s", "eval_samples": "300"}),
    "counted": Case("dcgan", 64, {"width": "32", "batch_size": "32", "budget": "10kimg", "eval_every": "4kimg"}),
    "default": Case("atelier", 32, {"budget": "50s", "eval_samples": "400", "vision_from": "15"}),
    "steps": Case("atelier", 64, {"batch_size": "32", "budget": "60steps", "eval_samples": "200"}),
    "large": Case("atelier", 128, {"width": "12", "batch_size": "16", "budget": "45s", "eval_samples": "100"}),
    "penalised": Case("wgan-gp", 32, {"width": "32", "budget": "40s", "eval_samples": "300", "eval_every": "15s"}),
    "heavy": Case("mlp", 64, {"budget": "10kimg", "eval_samples": "500", "eval_every": "5kimg"}),
    "classes": Case("cdcgan", 32, {"width": "32", "budget": "6epochs", "eval_samples": "300", "eval_every": "2epochs"}),
    "unmeasured": Case("dcgan", 128, {"width": "16", "batch_size": "16", "budget": "40s", "eval_samples": "0"}),
}


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), help="some of the configurations")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="of each dataset")
    parser.add_argument("--alone", choices=CASES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.alone:
        print(json.dumps(_train(CASES[args.alone], args.data, args.results)))
        return
    args.results.mkdir(parents=True, exist_ok=True)
    done = {record["name"] for record in finished(args.results / "results.jsonl")}
    for name in args.only:
        if name not in done:
            append_record(args.results / "results.jsonl", _measured(name, args.data, args.results, args.pictures))
    print_table(finished(args.results / "results.jsonl"))


def _measured(name: str, data: Path, results: Path, pictures: int) -> dict[str, Any]:
    """Train one configuration in a process of its own; the record of its forecast and of what was measured."""
    case, run = CASES[name], results / name
    painted = data / f"painted{case.size}-{pictures}"
    if not painted.exists():
        prepare(f"painter:{pictures}", painted, size=case.size, split="0.1")
    shutil.rmtree(run, ignore_errors=True)  # an interrupted run took longer than a whole one
    command = [sys.executable, "-m", "benchmarks.forecast", str(painted), str(run), "--alone", name]
    cache = {"GANVAS_CACHE": str((results / "cache").resolve())}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | cache)
    measured = json.loads(done.stdout.splitlines()[-1])
    expected = RunDirectory.open(run).record.forecast
    print(f"{name}: {measured['seconds']:.0f} s, forecast {expected['seconds']:.0f} s", file=sys.stderr)
    return {"name": name, "case": asdict(case), "foreseen": expected, "happened": measured}


def _train(case: Case, data: Path, run: Path) -> dict[str, float]:
    """Train a configuration in this process and measure it."""
    share_heap()  # as the command does
    from ganvas.planning.run import train

    started = time.perf_counter()
    changes: dict[str, Any] = dict(case.changes)
    outcome = train(data, run, case.recipe, **changes)
    seconds = time.perf_counter() - started
    peak = peak_bytes(resource.getrusage(resource.RUSAGE_SELF))
    evaluations = len(RunLogs.open(run).evaluations)
    return {"seconds": seconds, "kimg": outcome.kimg, "memory_bytes": peak, "evaluations": evaluations}


def print_table(records: list[dict[str, Any]]) -> None:
    """A row for each configuration, with forecast and measured values; then how many forecasts are right."""
    columns = [head for unit in ("s", "kimg", "GiB") for head in (f"{unit}, forecast", "measured", "ratio")]
    print(f"| run | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    ratios: dict[str, list[float]] = {"seconds": [], "kimg": [], "memory": []}
    for record in records:
        # The keys are those of results that were kept by earlier versions.
        expected, measured = record["foreseen"], record["happened"]
        memory = expected["memory_bytes"] + expected["mapped_bytes"]
        pairs = {
            "seconds": (expected["seconds"], measured["seconds"]),
            "kimg": (expected["kimg"], measured["kimg"]),
            "memory": (memory / GIB, measured["memory_bytes"] / GIB),
        }
        cells = []
        for kind, (forecast, value) in pairs.items():
            digits = 0 if kind == "seconds" else 2
            ratios[kind].append(forecast / value)
            cells += [f"{forecast:.{digits}f}", f"{value:.{digits}f}", f"{forecast / value:.2f}"]
        print(f"| {Case(**record['case'])} | {' | '.join(cells)} |")
    right = {kind: sum(abs(ratio - 1) <= TOLERANCE for ratio in found) for kind, found in ratios.items()}
    print(
        f"\nwithin {TOLERANCE:.0%}: " + ", ".join(f"{kind} {count} of {len(records)}" for kind, count in right.items())
    )


if __name__ == "__main__":
    main()
