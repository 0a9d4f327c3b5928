"""How fast generators paint: from a snapshot on the disk to pictures.

    python -m benchmarks.sampling [NAME...] [--size 64] [--pictures 640] [--rounds 3]

Every recipe has its default options and the supported picture size that is nearest to SIZE. Weights are random, because
speed does not depend on them. In each round, one recipe after the other opens its snapshot, paints one picture and then
many, all in one process. The table has medians over rounds. One picture takes as long as 64, because
`ganvas.artist.sampling` always paints batches of 64: a picture must not depend on how many are painted. Last, the whole
command `ganvas sample` is timed, from its start to the picture on the disk.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from benchmarks.memory import MIB
from benchmarks.recipes import nearest_size
from ganvas import __version__, gans
from ganvas.artist.artist import load
from ganvas.experiments.catalogue import CLASSES, USUAL_SIZE
from ganvas.gans.recipe import Spec
from ganvas.machine.device import processor_name
from ganvas.runs.snapshot import Card, save


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=gans.names(), metavar="NAME")
    parser.add_argument("--size", type=int, default=USUAL_SIZE)
    parser.add_argument("--pictures", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        painters = [Painter(name, nearest_size(name, args.size), Path(folder)) for name in args.recipes]
        for _ in range(args.rounds):
            for painter in painters:
                painter.paint(args.pictures)
        print_table(painters, args.pictures)
        print(f"\n`ganvas sample` of one picture, {painters[0].name}: {_command(painters[0].snapshot):.1f} s")


@dataclass
class Painter:
    """A recipe's snapshot and its times in every round.

    Attributes:
        name: the recipe.
        size: height and width of its pictures.
        folder: directory of the snapshot.
        opening: seconds to load the generator.
        one: seconds to paint one picture.
        each: seconds per picture when many are painted.
    """

    name: str
    size: int
    folder: Path
    opening: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    each: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        recipe_class = gans.find(self.name)
        recipe = recipe_class(recipe_class.defaults)
        classes = [f"class{number}" for number in range(CLASSES)] if recipe.class_use.is_required else []
        card = Card(
            recipe=self.name,
            options=recipe.options.model_dump(),
            size=self.size,
            class_names=classes,
            kimg=0,
            data="",
            fingerprint="noise",
            ganvas=__version__,
        )
        save(self.snapshot, recipe.build_generator(Spec(self.size, len(classes))), card)

    @property
    def snapshot(self) -> Path:
        """The snapshot file."""
        return self.folder / f"{self.name}.safetensors"

    def paint(self, pictures: int) -> None:
        """Run one round."""
        started = time.perf_counter()
        artist = load(self.snapshot)
        self.opening.append(time.perf_counter() - started)
        artist.sample(1)
        self.one.append(_seconds(lambda: artist.sample(1)))
        self.each.append(_seconds(lambda: artist.sample(pictures)) / pictures)


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _command(snapshot: Path) -> float:
    out = snapshot.with_suffix(".png")
    words = ["-m", "ganvas", "sample", str(snapshot), "--out", str(out), "-n", "1"]
    return _seconds(lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True))


def print_table(painters: list[Painter], pictures: int) -> None:
    """The table of docs/performance.md."""
    rounds = len(painters[0].one)
    print(f"{processor_name()}, {torch.get_num_threads()} threads; {rounds} rounds of {pictures} pictures\n")
    print("| recipe | px | snapshot, MiB | time to open | time for one picture | pictures/s |")
    print("|---|---|---|---|---|---|")
    for painter in painters:
        opening, one, each = (statistics.median(times) for times in (painter.opening, painter.one, painter.each))
        print(
            f"| `{painter.name}` | {painter.size} | {painter.snapshot.stat().st_size / MIB:.1f} "
            f"| {1000 * opening:.0f} ms | {1000 * one:.0f} ms | {1 / each:.0f} |"
        )


if __name__ == "__main__":
    main()
