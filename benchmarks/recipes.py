"""What every recipe costs: pictures a second, operations, share of the processor's ceiling, memory.

    python -m benchmarks.recipes [NAME...] [--size 64] [--rounds 3] [--work 1000] [--set KEY=VALUE...]
    python -m benchmarks.recipes --layers NAME [--size 64] [--steps 3] [--depth 4] [--set KEY=VALUE...]

Every recipe has its default options and whatever is set, and pictures of SIZE if it supports that, else of the nearest
size that it does. In each round every recipe trains in a process of its own, one after the other, for about as many
billions of operations as WORK says, but three steps at least; then a large matrix product in the same precision is the
ceiling. Medians over rounds are printed. Operations are those of textbooks (`ganvas recipes` has them, too), so a share
of the ceiling is what is left after every loss: idle time, work that is not multiplication, and slow kernels.

`--layers` says where a step's time goes, layer by layer and by kind of operation (`layers.py`). With `--set threads=1`
it counts the thread's own processor time, which does not grow while other programs run.
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
# So that steps cost from the first one on what they cost in most of a run.
SETTLED = {"atelier": ["vision_from=0"]}


def main() -> None:
    """Run the rounds and print the table, or an account of one recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=gans.names(), metavar="NAME")
    parser.add_argument("--size", type=int, default=USUAL_SIZE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=float, default=1000, metavar="GFLOP")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--layers", metavar="NAME")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--depth", type=int, default=4)
    given = parser.parse_args()
    if given.layers:
        changes = {"device": "cpu", **parse_assignments(given.set)}
        print_account(given.layers, nearest_size(given.layers, given.size), changes, given.steps, given.depth)
        return
    measured = [Measured(name, nearest_size(name, given.size), given.set) for name in given.recipes]
    ceilings: list[float] = []
    for number in range(given.rounds):
        run_round(measured, given.work)
        last = measured[0].runs[-1]
        ceilings.append(matrix_product_flops(last.precision, last.threads, side=4096))
        print(f"round {number + 1} of {given.rounds} done", file=sys.stderr)
    print_table(measured, statistics.median(ceilings))


@dataclass(frozen=True)
class Measured:
    """A recipe, the size of its pictures, what is set, and its runs, one a round."""

    name: str
    size: int
    changes: list[str]
    runs: list[Trained] = field(default_factory=list)

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe with what is set."""
        kind = gans.find(self.name)
        return kind(resolve(self.name, kind.defaults, parse_assignments(self.changes)).options)

    @functools.cached_property
    def operations(self) -> float:
        """Floating-point operations of a training step, for each real picture."""
        return operations_per_image(self.recipe, self.size)

    @property
    def img_per_s(self) -> float:
        """The median over rounds."""
        return statistics.median(run.img_per_s for run in self.runs)

    def steps(self, work: float) -> int:
        """How many steps amount to so many billions of operations."""
        options = self.recipe.options
        return max(LEAST_STEPS, round(1e9 * work / (self.operations * options.batch_size * options.d_steps)))


def nearest_size(name: str, size: int) -> int:
    """The size nearest to the one asked for that a recipe supports."""
    return min(gans.find(name).sizes, key=lambda supported: abs(supported - size))


def run_round(measured: list[Measured], work: float) -> None:
    """Train every recipe once."""
    with tempfile.TemporaryDirectory() as folder:
        for each in measured:
            classes = CLASSES if each.recipe.class_use.is_required else 0
            data = Path(folder) / f"{each.size}px-{classes}"
            if not data.exists():
                noise_dataset(data, each.size, classes=classes)
            settled = SETTLED.get(each.name, []) + each.changes
            each.runs.append(train(data, Path(folder) / each.name, each.name, each.steps(work), settled))
            print(f"{each.name}: {each.runs[-1].img_per_s:.1f} img/s", file=sys.stderr)


def print_table(measured: list[Measured], ceiling: float) -> None:
    """The table of docs/performance.md."""
    runs = measured[0].runs
    arithmetic = f"{runs[0].precision}, {runs[0].threads} threads"
    print(f"{processor_name()}, {arithmetic}; {len(runs)} rounds; ceiling {ceiling / 1e9:.0f} GFLOP/s\n")
    print("| recipe | px | img/s (median) | GFLOP a picture | share of ceiling | memory, MiB |")
    print("|---|---|---|---|---|---|")
    for each in measured:
        print(
            f"| `{each.name}` | {each.size} | {each.img_per_s:.1f} | {each.operations / 1e9:.2f} "
            f"| {each.img_per_s * each.operations / ceiling:.0%} | {max(run.peak for run in each.runs):.0f} |"
        )


if __name__ == "__main__":
    main()
