"""How accurate verdicts are, on runs whose outcome is known.

    python -m benchmarks.verdict RESULTS [--seeds 4] [--only NAME...] [--part 1/2] [--table] [--keep FILE]

RESULTS is a folder that keeps the logs of finished runs, so you can stop the command and repeat it. The current rules
judge these logs at every call. `--table` does nothing else; it also takes a file that `--keep` wrote. Rules may be
tuned on the tuning half only.
"""

import argparse
from pathlib import Path

from benchmarks.verdict.pictures import dataset
from benchmarks.verdict.records import write
from benchmarks.verdict.scenarios import COMMON, Planned, planned
from benchmarks.verdict.table import judge, print_tables
from benchmarks.verdict.training import train_and_keep


def main() -> None:
    """Train what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME")
    parser.add_argument("--table", action="store_true")
    parser.add_argument(
        "--part", default="1/1", metavar="K/N", help="every N-th run from the K-th on, to share the work"
    )
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write all finished runs to one file")
    args = parser.parse_args()
    runs = [run for run in planned(args.seeds) if run.name.startswith(tuple(args.only))]
    part, parts = map(int, args.part.split("/"))
    for run in [] if args.table else runs[part - 1 :: parts]:
        if not (args.results / run.name).exists():
            keep(run, args.results)
            print(f"{run.name} is done", flush=True)
    judged = judge(args.results, args.seeds)
    print_tables(judged)
    if args.keep:
        write([each.run for each in judged], args.keep)


def keep(run: Planned, results: Path) -> None:
    """Train one run and keep its logs."""
    scenario = run.scenario
    options = COMMON | {"budget": f"{scenario.kimg}kimg", "eval_every": f"{scenario.kimg / 10}kimg"} | scenario.options
    data = dataset(scenario.data, results / "data")
    train_and_keep(results / run.name, data, scenario.recipe, options | {"seed": run.seed})


if __name__ == "__main__":
    main()
