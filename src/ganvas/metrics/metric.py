"""What a metric is: figures about generated pictures next to real ones, declared where they are computed."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ganvas.metrics.described import Described
from ganvas.metrics.real_side import RealSide


@dataclass(frozen=True)
class Figure:
    """One number of a metric.

    Attributes:
        key: its name in `evals.jsonl` and in JSON.
        label: its name in tables, at most 11 letters.
        meaning: what it says, in a few words. `{KEY}` stands for another figure, formatted as by `str.format`.
        better: which values are better, or the value that is right.
        error: the key of its standard error; None without one.
        total: the key of what it is a count of, for "3 of 24"; None for a number that stands alone.
    """

    key: str
    label: str
    meaning: str
    better: Literal["lower", "higher"] | float
    error: str | None = None
    total: str | None = None

    def row(self, values: Mapping[str, object]) -> str | None:
        """Its line of a table; None where it was not measured.

        Args:
            values: numbers by their keys.
        """
        value, error = values.get(self.key), values.get(self.error or "")
        if value is None:
            return None
        shown = f"{value} of {values[self.total]}" if self.total else f"{value:.4f}"
        spread = "" if error is None else f"± {error:.4f}"
        return f"{self.label:11} {shown:>10} {spread:10} {self.meaning.format_map(values)}"


class Metric(ABC):
    """Measures generated pictures against the real ones of one dataset, again and again.

    An instance may keep what it needs of the real side from one evaluation to the next.

    Attributes:
        order: where its figures stand in tables, ascending; metrics of equal order by the names of their files.
        figures: what tables show of it; it may measure more.
        real: the real side.
    """

    order: ClassVar[int] = 100
    figures: ClassVar[tuple[Figure, ...]] = ()

    def __init__(self, real: RealSide) -> None:
        self.real = real

    @abstractmethod
    def measure(self, generated: Described) -> Mapping[str, float | None]:
        """The figures of generated pictures and their standard errors, by their keys; None for what is not known."""
