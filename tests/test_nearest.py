"""The nearest picture by pixels is the nearest, whatever the slabs, the sizes and the order."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ganvas.data.dataset.stored import StoredPictures
from ganvas.metrics import nearest
from ganvas.metrics.nearest import nearest_by_pixels


def pictures(count: int, size: int = 16, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def l1(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The distances by their definition, int64 [n, m]."""
    wide = first.astype(np.int64)[:, None] - second.astype(np.int64)[None]
    distances: NDArray[np.int64] = np.abs(wide).sum(axis=(2, 3, 4))
    return distances


@pytest.mark.parametrize("size", [1, 7, 16, 24])
@pytest.mark.parametrize("slab", [1, 3 * 24 * 24 * 5, 2**20])
def test_it_is_the_smallest_of_all_distances(size: int, slab: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "SLAB_BYTES", slab)
    queries, searched = pictures(9, size), pictures(53, size, seed=1)
    positions, distances = nearest_by_pixels(queries, searched)
    expected = l1(queries, searched)
    assert positions.tolist() == expected.argmin(axis=1).tolist()
    assert distances.tolist() == expected.min(axis=1).tolist()
    assert positions.dtype == np.intp
    assert distances.dtype == np.int64


def test_black_and_white_are_as_far_apart_as_can_be() -> None:
    black, white = np.zeros((1, 128, 128, 3), np.uint8), np.full((1, 128, 128, 3), 255, np.uint8)
    for first, second in ((black, white), (white, black)):
        assert nearest_by_pixels(first, second)[1].tolist() == [255 * 128 * 128 * 3]


@pytest.mark.parametrize("slab", [1, 2**20])
def test_the_first_of_equals_counts(slab: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "SLAB_BYTES", slab)
    searched = pictures(8)
    searched[[2, 5, 6]] = searched[2]
    positions, distances = nearest_by_pixels(searched[[6, 7]], searched)
    assert positions.tolist() == [2, 7]
    assert distances.tolist() == [0, 0]


def test_only_the_rows_that_were_asked_for_are_searched() -> None:
    searched = pictures(20)
    rows = np.array([13, 4, 17])
    positions, distances = nearest_by_pixels(searched[[4, 5]], searched, rows)
    assert (positions[0], distances[0]) == (1, 0)
    assert rows[positions[1]] in rows
    assert distances[1] == l1(searched[5:6], searched[rows]).min()


def test_a_mirrored_picture_is_another_picture() -> None:
    searched = pictures(5)
    _, distances = nearest_by_pixels(searched[:1, :, ::-1], searched)
    assert distances[0] > 0


def test_a_file_of_any_length_takes_a_few_slabs_of_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", pictures(1500, 32))
    searched = StoredPictures.open(tmp_path / "images.npy")
    queries = pictures(4, 32, seed=1)
    tracemalloc.start()
    try:
        nearest_by_pixels(queries, searched, np.arange(len(searched)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert searched.nbytes > 8 * nearest.SLAB_BYTES
    assert peak < 4 * nearest.SLAB_BYTES


def test_nothing_to_search_and_other_sizes_are_errors() -> None:
    with pytest.raises(ValueError, match="cannot search 0 pictures"):
        nearest_by_pixels(pictures(1), pictures(3), np.array([], np.int64))
    with pytest.raises(ValueError, match="cannot search 3 pictures of shape"):
        nearest_by_pixels(pictures(1, 8), pictures(3))
