"""How often a run is evaluated, and what part of its time that takes.

    python -m benchmarks.pace FOLDER [--budgets 60s 20m] [--busy 0 1] [--recipes dcgan atelier] [--runs RUN...]

Trains on 300 of the embedded paintings at 32 px, for each budget and each number of busy processes beside, with an
empty cache, as on a user's first run. FOLDER keeps the paintings. `--runs` tells the same of runs that exist.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.workload import busy_processes
from ganvas.data.prepare.prepare import prepare
from ganvas.runs.logs import RunLogs


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budgets", nargs="*", default=["60s"])
    parser.add_argument("--busy", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--recipes", nargs="*", default=["dcgan", "atelier"])
    parser.add_argument("--runs", nargs="*", type=Path, default=[])
    args = parser.parse_args()
    data = args.folder / "painted32"
    if not data.exists():
        prepare("painter:300", data, size=32, split="0.1")
    print(
        "| run | busy processes | kimg | evaluations | pictures of each | part of the time |\n|---|---|---|---|---|---|"
    )
    for recipe in args.recipes:
        for budget in args.budgets:
            for busy in args.busy:
                with tempfile.TemporaryDirectory() as folder, busy_processes(busy):
                    run = Path(folder) / "run"
                    train(data, run, recipe, budget, Path(folder) / "cache")
                    print(row(f"`{recipe}`, {budget}", busy, run), flush=True)
    for run in args.runs:
        print(row(run.name, 0, run))


def train(data: Path, run: Path, recipe: str, budget: str, cache: Path) -> None:
    """Train through the command line."""
    command = [sys.executable, "-m", "ganvas", "train", str(data), "--recipe", recipe, "--out", str(run)]
    environment = os.environ | {"GANVAS_CACHE": str(cache)}
    subprocess.run([*command, "--budget", budget], check=True, env=environment, capture_output=True)


def row(name: str, busy: int, run: Path) -> str:
    """One row of the table."""
    logs = RunLogs.open(run)
    evaluations, last = logs.evaluations, logs.stats[-1]
    counts = ", ".join(f"{each.number('generated'):.0f}" for each in evaluations)
    share = sum(each.number("seconds") for each in evaluations) / last.number("seconds")
    return f"| {name} | {busy} | {last.kimg:.0f} | {len(evaluations)} | {counts} | {share:.1%} |"


if __name__ == "__main__":
    main()
