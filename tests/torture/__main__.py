"""Cause accidents, and print the table of docs/reliability.md.

What was tried is kept, so the same command goes on where it was stopped, and tries again what went wrong.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from torture import company, damage, fuzzing, growth, hostile, interrupts, kills, power_loss, refusals
from torture.results import Results, problems
from torture.workshop import Fault, Workshop

FAULTS = (
    kills.FAULT,
    interrupts.FAULT,
    refusals.FAULT,
    power_loss.FAULT,
    damage.FAULT,
    hostile.FAULT,
    fuzzing.FAULT,
    company.FAULT,
    growth.FAULT,
)


def main() -> int:
    """Make the trials that are missing; 1 if any went wrong."""
    arguments = _arguments()
    if shutil.which("gcc") is None:
        print("torture: gcc is missing; it compiles what makes system calls fail", file=sys.stderr)
        return 2
    os.environ["OMP_NUM_THREADS"] = "1"
    chosen = [fault for fault in FAULTS if arguments.only in ("", fault.name)]
    file = arguments.results / "results.jsonl"
    results, workshop = Results(file, arguments.seed), Workshop(arguments.results / "workshop")
    os.environ["GANVAS_CACHE"] = str(arguments.results / "workshop" / "cache")
    end = time.monotonic() + arguments.minutes * 60 if arguments.minutes else float("inf")
    try:
        for fault, number in _in_turn(results, chosen, arguments.count):
            if time.monotonic() > end:
                break
            trial = fault.attempt(workshop, number, Random(f"{arguments.seed} {fault.name} {number}"))
            results.add(fault, number, trial)
            print(f"{fault.name} {number}: {trial.case}, {trial.faults}", *trial.problems, sep="\n  ", flush=True)
    finally:
        workshop.close()
    print(results.table(FAULTS))
    wrong = problems(file)
    print(*wrong, sep="\n", file=sys.stderr)
    return int(bool(wrong))


def _in_turn(results: Results, faults: Sequence[Fault], count: int) -> list[tuple[Fault, int]]:
    """The trials that are missing, those of all classes mixed, so that none waits for the end of another."""
    places = []
    for fault in faults:
        total = count or fault.trials
        places += [(number / total, fault, number) for number in results.missing(fault, total)]
    return [(fault, number) for _, fault, number in sorted(places, key=lambda place: place[0])]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument(
        "--only", default="", choices=["", *(fault.name for fault in FAULTS)], help="one class of fault"
    )
    parser.add_argument("--count", type=int, default=0, help="trials of each class; by default those of the table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0, help="stop after as many; 0 goes on to the end")
    parser.add_argument("--results", type=Path, default=Path("build/torture"), help="folder of what was tried")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
