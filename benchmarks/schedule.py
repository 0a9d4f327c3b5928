"""When the second opinion of `atelier` begins, from slow machines to fast ones, and what that brings.

    python -m benchmarks.schedule
    python -m benchmarks.schedule --train DATA OUT [--kimg 9 18 36 72 150 300] [--seeds 1] [--set KEY=VALUE ...]

The first command prints, for each speed and budget, the thousands of pictures of the run, when the heads over frozen
features join, and when they have their full weight. The second trains runs of these lengths, with the schedule and with
the options as they are without one, and prints KID and recall at their ends. A length in pictures stands for every
speed and budget with this product, so other work on the machine changes nothing but the time. OUT keeps the runs, and
the same command continues.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.workload import option_words
from ganvas.gans.atelier import Atelier
from ganvas.planning.costs import Costs
from ganvas.planning.run import complete
from ganvas.planning.schedule import choose_schedule
from ganvas.runs.logs import RunLogs
from ganvas.settings.budget import Amount
from ganvas.settings.config import parse_assignments
from ganvas.verdict.evaluation import Evaluation

SPEEDS, BUDGETS = (30, 60, 120, 250, 600), ("5m", "10m", "20m", "40m", "2h")
KEYS = ("vision_from", "vision_over")


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", nargs=2, type=Path, metavar=("DATA", "OUT"))
    parser.add_argument("--kimg", nargs="+", type=float, default=[9, 18, 36, 72, 150, 300])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    args = parser.parse_args()
    if not args.train:
        print_schedule()
        return
    data, out = args.train
    print("| kimg | seed | schedule | KID | recall | KID without it | recall |\n|---|---|---|---|---|---|---|")
    for kimg in args.kimg:
        for seed in range(args.seeds):
            options = {"budget": f"{kimg:g}kimg", "seed": seed, **parse_assignments(args.assignments)}
            chosen = schedule(Amount(kimg, "kimg"), 1.0)
            fixed = {key: getattr(Atelier.defaults, key) for key in KEYS}
            ends = [end(data, out, options | values) for values in (chosen, fixed)]
            cells = [f"{each.number('kid'):.3f} | {each.number('recall'):.3f}" for each in ends]
            print(f"| {kimg:g} | {seed} | {', '.join(option_words(chosen)[1::2])} | {' | '.join(cells)} |", flush=True)


def schedule(budget: Amount, img_per_s: float) -> dict[str, object]:
    """The options that a run of `atelier` gets."""
    recipe = Atelier(Atelier.defaults)
    costs = Costs(0, 0, recipe.options.batch_size, img_per_s)
    chosen = {each.key: each.value for each in choose_schedule(recipe, budget, (), costs, pictures=1)}
    return {key: chosen.get(key, getattr(recipe.options, key)) for key in KEYS}


def print_schedule() -> None:
    """A row for each speed, a column for each budget: kimg, when the heads join, and when they have full weight."""
    print(f"| img/s | {' | '.join(BUDGETS)} |\n|---|{'---|' * len(BUDGETS)}")
    for img_per_s in SPEEDS:
        cells = []
        for budget in map(Amount.parse, BUDGETS):
            begin, over = (float(str(value)) for value in schedule(budget, img_per_s).values())
            kimg = budget.images(img_per_s, 1, 1) / 1000
            cells.append(f"{kimg:.0f}: {begin:.0f}, {begin + over:.0f}")
        print(f"| {img_per_s} | {' | '.join(cells)} |")


def end(data: Path, out: Path, options: dict[str, Any]) -> Evaluation:
    """The last evaluation of a run with these options, which is trained if it has not been."""
    name = "-".join(f"{key}{value}" for key, value in options.items() if key in ("budget", "seed", *KEYS))
    complete(data, out / name, "atelier", **options)
    return RunLogs.open(out / name).evaluations[-1]


if __name__ == "__main__":
    main()
