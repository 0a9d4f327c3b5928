"""Evenly spaced choices from a sequence."""

import pytest

from ganvas.foundation.arrays import evenly_spaced


@pytest.mark.parametrize(
    ("length", "most", "chosen"),
    [(0, 5, []), (1, 5, [0]), (3, 5, [0, 1, 2]), (5, 5, [0, 1, 2, 3, 4]), (10, 4, [0, 3, 6, 9]), (100, 2, [0, 99])],
)
def test_positions_are_evenly_spaced_from_the_first_to_the_last(length: int, most: int, chosen: list[int]) -> None:
    assert evenly_spaced(length, most).tolist() == chosen
