"""How much of its speed a training keeps while other programs are busy.

    python -m benchmarks.contention FOLDER [--busy 0 1 2 4] [--rounds 3] [--seconds 30] [--recipe atelier]
        [--candidates default two-threads one-thread spin-3000 spin-30000 passive] [--set KEY=VALUE ...]

Trains on 300 of the embedded paintings at 32 px, which FOLDER keeps, beside 0, 1, 2 and 4 processes that do nothing but
keep a core busy. Candidates are ways to run: options of ganvas, or variables of the environment that OpenMP reads.
Rounds are interleaved: each trains every candidate beside every number of processes once. The table has medians of the
pictures per second, and their share of the first candidate's speed with nothing else busy. Each run's first third does
not count, because the number of threads may change in it. All runs do the same work: the second opinion of `atelier`
judges in full from the start, unless `--set vision_from=1000` keeps it away.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.workload import busy_processes, option_words
from ganvas.data.prepare.prepare import prepare
from ganvas.runs.logs import RunLogs
from ganvas.settings.config import parse_assignments


@dataclass(frozen=True)
class Candidate:
    """A way to run a training: options of ganvas and variables of the environment."""

    options: dict[str, object] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


CANDIDATES = {
    "default": Candidate(),
    "two-threads": Candidate({"threads": 2}),
    "one-thread": Candidate({"threads": 1}),
    "spin-3000": Candidate({"threads": 2}, {"GOMP_SPINCOUNT": "3000"}),
    "spin-30000": Candidate({"threads": 2}, {"GOMP_SPINCOUNT": "30000"}),
    "passive": Candidate({"threads": 2}, {"OMP_WAIT_POLICY": "PASSIVE"}),
}
# Otherwise a run that is slower would meet the second opinion, which takes a third of the time, earlier or never.
ALIKE: dict[str, dict[str, object]] = {"atelier": {"vision_from": 0, "vision_over": 0}}
Key = tuple[str, int]


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--busy", nargs="+", type=int, default=[0, 1, 2, 4])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--recipe", default="atelier")
    parser.add_argument("--candidates", nargs="+", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    args = parser.parse_args()
    data = args.folder / "painted32"
    if not data.exists():
        prepare("painter:300", data, size=32, split="0.1")
    options, speeds = parse_assignments(args.assignments), dict[Key, list[float]]()
    for number in range(args.rounds):
        for busy in args.busy:
            for name in args.candidates:
                with busy_processes(busy):
                    speed = train(data, args.recipe, args.seconds, CANDIDATES[name], options)
                speeds.setdefault((name, busy), []).append(speed)
                print(f"round {number + 1}, {name}, {busy} busy: {speed:.1f} img/s", file=sys.stderr)
    print_table(speeds, args.candidates, args.busy)


def train(data: Path, recipe: str, seconds: int, candidate: Candidate, options: dict[str, str]) -> float:
    """img/s of a run in a process of its own: the median over the lines of its log, without its first third."""
    quiet = {"device": "cpu", "eval_samples": 0, "tensorboard": False, "sample_every": "1h", "log_every": "1s"}
    chosen = option_words({**quiet, **ALIKE.get(recipe, {}), **candidate.options, **options})
    # The user's own variables would hide the candidate's.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ganvas", "train", str(data), "--out", f"{folder}/run", "--recipe", recipe]
        command += ["--budget", f"{seconds}s", *chosen]
        subprocess.run(command, check=True, capture_output=True, env=environment | candidate.environment)
        lines = RunLogs.open(Path(folder) / "run").stats
    return statistics.median(line.number("img_per_s") for line in lines if line.number("seconds") >= seconds / 3)


def print_table(speeds: dict[Key, list[float]], candidates: list[str], numbers: list[int]) -> None:
    """A row for each candidate."""
    whole = statistics.median(speeds[candidates[0], numbers[0]])
    print(f"| candidate | {' | '.join(f'{busy} busy' for busy in numbers)} |")
    print("|---|" + "---|" * len(numbers))
    for name in candidates:
        medians = [statistics.median(speeds[name, busy]) for busy in numbers]
        print(f"| {name} | {' | '.join(f'{each:.0f} ({each / whole:.2f})' for each in medians)} |")


if __name__ == "__main__":
    main()
