"""What a sweep varies: for each option a range of numbers or some values, and the file that states them.

g_lr: {low: 0.0001, high: 0.001, log: true}
width: {low: 16, high: 64, step: 16}
augment: [none, "colour,translation"]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.settings.config import read_mapping, resolve
from ganvas.settings.options import Options, brief

GRAMMAR = "a range such as {low: 0.0001, high: 0.001, log: true}, or values such as [32, 64]"

Value = bool | int | float | str
# The largest number of values of one option. A longer list is a range.
MOST_VALUES = 100


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, both included. Those of an option of whole numbers are whole.

    Attributes:
        low: the smallest.
        high: the largest.
        log: whether 0.001 to 0.01 gets as many trials as 0.01 to 0.1.
        step: the distance of neighbouring numbers, counted from `low`; None for all numbers.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low must be below high, not {self.low:g} and {self.high:g}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs a low above 0, and no step")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"step must be above 0 and at most high - low, not {self.step:g}")

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that must be valid for the others to be so."""
        return self.low, self.high

    def contains(self, value: object) -> bool:
        """Whether a value lies within."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def plain(self) -> dict[str, Value]:
        """As a file states it."""
        more: dict[str, Value] = {"log": True} if self.log else {} if self.step is None else {"step": self.step}
        return {"low": self.low, "high": self.high, **more}


@dataclass(frozen=True)
class Values:
    """Some values, in no order."""

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(set(map(repr, self.values))) == len(self.values) <= MOST_VALUES:
            raise ValueError(f"give 2 to {MOST_VALUES} different values")

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that must be valid: all of them."""
        return self.values

    def contains(self, value: object) -> bool:
        """Whether it is one of the values."""
        return value in self.values

    def plain(self) -> list[Value]:
        """As a file states it."""
        return list(self.values)


Varied = Range | Values


def around(value: float, factor: float = 5.0) -> Range:
    """A logarithmic range around a positive value, from a `factor`-th of it to `factor` times as much."""
    return Range(float(f"{value / factor:.2g}"), float(f"{value * factor:.2g}"), log=True)


def read_ranges(path: Path) -> dict[str, Varied]:
    """Read a YAML file of ranges and values by option.

    Raises:
        ConfigError: the file cannot be read, is empty, or states something else.
    """
    place = f"--space {path}"
    content = read_mapping(path, place)
    if not content:
        raise ConfigError(f"{place} holds no option; write for each {GRAMMAR}")
    return {key: _varied(value, f"{place}: {key}") for key, value in content.items()}


def written(ranges: Mapping[str, Varied]) -> str:
    """The text of a file that `read_ranges` reads."""
    lines = (
        yaml.safe_dump({key: each.plain()}, default_flow_style=None, width=1000, sort_keys=False)
        for key, each in ranges.items()
    )
    return "".join(lines)


def check_ranges(
    ranges: Mapping[str, Varied], recipe: str, defaults: Options, changes: Mapping[str, object], place: str
) -> None:
    """Refuse ranges that some trial of a recipe could not have.

    Args:
        ranges: by option.
        recipe: the recipe's name.
        defaults: its options.
        changes: what all trials have in common.
        place: where the ranges are from, for messages.

    Raises:
        ConfigError: an option does not exist, is set for all trials, or cannot have one of the values.
    """
    for key, varied in ranges.items():
        if key not in type(defaults).model_fields:
            raise ConfigError(f"{place}: {unknown('option', key, type(defaults).model_fields)}")
        if key in changes:
            raise ConfigError(f"{place} varies {key}, which --set gives one value; choose one of the two")
        for value in varied.ends:
            try:
                resolve(recipe, defaults, {**changes, key: value})
            except ConfigError as error:
                raise ConfigError(f"{place}: {error}") from error


def is_whole(options: Options, key: str) -> bool:
    """Whether the values of an option are whole numbers."""
    return type(options).model_fields[key].annotation is int


def _varied(content: object, place: str) -> Varied:
    """A range or some values from the content of a file."""
    try:
        if isinstance(content, list):
            if odd := [each for each in content if not isinstance(each, Value)]:
                raise ValueError(f"{brief(odd[0])} is no value of an option")
            return Values(tuple(content))
        if not isinstance(content, dict) or not {"low", "high"} <= content.keys() <= {"low", "high", "log", "step"}:
            raise ValueError(f"cannot read {brief(content)}")
        numbers = {key: _number(content[key], key) for key in ("low", "high", "step") if key in content}
        if not isinstance(log := content.get("log", False), bool):
            raise ValueError(f"log must be true or false, not {brief(log)}")
        return Range(numbers["low"], numbers["high"], log, numbers.get("step"))
    except ValueError as error:
        raise ConfigError(f"{place}: {error}; write {GRAMMAR}") from error


def _number(value: object, name: str) -> float:
    """A finite number. YAML takes 1e-4 for a word, since it has no point."""
    try:
        if isinstance(value, bool):
            raise ValueError
        number = value if isinstance(value, int) else float(cast(str, value))
        if not abs(number) < float("inf"):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, not {brief(value)}") from None
    return number
