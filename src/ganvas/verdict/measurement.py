"""The figures that a run logs: the lines of `stats.jsonl`, and the measurements of evaluations."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeGuard


@dataclass(frozen=True)
class LogLine:
    """The figures of one log line.

    Attributes:
        kimg: thousands of real pictures that D had seen.
        figures: the logged values by name, in the order of the file, without `kimg`.
    """

    kimg: float
    figures: Mapping[str, object]

    @classmethod
    def parse(cls, record: Mapping[str, object]) -> Self:
        """Read the JSON object of a line.

        Raises:
            ValueError: it has no finite `kimg`.
        """
        return cls(_kimg(record), {name: value for name, value in record.items() if name != "kimg"})

    def record(self) -> dict[str, object]:
        """The JSON object of the line."""
        return {"kimg": self.kimg, **self.figures}

    def number(self, name: str) -> float:
        """A figure, which may be infinite; NaN if it is missing or not a number."""
        return number(self.kimg if name == "kimg" else self.figures.get(name))

    def get(self, name: str) -> float | None:
        """A figure; None if it is missing or not a finite number."""
        value = self.number(name)
        return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Measurement(LogLine):
    """The measurements of one evaluation: scores with their standard errors (`_se`), counts, and the probe's results.

    If the run has diverged, the only figure is a `kid` of None.
    """

    @property
    def kid(self) -> float | None:
        """The KID; None if the run has diverged."""
        return self.get("kid")

    @property
    def classes(self) -> Mapping[str, Mapping[str, object]]:
        """The scores of each class by its name; empty if classes were not scored."""
        classes = self.figures.get("classes")
        if not isinstance(classes, Mapping):
            return {}
        return {str(name): scores for name, scores in classes.items() if isinstance(scores, Mapping)}


def number(value: object) -> float:
    """A value as a number; NaN if it is not one."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:  # an integer that no float can hold
        return math.nan


def is_finite(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and math.isfinite(number(value))


def _kimg(record: Mapping[str, object]) -> float:
    kimg = record.get("kimg")
    if not is_finite(kimg):
        raise ValueError(f"kimg is {kimg!r}, not a finite number")
    return kimg
