"""What every recipe costs: pictures per second, operations, share of the CPU's peak speed, memory.

    python -m benchmarks.recipes [NAME...] [--size 64] [--rounds 3] [--work 1000] [--set KEY=VALUE...]
    python -m benchmarks.recipes --layers NAME [--size 64] [--steps 3] [--depth 4] [--set KEY=VALUE...]

Every recipe has its default options, changed by `--set`, and the supported picture size that is nearest to SIZE. In
each round, every recipe trains in a process of its own, one after the other, for about WORK billion operations, but at
least three steps. Then a large matrix product in the same precision measures the ceiling. The table has medians over
rounds. Operations are the textbook count that `ganvas recipes` shows. The share of the ceiling is what remains after
idle time, work that is not multiplication, and slow kernels.

`--layers` shows where a step's time goes, by layer and by kind of operation (`layers.py`). With `--set threads=1` it
counts the CPU time of the thread, which other programs do not lengthen.
"""

import argparse
import functools
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.layers import print_account
from benchmarks.workload import Trained, noise_dataset, train
from ganvas import gans
from ganvas.experiments.catalogue import CLASSES, USUAL_SIZE, operations_per_image
from ganvas.gans.recipe import Recipe
from ganvas.machine.ceiling import matrix_product_flops
from ganvas.machine.device import processor_name
from ganvas.settings.config import parse_assignments, resolve

LEAST_STEPS = 3
# Options with which the first steps of a recipe cost as much as those of most of a run.
STEADY_STATE = {"atelier": ["vision_from=0"]}


def main() -> None:
    """Run the rounds and print the table, or the profile of one recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=gans.names(), metavar="NAME")
    parser.add_argument("--size", type=int, default=USUAL_SIZE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=float, default=1000, metavar="GFLOP")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--layers", metavar="NAME")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--depth", type=int, default=4)
    args = parser.parse_args()
    if args.layers:
        changes = {"device": "cpu", **parse_assignments(args.set)}
        print_account(args.layers, nearest_size(args.layers, args.size), changes, args.steps, args.depth)
        return
    measured = [Measured(name, nearest_size(name, args.size), args.set) for name in args.recipes]
    ceilings: list[float] = []
    for number in range(args.rounds):
        run_round(measured, args.work)
        last = measured[0].runs[-1]
        ceilings.append(matrix_product_flops(last.precision, last.threads, side=4096))
        print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    print_table(measured, statistics.median(ceilings))


@dataclass(frozen=True)
class Measured:
    """A recipe, its picture size and changed options, and its runs, one for each round."""

    name: str
    size: int
    changes: list[str]
    runs: list[Trained] = field(default_factory=list)

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe with its changed options."""
        recipe_class = gans.find(self.name)
        return recipe_class(resolve(self.name, recipe_class.defaults, parse_assignments(self.changes)).options)

    @functools.cached_property
    def operations(self) -> float:
        """Floating-point operations of a training step per real picture."""
        return operations_per_image(self.recipe, self.size)

    @property
    def img_per_s(self) -> float:
        """The median over rounds."""
        return statistics.median(run.img_per_s for run in self.runs)

    def steps(self, work: float) -> int:
        """The number of steps that take `work` billion operations."""
        options = self.recipe.options
        return max(LEAST_STEPS, round(1e9 * work / (self.operations * options.batch_size * options.d_steps)))


def nearest_size(name: str, size: int) -> int:
    """The size that a recipe supports and that is nearest to `size`."""
    return min(gans.find(name).sizes, key=lambda supported: abs(supported - size))


def run_round(measured: list[Measured], work: float) -> None:
    """Train every recipe once."""
    with tempfile.TemporaryDirectory() as folder:
        for each in measured:
            classes = CLASSES if each.recipe.class_use.is_required else 0
            data = Path(folder) / f"{each.size}px-{classes}"
            if not data.exists():
                noise_dataset(data, each.size, classes=classes)
            options = STEADY_STATE.get(each.name, []) + each.changes
            each.runs.append(train(data, Path(folder) / each.name, each.name, each.steps(work), options))
            print(f"{each.name}: {each.runs[-1].img_per_s:.1f} img/s", file=sys.stderr)


def print_table(measured: list[Measured], ceiling: float) -> None:
    """The table of docs/performance.md."""
    runs = measured[0].runs
    arithmetic = f"{runs[0].precision}, {runs[0].threads} threads"
    print(f"{processor_name()}, {arithmetic}; {len(runs)} rounds; ceiling {ceiling / 1e9:.0f} GFLOP/s\n")
    print("| recipe | px | img/s (median) | GFLOP per picture | share of ceiling | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for each in measured:
        print(
            f"| `{each.name}` | {each.size} | {each.img_per_s:.1f} | {each.operations / 1e9:.2f} "
            f"| {each.img_per_s * each.operations / ceiling:.0%} | {max(run.peak for run in each.runs):.0f} |"
        )


if __name__ == "__main__":
    main()
