"""Pictures inside Parquet files: read a few rows at a time, in any order, and past damage."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.sources import arrow
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Item
from support.replicas import picture_bytes

SIDE = 12


def write_parquet(path: Path, pictures: list[bytes], group: int, **options: object) -> list[Item]:
    """The items of a Parquet file of these pictures, so many in a row group."""
    cells = pa.array([{"bytes": picture, "path": None} for picture in pictures])
    pq.write_table(pa.table({"image": cells}), path, row_group_size=group, **options)
    return list(open_source(path).items)


def shows(item: Item, seed: int) -> bool:
    expected = np.random.default_rng([7, seed]).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return np.array_equal(item.read(Frame(8)).pixels, expected)


def test_few_rows_of_a_large_group_are_held(tmp_path: Path) -> None:
    pictures = [picture_bytes(seed, SIDE) + bytes(20_000) for seed in range(200)]
    small_pages = {"use_dictionary": False, "compression": "none", "write_batch_size": 4, "data_page_size": 2**16}
    items = write_parquet(tmp_path / "one-group.parquet", pictures, len(pictures), **small_pages)
    before, held = pa.total_allocated_bytes(), []
    for seed, item in enumerate(items):
        assert shows(item, seed)
        held.append(pa.total_allocated_bytes() - before)
    assert 0 < max(held) < sum(map(len, pictures)) / 2


@pytest.mark.parametrize("group", [1, 7, 50])
def test_rows_are_found_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    monkeypatch.setattr(arrow, "_ROWS", 3)
    items = write_parquet(tmp_path / "t.parquet", [picture_bytes(seed, SIDE) for seed in range(20)], group)
    order = [*range(0, 20, 4), *range(19, -1, -1), *random.Random(0).choices(range(20), k=40)]
    assert all(shows(items[row], row) for row in order)


def test_what_lies_behind_damage_is_left_out_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow, "_ROWS", 2)
    path = tmp_path / "t.parquet"
    small_pages = {"use_dictionary": False, "write_batch_size": 2, "data_page_size": 1}
    pictures = [picture_bytes(seed, SIDE) for seed in range(12)]
    write_parquet(path, pictures, len(pictures), **small_pages)
    data = bytearray(path.read_bytes())
    middle = data.index(pictures[6][-30:])
    data[middle - 400 : middle + 400] = b"\xff" * 800
    path.write_bytes(data)
    found: list[bool | str] = []
    for row, item in enumerate(open_source(path).items):
        try:
            found.append(shows(item, row))
        except Rejected as rejected:
            found.append(rejected.reason)
    assert found[:4] == [True] * 4
    assert found[8:] == [Reason.DAMAGED] * 4


def test_reading_that_was_interrupted_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = write_parquet(tmp_path / "t.parquet", [picture_bytes(seed, SIDE) for seed in range(6)], 6)

    def interrupt(*_: object, **__: object) -> object:
        raise KeyboardInterrupt
        yield

    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetFile, "iter_batches", interrupt)
        with pytest.raises(KeyboardInterrupt):
            items[2].read(Frame(8))
    assert all(shows(item, row) for row, item in enumerate(items))
