from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import DataError
from ganvas.training.loader import Loader, Order
from support.datasets import write_dataset
from support.narrowing import not_none


@given(st.integers(1, 50), st.integers(0, 200), st.integers(1, 120), st.integers(0, 5))
def test_the_order_depends_on_position_alone(size: int, position: int, count: int, seed: int) -> None:
    whole = Order(size, seed).indices(0, position + count)
    assert np.array_equal(Order(size, seed).indices(position, count), whole[position:])


@given(st.integers(1, 50), st.integers(0, 5))
def test_every_epoch_shows_every_picture_once(size: int, seed: int) -> None:
    order = Order(size, seed).indices(0, 3 * size).reshape(3, size)
    assert all(sorted(epoch) == list(range(size)) for epoch in order)


def test_epochs_and_seeds_differ() -> None:
    first, second = Order(100, 0).indices(0, 200).reshape(2, 100)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, Order(100, 1).indices(0, 100))


@pytest.mark.parametrize("batch_size", [2, 7, 48, 100])
def test_batches_hold_the_pictures_and_labels_of_the_order(tmp_path: Path, batch_size: int) -> None:
    data = Dataset.open(write_dataset(tmp_path / "data", count=48))
    rows = Order(48, seed=3).indices(10, 3 * batch_size)
    with Loader(data, batch_size, seed=3, position=10) as loader:
        batches = [batch for batch, _ in zip(loader, range(3), strict=False)]
    assert np.array_equal(np.concatenate([pictures for pictures, _ in batches]), data.images[rows])
    assert np.array_equal(np.concatenate([labels for _, labels in batches]), not_none(data.labels)[rows])


def test_an_unreadable_dataset_raises_in_the_training_thread(tmp_path: Path) -> None:
    data = Dataset.open(write_dataset(tmp_path / "data"))
    data.images = np.empty((0, 16, 16, 3), np.uint8)
    with Loader(data, 4, seed=0) as loader, pytest.raises(DataError, match="reading pictures failed"):
        next(iter(loader))
