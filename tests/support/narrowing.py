"""Values that a type leaves open, and that a test knows to be there."""

from typing import TypeVar

T = TypeVar("T")


def not_none(value: T | None) -> T:
    """The value, which is not None."""
    assert value is not None
    return value
