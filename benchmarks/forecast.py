"""Whether what `ganvas train` says before it begins is what happens: time, amount of training and memory.

    python -m benchmarks.forecast DATA RESULTS [--only NAME...] [--pictures 1500]

DATA is a folder that keeps the painted pictures, RESULTS one that keeps every run; what is finished is not done again,
so that the command can be stopped and repeated. Each of ten unlike configurations trains for about 40 seconds in a
process of its own, from whose start to end its peak memory is read. Seconds are those of `ganvas.train`, from its call
to its return. Real features are computed anew for each dataset. Nothing else may run beside it.
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
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.files import append_record, read_records
from ganvas.machine.memory import GIB, share_heap
from ganvas.runs.directory import RunDirectory

PICTURES = 1500
# What counts as right.
TOLERANCE = 0.25


@dataclass(frozen=True)
class Case:
    """One configuration.

    Attributes:
        recipe: what is trained.
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
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(_train(CASES[given.alone], given.data, given.results)))
        return
    given.results.mkdir(parents=True, exist_ok=True)
    done = {record["name"] for record in _records(given.results)}
    for name in given.only:
        if name not in done:
            append_record(given.results / "results.jsonl", _measured(name, given.data, given.results, given.pictures))
    print_table(_records(given.results))


def _measured(name: str, data: Path, results: Path, pictures: int) -> dict[str, Any]:
    """Train one configuration in a process of its own: what was foreseen, and what happened."""
    case, run = CASES[name], results / name
    painted = data / f"painted{case.size}-{pictures}"
    if not painted.exists():
        prepare(f"painter:{pictures}", painted, size=case.size, split="0.1")
    shutil.rmtree(run, ignore_errors=True)  # one that was interrupted took longer than it would have
    command = [sys.executable, "-m", "benchmarks.forecast", str(painted), str(run), "--alone", name]
    cache = {"GANVAS_CACHE": str((results / "cache").resolve())}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | cache)
    happened = json.loads(done.stdout.splitlines()[-1])
    expected = RunDirectory.open(run).record.forecast
    print(f"{name}: {happened['seconds']:.0f} s, {expected['seconds']:.0f} foreseen", file=sys.stderr)
    return {"name": name, "case": asdict(case), "foreseen": expected, "happened": happened}


def _train(case: Case, data: Path, run: Path) -> dict[str, float]:
    """What happens to this process when it trains a configuration."""
    share_heap()  # as the command does
    from ganvas.planning.run import train

    started = time.perf_counter()
    changes: dict[str, Any] = dict(case.changes)
    outcome = train(data, run, case.recipe, **changes)
    seconds = time.perf_counter() - started
    peak = peak_bytes(resource.getrusage(resource.RUSAGE_SELF))
    evaluations = len(read_records(run / "evals.jsonl")) if (run / "evals.jsonl").exists() else 0
    return {"seconds": seconds, "kimg": outcome.kimg, "memory_bytes": peak, "evaluations": evaluations}


def _records(results: Path) -> list[dict[str, Any]]:
    file = results / "results.jsonl"
    return read_records(file) if file.exists() else []


def print_table(records: list[dict[str, Any]]) -> None:
    """A row a configuration, what was foreseen beside what happened; then how many ratios are right."""
    print("| run | s foreseen | taken | ratio | kimg foreseen | seen | ratio | GiB foreseen | taken | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    ratios: dict[str, list[float]] = {"seconds": [], "kimg": [], "memory": []}
    for record in records:
        expected, happened = record["foreseen"], record["happened"]
        memory = expected["memory_bytes"] + expected["mapped_bytes"]
        pairs = {
            "seconds": (expected["seconds"], happened["seconds"]),
            "kimg": (expected["kimg"], happened["kimg"]),
            "memory": (memory / GIB, happened["memory_bytes"] / GIB),
        }
        cells = []
        for kind, (foreseen, taken) in pairs.items():
            digits = 0 if kind == "seconds" else 2
            ratios[kind].append(foreseen / taken)
            cells += [f"{foreseen:.{digits}f}", f"{taken:.{digits}f}", f"{foreseen / taken:.2f}"]
        print(f"| {Case(**record['case'])} | {' | '.join(cells)} |")
    right = {kind: sum(abs(ratio - 1) <= TOLERANCE for ratio in found) for kind, found in ratios.items()}
    print(
        f"\nwithin {TOLERANCE:.0%}: " + ", ".join(f"{kind} {count} of {len(records)}" for kind, count in right.items())
    )


if __name__ == "__main__":
    main()
