"""A turn on a machine that is lent for minutes: how large everything is, and what there is still time for."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


# A process that takes this many times the expected time is stuck.
LONGEST = 4.0


@dataclass(frozen=True)
class Seconds:
    """What one of each takes on a GPU, roughly; nothing counts on the processor, where everything is tiny.

    Attributes:
        ceiling: a matrix product in one precision.
        recipe: a recipe in one precision.
        speed: steps at one picture size and batch size.
        group: a process of its own, most of it imports. It is ended after `LONGEST` times that, and never at 0.
        compiled: the least for a process of its own that compiles networks. It is ended with the turn, and never at 0.
        learning: what the run of the default recipe takes in addition to its budget.
    """

    ceiling: float = 0.0
    recipe: float = 0.0
    speed: float = 0.0
    group: float = 0.0
    compiled: float = 0.0
    learning: float = 0.0


@dataclass(frozen=True)
class Scale:
    """How large everything is.

    Attributes:
        device: "cuda" or "cpu".
        precisions: in which every recipe is tried.
        side: rows and columns of the matrices of the ceiling.
        steps: of the training of each recipe, and again after it is resumed.
        pictures: that these learn from.
        timed: seconds in which the steps of a recipe are timed.
        sizes: of the pictures of the recipes that are timed, in pixels.
        paintings: number of embedded paintings that the default recipe learns.
        painting_size: their side in pixels.
        budget: of that run.
        seconds: what each measurement takes.
        tiny: options by key that make networks small.
        learning: further settings and options of that run.
    """

    device: str
    precisions: tuple[str, ...]
    side: int
    steps: int
    pictures: int
    timed: float
    sizes: Mapping[str, tuple[int, ...]]
    paintings: int
    painting_size: int
    budget: str
    seconds: Seconds = Seconds()
    tiny: Mapping[str, object] = field(default_factory=dict)
    learning: Mapping[str, object] = field(default_factory=dict)


WHOLE = Scale(
    device="cuda",
    precisions=("float32", "bfloat16", "float16"),
    side=8192,
    steps=16,
    pictures=256,
    timed=2.0,
    sizes={"dcgan": (64, 128), "atelier": (64, 128, 256)},
    paintings=1000,
    painting_size=64,
    budget="180s",
    seconds=Seconds(ceiling=2.0, recipe=4.0, speed=7.0, group=20.0, compiled=40.0, learning=60.0),
)
# The processor has no float16 training. Everything else is the same script.
TINY = Scale(
    device="cpu",
    precisions=("float32", "bfloat16"),
    side=256,
    steps=2,
    pictures=16,
    timed=0.0,
    sizes={"dcgan": (16,), "atelier": (16,)},
    paintings=24,
    painting_size=16,
    budget="2steps",
    tiny={"width": 2, "batch_size": 4},
    learning={"batch_size": 4, "vision_size": 32, "eval_samples": 16, "extractor": "pixels", "threads": 1},
)


class Turn:
    """A turn of some minutes.

    Args:
        scale: how large everything is.
        folder: an empty one, for datasets and runs.
        minutes: until it ends.
        clock: returns the time in seconds.

    Attributes:
        left_out: what there was no time for.
        failed: what raised an error, with the error.
    """

    def __init__(self, scale: Scale, folder: Path, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.scale, self.folder = scale, folder
        self._clock, self._started, self._seconds = clock, clock(), 60 * minutes
        self.left_out: list[str] = []
        self.failed: list[str] = []

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self._clock() - self._started

    @property
    def left(self) -> float:
        """Seconds until it ends."""
        return self._seconds - self.elapsed

    def attempt(self, what: str, seconds: float, work: Callable[[], Result], reserve: float = 0.0) -> Result | None:
        """The result of `work`; None if there is no time for it, or if it fails.

        Args:
            what: it does, in a few words.
            seconds: that it takes.
            work: is called without arguments.
            reserve: seconds that must be left after it.
        """
        if self.left < seconds + reserve:
            self.left_out.append(what)
            return None
        print(f"{self.elapsed:5.0f} s  {what}", file=sys.stderr, flush=True)
        try:
            return work()
        except Exception as error:  # whatever it is, the other measurements go on
            self.failed.append(f"{what}: {type(error).__name__}: {' '.join(str(error).split())}")
            print(f"         {self.failed[-1]}", file=sys.stderr, flush=True)
            return None
