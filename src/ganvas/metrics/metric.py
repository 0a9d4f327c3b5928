"""The base class of metrics, which measure generated pictures against real ones."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ganvas.metrics.descriptors import Descriptors
from ganvas.metrics.real_side import RealSide


@dataclass(frozen=True)
class Figure:
    """A number that a metric measures.

    Attributes:
        key: its key in `evals.jsonl` and other JSON.
        label: its name in tables, at most 11 characters.
        meaning: an explanation in a few words. `{KEY}` inserts another figure, with the syntax of `str.format`.
        better: whether lower or higher values are better, or the ideal value.
        error: the key of its standard error; None if it has none.
        total: the key of the total, for counts such as "3 of 24"; None for other numbers.
    """

    key: str
    label: str
    meaning: str
    better: Literal["lower", "higher"] | float
    error: str | None = None
    total: str | None = None

    @property
    def name(self) -> str:
        """Its label without the indentation that groups the lines of a table."""
        return self.label.strip()

    def row(self, values: Mapping[str, object]) -> str | None:
        """The line of the figure in a table; None if it was not measured.

        Args:
            values: figures by key.
        """
        value, error = values.get(self.key), values.get(self.error or "")
        if value is None:
            return None
        shown = f"{value} of {values[self.total]}" if self.total else f"{value:.4f}"
        spread = "" if error is None else f"± {error:.4f}"
        return f"{self.label:11} {shown:>10} {spread:10} {self.meaning.format_map(values)}"


class Metric(ABC):
    """Measures generated pictures against the real ones of a dataset.

    A run keeps its instance for all evaluations, so an instance may cache what it computes from the real pictures.

    Attributes:
        order: position in tables, ascending. Metrics of equal order are sorted by the names of their files.
        figures: the numbers to show in tables. `measure` may return more.
        real: the real pictures.
    """

    order: ClassVar[int] = 100
    figures: ClassVar[tuple[Figure, ...]] = ()

    def __init__(self, real: RealSide) -> None:
        self.real = real

    @abstractmethod
    def measure(self, generated: Descriptors) -> Mapping[str, float | None]:
        """Measure generated pictures.

        Returns:
            Figures and their standard errors by key; None if a value is unknown.
        """
