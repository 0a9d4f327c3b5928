"""How accurate verdicts are on faults that nobody planted.

    python -m benchmarks.nature RESULTS [--group tuning] [--only NAME...] [--part 1/2] [--hours H]
    python -m benchmarks.nature RESULTS --table [--keep FILE] [--sheets FOLDER] [--figure PNG]

RESULTS is a folder that keeps the logs of finished runs, their sample grids, and an evaluation of 4,000 pictures of the
last networks, so you can stop the command and repeat it. Set GANVAS_ART to a folder of real art (docs/results.md).
`--table` judges the finished runs by the current rules; it also takes a file that `--keep` wrote. `--sheets` writes
their last grids in a random order, to be looked at; `--figure` draws how early each symptom is named.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

from benchmarks.nature.figure import draw
from benchmarks.nature.pictures import dataset
from benchmarks.nature.scenarios import GROUPS, Scenario, budget, scenarios
from benchmarks.nature.sheets import write_sheets
from benchmarks.nature.table import judge, print_tables
from benchmarks.verdict.records import LONG, write
from benchmarks.verdict.training import train_and_keep
from ganvas.artist.artist import load
from ganvas.data.dataset.dataset import Dataset
from ganvas.metrics.evaluator import Evaluator

# Pictures of the long evaluation at the end of a run.
MANY = 4000


def main() -> None:
    """Train what is missing, or print the tables of what is finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--group", choices=GROUPS)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME")
    parser.add_argument(
        "--part", default="1/1", metavar="K/N", help="every N-th run from the K-th on, to share the work"
    )
    parser.add_argument("--hours", type=float, help="begin no run after this time")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write all finished runs to one file")
    parser.add_argument("--sheets", type=Path, metavar="FOLDER")
    parser.add_argument("--figure", type=Path, metavar="PNG")
    args = parser.parse_args()
    if args.table:
        tell(args)
    else:
        train_missing(args)


def tell(args: argparse.Namespace) -> None:
    """Print the tables of the finished runs, and write what is asked for."""
    judged = [each for each in judge(args.results) if each.scenario.group == (args.group or each.scenario.group)]
    print_tables(judged)
    if args.keep:
        write([each.run for each in judged], args.keep)
    if args.sheets:
        write_sheets(args.results, [each.scenario.name for each in judged], args.sheets)
    if args.figure:
        draw(judged, args.figure)


def train_missing(args: argparse.Namespace) -> None:
    """Train the runs that are asked for and not finished."""
    part, parts = map(int, args.part.split("/"))
    chosen = [each for each in scenarios() if each.group == (args.group or each.group)]
    chosen = [each for each in chosen if each.name.startswith(tuple(args.only))][part - 1 :: parts]
    deadline = time.monotonic() + 3600 * (args.hours or float("inf"))
    for scenario in chosen:
        if (args.results / scenario.name).exists():
            continue
        if time.monotonic() > deadline:
            break
        train_one(scenario, args.results)
        print(f"{scenario.name} is done", flush=True)


def train_one(scenario: Scenario, results: Path) -> None:
    """Train one run and keep what it logged and drew."""
    data = dataset(scenario.data, results / "data")

    def also(run: Path, kept: Path) -> None:
        shutil.copytree(run / "samples", kept / "samples")
        (kept / LONG).write_text(json.dumps(long_evaluation(run, data)))

    train_and_keep(results / scenario.name, data, scenario.recipe, budget(scenario) | scenario.options, also)


def long_evaluation(directory: Path, data: Path) -> dict[str, object]:
    """The scores of many pictures of the last networks; empty if there are none."""
    last = directory / "snapshots" / "last.safetensors"
    if not last.exists():
        return {}
    artist = load(last)
    images = artist.sample(MANY, seed=1)
    return Evaluator(Dataset.open(data), samples=MANY).score([images]).record()


if __name__ == "__main__":
    main()
