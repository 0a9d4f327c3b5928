"""A dataset read by torch's loaders and by the `datasets` library of Hugging Face."""

import pickle
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import labelled_by
from ganvas.foundation.errors import DataError
from ganvas.foundation.pixels import to_uint8
from support.datasets import noise, write_pictures_of

ROOT = Path(__file__).parents[1]
CLASSES = ["sea", "sky", "sea", "land", "sky", "sea"]


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return write_pictures_of(
        tmp_path / "data",
        noise(6),
        CLASSES,
        split=["train", "test", "train", "train", "test", "train"],
        year=[1881, 1882, 1883, 1884, 1885, 1886],
        medium=["oil", None, "ink", "oil", "oil", "ink"],
    )


# --- torch ---


def test_pairs_of_pictures_and_classes(data: Dataset) -> None:
    pictures = data.as_torch()
    assert (len(pictures), pictures.rows.tolist(), pictures.class_names) == (4, [0, 2, 3, 5], ["land", "sea", "sky"])
    picture, label = pictures[2]
    assert (picture.dtype, picture.shape, label) == (torch.float32, (3, 8, 8), 0)
    assert -1 <= picture.min() < picture.max() <= 1
    assert np.array_equal(to_uint8(picture[None])[0], data.images[3])
    assert isinstance(label, int)


def test_every_split_or_all_pictures(data: Dataset) -> None:
    assert data.as_torch("test").labels.tolist() == [2, 2]
    assert len(data.as_torch("validation")) == 0
    assert data.as_torch(None).labels.tolist() == [1, 2, 1, 0, 2, 1]
    with pytest.raises(DataError, match=r"unknown split 'tset' .did you mean 'test'"):
        data.as_torch("tset")


def test_pictures_without_classes_have_no_ones_label(tmp_path: Path) -> None:
    pictures = write_pictures_of(tmp_path / "data", noise(3)).as_torch()
    assert (pictures.labels.tolist(), pictures.class_names) == ([-1, -1, -1], [])


def test_classes_are_those_of_the_view(data: Dataset) -> None:
    assert labelled_by(data, "split").as_torch().class_names == ["test", "train"]


def test_a_transform_sees_every_picture(data: Dataset) -> None:
    plain, flipped = data.as_torch(), data.as_torch(transform=lambda picture: picture.flip(-1))
    assert torch.equal(flipped[1][0], plain[1][0].flip(-1))
    assert flipped[1][1] == plain[1][1]


def test_a_place_beyond_the_last_is_refused(data: Dataset) -> None:
    with pytest.raises(IndexError):
        data.as_torch()[4]


@pytest.mark.parametrize("workers", [0, 2])
def test_loaders_give_the_same_batches_whatever_the_workers(data: Dataset, workers: int) -> None:
    loader = DataLoader(data.as_torch(None), batch_size=4, num_workers=workers)
    (first, labels), (second, others) = loader
    assert np.array_equal(to_uint8(torch.cat([first, second])), data.images)
    assert torch.cat([labels, others]).tolist() == [1, 2, 1, 0, 2, 1]


def test_workers_are_sent_the_path_and_not_the_pictures(tmp_path: Path) -> None:
    pictures = write_pictures_of(tmp_path / "data", noise(50, 64)).as_torch()
    sent = pickle.dumps(pictures)
    assert len(sent) < 10_000
    assert torch.equal(pickle.loads(sent)[7][0], pictures[7][0])  # noqa: S301  # our own bytes


# --- Hugging Face ---


def test_the_columns_of_a_hugging_face_dataset(data: Dataset) -> None:
    datasets = pytest.importorskip("datasets")
    shown = data.to_hf()
    assert shown.features == datasets.Features(
        {
            "image": datasets.Image(),
            "source": datasets.Value("string"),
            "split": datasets.Value("string"),
            "year": datasets.Value("int64"),
            "medium": datasets.Value("string"),
            "class": datasets.ClassLabel(names=["land", "sea", "sky"]),
        }
    )
    for row, record in enumerate(shown):
        assert np.array_equal(np.asarray(record["image"]), data.images[row])
        assert shown.features["class"].int2str(record["class"]) == CLASSES[row]
        assert record["year"] == 1881 + row
    assert shown["medium"][:2] == ["oil", None]


def test_a_split_of_a_hugging_face_dataset_by_itself(data: Dataset) -> None:
    pytest.importorskip("datasets")
    assert list(data.to_hf("test")["source"]) == ["1.png", "4.png"]
    with pytest.raises(DataError, match="no pictures in its split 'validation'"):
        data.to_hf("validation")
    with pytest.raises(DataError, match="unknown split 'all'"):
        data.to_hf("all")


def test_pictures_without_classes_and_another_name_for_them(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    data = write_pictures_of(tmp_path / "data", noise(2), image=["a", "b"])
    with pytest.raises(DataError, match="has a column 'image' already; choose another name"):
        data.to_hf()
    assert data.to_hf(image="picture").column_names == ["picture", "source", "image"]


def test_what_has_changed_is_not_taken_from_the_cache(data: Dataset) -> None:
    pytest.importorskip("datasets")
    assert data.to_hf().cache_files == data.to_hf().cache_files
    table = pd.read_parquet(data.path / "index.parquet")
    table.assign(medium="chalk").to_parquet(data.path / "index.parquet")
    assert set(Dataset.open(data.path).to_hf()["medium"]) == {"chalk"}


def test_nothing_is_printed(data: Dataset, capfd: pytest.CaptureFixture[str]) -> None:
    datasets = pytest.importorskip("datasets")
    data.to_hf(image="quiet")
    assert capfd.readouterr() == ("", "")
    assert not datasets.are_progress_bars_disabled()


def test_without_the_library_one_line_says_what_to_install(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"needs the datasets library; install it with: pip install 'ganvas\[hf\]'"):
        data.to_hf()


# --- As the docs have it ---


@pytest.mark.parametrize("page", ["data.md", "survey.md"])
def test_what_the_docs_do_from_python_works(tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    write_pictures_of(tmp_path / "my-data", noise(6), CLASSES)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    if page == "data.md":
        assert (names["images"].shape, names["labels"].shape) == ((6, 3, 8, 8), (6,))
        assert names["rows"].num_rows == 6
    else:
        assert (tmp_path / "page.html").exists()
