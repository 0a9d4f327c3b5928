"""How a learning rate changes over a run: `constant`, `cosine`, `step:50epochs:0.75` or `plateau:5:0.5`."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ganvas.foundation.errors import ConfigError
from ganvas.settings.budget import Amount, Progress

GRAMMAR = (
    "constant, cosine (to 0 at the end of the budget), step:50epochs:0.75 (times 0.75 every 50 epochs) or "
    "plateau:5:0.5 (times 0.5 when 5 evaluations in a row did not improve KID)"
)


class Schedule(ABC):
    """The factor of a learning rate over a run."""

    @abstractmethod
    def factor(self, progress: Progress, budget: Amount, evaluations: Sequence[bool]) -> float:
        """The factor at a moment of a run, from 0 to 1.

        Args:
            progress: how far the run has come.
            budget: how long the run will be.
            evaluations: for each evaluation so far, whether its KID was the best up to then.
        """


@dataclass(frozen=True)
class Constant(Schedule):
    """The rate does not change."""

    def factor(self, progress: Progress, budget: Amount, evaluations: Sequence[bool]) -> float:
        """Always 1."""
        return 1.0

    def __str__(self) -> str:
        return "constant"


@dataclass(frozen=True)
class Step(Schedule):
    """The rate drops at regular intervals, as in paper 3 to 0.75 of its value every 50 epochs.

    Attributes:
        every: interval between drops.
        by: factor of each drop.
    """

    every: Amount
    by: float

    def factor(self, progress: Progress, budget: Amount, evaluations: Sequence[bool]) -> float:
        """`by` to the power of the drops so far."""
        return self.by ** math.floor(self.every.fraction(progress))

    def __str__(self) -> str:
        return f"step:{self.every}:{self.by}"


@dataclass(frozen=True)
class Cosine(Schedule):
    """The rate follows half a cosine down to 0 at the end of the budget (Loshchilov and Hutter 2017, equation 5).

    With a budget of time, the rate depends on the time spent.
    """

    def factor(self, progress: Progress, budget: Amount, evaluations: Sequence[bool]) -> float:
        """(1 + cos(pi t)) / 2 at the share t of the budget that is spent."""
        return (1 + math.cos(math.pi * min(1.0, budget.fraction(progress)))) / 2

    def __str__(self) -> str:
        return "cosine"


@dataclass(frozen=True)
class Plateau(Schedule):
    """The rate drops when evaluations stop improving. After each drop the count starts again.

    Attributes:
        patience: number of evaluations in a row without a better KID before a drop.
        by: factor of each drop.
    """

    patience: int
    by: float

    def factor(self, progress: Progress, budget: Amount, evaluations: Sequence[bool]) -> float:
        """`by` to the power of the drops so far."""
        drops = waited = 0
        for is_best in evaluations:
            waited = 0 if is_best else waited + 1
            if waited == self.patience:
                drops, waited = drops + 1, 0
        return self.by**drops

    def __str__(self) -> str:
        return f"plateau:{self.patience}:{self.by}"


def parse(text: str) -> Schedule:
    """Read `constant`, `cosine`, `step:50epochs:0.75` or `plateau:5:0.5`.

    Raises:
        ConfigError: the text has another format, or a number is out of range.
    """
    match text.strip().lower().split(":"):
        case ["constant"]:
            return Constant()
        case ["cosine"]:
            return Cosine()
        case ["step", every, by]:
            return Step(Amount.parse(every), _factor(by))
        case ["plateau", patience, by] if patience.isdecimal() and int(patience) > 0:
            return Plateau(int(patience), _factor(by))
    raise ConfigError(f"cannot read {text!r} as a schedule; write {GRAMMAR}")


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 < factor < 1:
        raise ConfigError(f"the factor {text!r} of a schedule is out of range; write a number between 0 and 1")
    return factor
