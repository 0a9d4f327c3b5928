"""Amounts of training, as time, images, epochs or steps, and how much of them is spent.

`--budget` and all intervals (`eval_every`, `sample_every` ...) have the same format: a number and a unit.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from ganvas.foundation.errors import ConfigError

SECONDS_PER = {"s": 1.0, "m": 60.0, "h": 3600.0}
COUNTED_UNITS = ("kimg", "epochs", "steps")
GRAMMAR = "a number and a unit: 90s, 20m, 2h, 100kimg, 30epochs or 500steps"


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        steps: rounds of discriminator and generator updates.
        images: real pictures the discriminator has seen.
        seconds: wall-clock time spent, summed over resumes; evaluation and saving included.
        dataset_size: pictures in the training set, which turns images into epochs.
    """

    dataset_size: int
    steps: int = 0
    images: int = 0
    seconds: float = 0.0

    @property
    def kimg(self) -> float:
        """Thousands of real pictures the discriminator has seen."""
        return self.images / 1000

    def state(self) -> dict[str, float]:
        """What a resumed run needs: every field but the size of the training set, which its dataset states."""
        return {"steps": self.steps, "images": self.images, "seconds": self.seconds}


@dataclass(frozen=True)
class Amount:
    """An amount of training, such as 20 minutes or 100 kimg.

    Attributes:
        value: how many units, above zero.
        unit: "s", "m", "h", "kimg", "epochs" or "steps".
    """

    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Amount":
        """Read `90s`, `20m`, `2h`, `100kimg`, `30epochs` or `500steps`.

        Raises:
            ConfigError: the text has another format, or the amount is not above zero.
        """
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*", text.lower())
        unit = match[2] if match else ""
        unit = next((known for known in COUNTED_UNITS if unit in (known, known.removesuffix("s"))), unit)
        if not match or (unit not in SECONDS_PER and unit not in COUNTED_UNITS):
            raise ConfigError(f"cannot read {text!r} as an amount of training; write {GRAMMAR}")
        value = float(match[1])
        if not 0 < value < math.inf:
            raise ConfigError(f"{text[:20]!r} is out of range; write a finite amount above zero")
        return cls(value, unit)

    def spent(self, progress: Progress) -> float:
        """`progress` in units of this amount."""
        if self.unit in SECONDS_PER:
            return progress.seconds / SECONDS_PER[self.unit]
        if self.unit == "kimg":
            return progress.kimg
        return progress.images / progress.dataset_size if self.unit == "epochs" else progress.steps

    @property
    def seconds(self) -> float | None:
        """The amount in seconds if it is a time, else None."""
        return self.value * SECONDS_PER[self.unit] if self.unit in SECONDS_PER else None

    def images(self, img_per_s: float, dataset_size: int, images_per_step: int) -> float:
        """The number of real pictures that the discriminator sees in this amount, if only training takes time."""
        if self.seconds is not None:
            return self.seconds * img_per_s
        return self.value * {"kimg": 1000, "epochs": dataset_size, "steps": images_per_step}[self.unit]

    def fraction(self, progress: Progress) -> float:
        """The share of this amount that `progress` has spent; 1 or more when it is used up."""
        return self.spent(progress) / self.value

    def after(self, progress: Progress) -> "Amount":
        """The amount, counted from the start of the run, that lies this much beyond `progress`."""
        return Amount(self.value + self.spent(progress), self.unit)

    def __truediv__(self, parts: float) -> "Amount":
        return Amount(self.value / parts, self.unit)

    def __str__(self) -> str:
        number = f"{Decimal(repr(self.value)):f}"  # without an exponent, which `parse` does not read
        return number.removesuffix(".0") + self.unit


class Interval:
    """Schedules an event at every multiple of `amount`, counted from the start of the run.

    So the events of a resumed run are due at the same moments as those of an uninterrupted one.
    """

    def __init__(self, amount: Amount, progress: Progress) -> None:
        self._amount = amount
        self._next = self._multiple_after(progress)

    def due(self, progress: Progress) -> bool:
        """Whether a multiple has been passed since the last time it was due."""
        if self._amount.spent(progress) < self._next:
            return False
        self._next = self._multiple_after(progress)
        return True

    def is_near(self, progress: Progress, share: float) -> bool:
        """Whether the next multiple is less than this share of `amount` away."""
        return self._next - self._amount.spent(progress) < share * self._amount.value

    def _multiple_after(self, progress: Progress) -> float:
        return (self._amount.spent(progress) // self._amount.value + 1) * self._amount.value
