import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import SCHEMA_VERSION
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.errors import DataError
from support.narrowing import not_none
from support.pictures import write_two_classes


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    prepare(write_two_classes(folder / "pictures"), folder / "data", size=16)
    return folder / "data"


@pytest.fixture
def data(pristine: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "data"))


def set_info(data: Path, **values: Any) -> None:
    info = json.loads((data / "dataset.json").read_text("utf-8"))
    (data / "dataset.json").write_text(json.dumps({**info, **values}))


def set_index(data: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_parquet(data / "index.parquet")).to_parquet(data / "index.parquet")


def cut(file: Path, bytes_less: int) -> None:
    file.write_bytes(file.read_bytes()[:-bytes_less])


def test_a_dataset_opens_without_reading_its_pictures(pristine: Path) -> None:
    dataset = Dataset.open(str(pristine))
    assert isinstance(dataset.images, np.memmap)
    assert not dataset.images.flags.writeable
    assert dataset.images.dtype == np.uint8
    assert dataset.images.shape == (5, 16, 16, 3)
    assert (len(dataset), dataset.size, dataset.path) == (5, 16, pristine)
    assert dataset.class_names == ["a", "b"]
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.int64
    assert dataset.modes is None
    assert len(dataset.fingerprint) == 64


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(shutil.rmtree, "does not exist (no dataset.json); make one with: ganvas prepare", id="no folder"),
        pytest.param(lambda data: (data / "dataset.json").unlink(), "is not a ganvas dataset", id="no dataset.json"),
        pytest.param(lambda data: cut(data / "dataset.json", 9), "dataset.json cannot be read", id="cut dataset.json"),
        pytest.param(lambda data: (data / "dataset.json").write_text("[]"), "schema version None", id="a list"),
        pytest.param(lambda data: (data / "dataset.json").write_bytes(b"\xff"), "cannot be read", id="not UTF-8"),
        pytest.param(
            lambda data: set_info(data, schema_version=SCHEMA_VERSION + 1),
            f"has schema version {SCHEMA_VERSION + 1}, but this ganvas reads version {SCHEMA_VERSION}",
            id="other version",
        ),
        pytest.param(lambda data: set_info(data, count="many"), "dataset.json cannot be read", id="wrong type"),
        pytest.param(lambda data: set_info(data, spoon=1), "dataset.json cannot be read", id="unknown field"),
        pytest.param(lambda data: set_info(data, count=4), "does not match its dataset.json", id="count"),
        pytest.param(lambda data: set_info(data, size=8), "does not match its dataset.json", id="size"),
        pytest.param(lambda data: set_info(data, label_column="genre"), "lacks the column 'genre'", id="no label"),
        pytest.param(lambda data: set_info(data, mode_column="mode"), "lacks the column 'mode'", id="no mode"),
        pytest.param(lambda data: (data / "images.npy").unlink(), "images.npy is missing", id="no pictures"),
        pytest.param(lambda data: cut(data / "images.npy", 1), "images.npy is missing or cut short", id="cut pictures"),
        pytest.param(lambda data: (data / "images.npy").write_bytes(b""), "cut short", id="empty pictures"),
        pytest.param(lambda data: (data / "images.npy").write_bytes(b"PK\x03\x04 zip"), "cut short", id="a zip"),
        pytest.param(
            lambda data: np.save(data / "images.npy", np.array([{}]), allow_pickle=True), "images.npy", id="pickle"
        ),
        pytest.param(
            lambda data: np.save(data / "images.npy", np.zeros((5, 16, 16, 3), np.float32)),
            "found float32",
            id="wrong kind of number",
        ),
        pytest.param(lambda data: (data / "index.parquet").unlink(), "index.parquet cannot be read", id="no index"),
        pytest.param(lambda data: cut(data / "index.parquet", 50), "index.parquet is damaged", id="cut index"),
        pytest.param(lambda data: (data / "index.parquet").write_bytes(b""), "cannot be read", id="empty index"),
        pytest.param(lambda data: set_index(data, lambda index: index[1:]), "4 index rows", id="rows missing"),
    ],
)
def test_what_is_not_whole_is_refused(data: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(data)
    with pytest.raises(DataError) as caught:
        Dataset.open(data)
    assert message in str(caught.value)
    assert str(data) in str(caught.value)


def test_a_class_that_is_not_named_is_refused(data: Path) -> None:
    set_index(data, lambda index: index.assign(**{"class": ["a", "a", "c", "b", "b"]}))
    with pytest.raises(DataError, match=r"holds the class 'c', which dataset.json does not name"):
        _ = Dataset.open(data).labels


def test_a_dataset_without_splits_is_for_training(data: Path) -> None:
    set_index(data, lambda index: index.drop(columns="split"))
    dataset = Dataset.open(data)
    assert dataset.splits == {"train": 5, "validation": 0, "test": 0}
    assert dataset.rows("train").tolist() == [0, 1, 2, 3, 4]
    assert (dataset.rows("test").dtype, dataset.rows("test").shape) == (np.dtype(np.int64), (0,))


def test_the_rows_of_a_split(data: Path) -> None:
    set_index(data, lambda index: index.assign(split=["test", "train", "validation", "train", "test"]))
    dataset = Dataset.open(data)
    assert {split: dataset.rows(split).tolist() for split in dataset.splits} == {
        "train": [1, 3],
        "validation": [2],
        "test": [0, 4],
    }
    assert dataset.splits == {"train": 2, "validation": 1, "test": 2}


def test_classes_and_splits_are_read_without_names_and_hashes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    whole = pd.read_parquet

    def reading(path: Path, columns: list[str] | None, **options: Any) -> pd.DataFrame:
        read.append(columns)
        return whole(path, columns=columns, **options)

    monkeypatch.setattr(pd, "read_parquet", reading)
    dataset = Dataset.open(data)
    assert (len(dataset.rows("train")), len(not_none(dataset.labels)), dataset.modes) == (5, 5, None)
    assert read == [["split"], ["class"]]
    assert {"source", "phash"} <= set(dataset.index.columns)
    assert dataset.table.column("source").equals(dataset.index["source"])
    assert read == [["split"], ["class"], None]


@pytest.mark.parametrize("change", [lambda index: index.head(4), lambda index: index.drop(columns="class")])
def test_an_index_that_changes_while_it_is_in_use_is_refused(
    data: Path, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    dataset = Dataset.open(data)
    set_index(data, change)
    with pytest.raises(DataError, match=r"index.parquet cannot be read \(.*\); prepare the dataset again"):
        _ = dataset.labels


@pytest.mark.parametrize("split", ["Train", "tests", "", "all"])
def test_an_unknown_split_is_refused(data: Path, split: str) -> None:
    with pytest.raises(DataError, match=rf"unknown split '{split}'.*; choose from: test, train, validation"):
        Dataset.open(data).rows(split)


@pytest.mark.parametrize("stranger", ["holdout", None, 1.0])
def test_a_split_in_the_index_that_is_none_is_refused(data: Path, stranger: object) -> None:
    set_index(data, lambda index: index.assign(split=pd.Series([stranger] * 5)))
    with pytest.raises(DataError, match="expected one of train, validation, test"):
        _ = Dataset.open(data).splits


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(
    name=st.sampled_from(["dataset.json", "images.npy", "index.parquet"]),
    where=st.integers(0, 5000),
    byte=st.integers(0, 255),
)
def test_one_wrong_byte_opens_or_is_refused(pristine: Path, data: Path, name: str, where: int, byte: int) -> None:
    content = bytearray((pristine / name).read_bytes())
    content[where % len(content)] = byte
    (data / name).write_bytes(content)
    with contextlib.suppress(DataError):
        _ = Dataset.open(data).labels
    shutil.copy(pristine / name, data / name)
