"""How fast trained generators paint: from a snapshot on the disk to pictures.

    python -m benchmarks.sampling [NAME...] [--size 64] [--pictures 640] [--rounds 3]

Every recipe has its default options, and pictures of SIZE if it supports that, else of the nearest size that it does;
weights are random, for speed does not depend on them. In each round every recipe's snapshot is opened, paints one
picture and then many, one recipe after the other in one process; medians over rounds are printed. One picture takes as
long as 64, since `ganvas.artist.sampling` paints whole batches of 64, so that a picture does not depend on how many are
asked for. Last comes the whole command `ganvas sample`, from its start to the picture on the disk.
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
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        painters = [Painter(name, nearest_size(name, given.size), Path(folder)) for name in given.recipes]
        for _ in range(given.rounds):
            for painter in painters:
                painter.paint(given.pictures)
        print_table(painters, given.pictures)
        print(f"\n`ganvas sample` of one picture, {painters[0].name}: {_command(painters[0].snapshot):.1f} s")


@dataclass
class Painter:
    """A recipe's snapshot, and what it took in every round.

    Attributes:
        name: the recipe.
        size: height and width of its pictures.
        folder: where its snapshot is written to.
        opening: seconds from the file to a generator.
        one: seconds of one picture.
        each: seconds of one of many pictures.
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
        """The file."""
        return self.folder / f"{self.name}.safetensors"

    def paint(self, pictures: int) -> None:
        """A round."""
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
    print("| recipe | px | snapshot, MiB | opened in | one picture in | pictures/s |")
    print("|---|---|---|---|---|---|")
    for painter in painters:
        opening, one, each = (statistics.median(times) for times in (painter.opening, painter.one, painter.each))
        print(
            f"| `{painter.name}` | {painter.size} | {painter.snapshot.stat().st_size / MIB:.1f} "
            f"| {1000 * opening:.0f} ms | {1000 * one:.0f} ms | {1 / each:.0f} |"
        )


if __name__ == "__main__":
    main()
