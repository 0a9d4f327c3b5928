"""Narrow optional values for the type checker."""

from typing import TypeVar

T = TypeVar("T")


def not_none(value: T | None) -> T:
    """Assert that a value is not None, and return it."""
    assert value is not None
    return value
