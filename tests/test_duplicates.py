"""Copies and near-duplicates: found, told of, dropped if asked, and seen where they leak into the test."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.painter import paint
from ganvas.data.prepare.duplicates import duplicate_sets, duplicates_column, find_duplicates, leaks, rows_to_drop
from ganvas.data.prepare.prepare import prepare
from support.command_line import Cli


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Paintings 0 to 5; of 1 a copy in another coding, of 2 a smaller and a larger one, of 3 a recoloured one."""
    folder = tmp_path / "in"
    folder.mkdir()
    paintings = [Image.fromarray(paint(number, 0, 64)) for number in range(6)]
    for number, painting in enumerate(paintings):
        painting.save(folder / f"{number}.png")
    paintings[1].save(folder / "1 copy.bmp")
    paintings[2].resize((48, 48)).save(folder / "2 smaller.jpg", quality=60)
    paintings[2].resize((96, 96)).save(folder / "2 larger.png")
    # As bright everywhere, so that a hash of greys takes it for the same picture.
    grey = paintings[3].convert("L")
    Image.merge("RGB", [ImageEnhance.Brightness(grey).enhance(factor) for factor in (0.25, 1.1, 1.9)]).save(
        folder / "3 recoloured.png"
    )
    return folder


def rejected(data: Path) -> list[dict[str, str]]:
    with (data / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_duplicates_are_always_told(cli: Cli, pictures: Path) -> None:
    said = cli("prepare", pictures, "data", "--size", 32, check=True).stdout
    index = Dataset.open("data").index.set_index("source")
    assert index["duplicates"].dropna().to_dict() == {
        "1 copy.bmp": 0,
        "1.png": 0,
        "2 larger.png": 1,
        "2 smaller.jpg": 1,
        "2.png": 1,
    }
    assert index["content"]["1.png"] == index["content"]["1 copy.bmp"]
    assert "duplicates: 5 pictures look alike in 2 sets, 1 exact copy among them" in said
    assert "originals 48 x 48 to 96 x 96, median 64 x 64" in said


@pytest.mark.parametrize(
    ("dedupe", "dropped"),
    [
        ("none", {}),
        ("exact", {"1.png": ("copy of another picture", "1 copy.bmp")}),
        (
            "near",
            {
                "1.png": ("copy of another picture", "1 copy.bmp"),
                "2 smaller.jpg": ("near-duplicate of another picture", "2 larger.png"),
                "2.png": ("near-duplicate of another picture", "2 larger.png"),
            },
        ),
    ],
)
def test_duplicates_are_dropped_if_asked(
    cli: Cli, pictures: Path, dedupe: str, dropped: dict[str, tuple[str, str]]
) -> None:
    (pictures / "0.txt").touch()
    said = cli("prepare", pictures, "data", "--size", 32, "--dedupe", dedupe, check=True).stdout
    rows = rejected(Path("data"))
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    assert {row["path"]: (row["reason"], row["detail"]) for row in rows if row["path"] != "0.txt"} == dropped
    data = Dataset.open("data")
    assert len(data) == len(data.images) == 10 - len(dropped)
    everything = prepare(pictures, Path("all"), size=32)
    whole = Dataset.open(everything.path)
    kept = [source not in dropped for source in whole.index["source"]]
    np.testing.assert_array_equal(data.images, whole.images[kept])
    assert data.index["duplicates"].notna().sum() == {"none": 5, "exact": 3, "near": 0}[dedupe]
    assert ("near-duplicate of another picture, as 2 smaller.jpg (2 larger.png)" in said) == (dedupe == "near")


def test_a_dropped_duplicate_of_another_class_is_told(cli: Cli, pictures: Path) -> None:
    for file in sorted(pictures.iterdir()):
        folder = pictures / ("b" if file.name in ("0.png", "1.png", "2.png", "5.png") else "a")
        folder.mkdir(exist_ok=True)
        file.rename(folder / file.name)
    said = cli("prepare", pictures, "data", "--size", 32, "--dedupe", "near", check=True).stdout
    assert "warning: 2 dropped duplicates were of another class than the picture that stays (see rejected" in said
    assert {row["path"]: row["detail"] for row in rejected(Path("data"))} == {
        "b/1.png": "a/1 copy.bmp, of class a, not b",
        "b/2.png": "a/2 larger.png, of class a, not b",
        "a/2 smaller.jpg": "a/2 larger.png",
    }


def test_a_leak_is_told(cli: Cli, pictures: Path) -> None:
    for file in sorted(pictures.iterdir()):
        folder = pictures / ("test" if file.name in ("1.png", "2.png", "5.png") else "train")
        folder.mkdir(exist_ok=True)
        file.rename(folder / file.name)
    said = cli("prepare", pictures, "data", "--size", 32, "--split", "class", check=True).stdout
    assert "warning: 2 held-back pictures have a duplicate to train on: test scores will be too good" in said
    said = cli("prepare", pictures, "clean", "--size", 32, "--split", "class", "--dedupe", "near", check=True).stdout
    assert "flatters" not in said


def test_a_split_by_chance_leaks_nothing(cli: Cli, pictures: Path) -> None:
    for seed in range(4):
        words = ["--size", 32, "--split", "0.5", "--seed", seed]
        assert "flatters" not in cli("prepare", pictures, f"data{seed}", *words, check=True).stdout


def test_plain_pictures_are_copies_only_of_their_like(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, size, colour in (
        ("a.png", (40, 40), "white"),
        ("b.bmp", (40, 40), "white"),
        ("c.png", (50, 50), "white"),
        ("d.png", (40, 40), "black"),
    ):
        Image.new("RGB", size, colour).save(tmp_path / "in" / name)
    prepare(tmp_path / "in", tmp_path / "data", size=16)
    index = Dataset.open(tmp_path / "data").index
    assert index["duplicates"].fillna(-1).tolist() == [0, 0, -1, -1]


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_strangers_that_share_a_hash_are_no_duplicates() -> None:
    images = np.zeros((3, 16, 16, 3), np.uint8)
    images[0], images[1], images[2] = 10, 200, 15
    index = table(source=["a", "b", "c"], content=["1", "2", "3"], phash=["00000000ffffffff"] * 3)
    # 0 and 2 look alike, and 1 does not; all have one hash, so they are compared with the first that has it.
    assert find_duplicates(index, images, np.arange(3)).near.tolist() == [0, 1, 0]


def test_a_crowd_of_copies_is_compared_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.data.prepare.duplicates._BATCH", 7)
    count = 100
    index = table(source=list(range(count)), content=list(range(count)), phash=["00000000ffffffff"] * count)
    index["content"] = index["content"].astype(str)
    repeats = find_duplicates(index, np.zeros((count, 8, 8, 3), np.uint8), np.arange(count))
    assert set(repeats.near) == {0}
    assert len(set(repeats.exact)) == count


def test_the_largest_original_stays() -> None:
    index = table(width=[10, 20, 20, 5], height=[10, 10, 10, 5])
    assert rows_to_drop(index, np.array([0, 0, 0, 3])) == {0: 1, 2: 1}


def test_what_is_like_nothing_that_is_kept_stays() -> None:
    index = table(width=[9, 8, 7, 6, 5], height=[1] * 5)
    chain = rows_to_drop(index, np.zeros(5, np.int64), lambda row, other: abs(row - other) <= 1)
    assert chain == {1: 0, 3: 2}  # 0 and 4 are the ends of a fade


def test_copies_to_train_on_stay_rather_than_those_held_back(tmp_path: Path) -> None:
    index = table(width=[20, 10, 10], height=[10, 10, 10])
    assert rows_to_drop(index, np.zeros(3, np.int64), held_back=np.array([True, False, False])) == {0: 1, 2: 1}
    paintings = [Image.fromarray(paint(number, 0, 64)) for number in range(4)]
    for part, numbers in {"test": (0, 1), "train": (0, 1, 2, 3)}.items():
        (tmp_path / "in" / part).mkdir(parents=True)
        for number in numbers:
            paintings[number].save(tmp_path / "in" / part / f"{number}.png")
    prepare(tmp_path / "in", tmp_path / "data", size=32, split="class", dedupe="near")
    assert Dataset.open(tmp_path / "data").splits == {"train": 4, "validation": 0, "test": 0}


def test_only_what_repeats_is_numbered() -> None:
    numbers = duplicates_column(np.array([0, 1, 0, 3, 4, 3]))
    assert numbers.fillna(-1).tolist() == [0, -1, 0, 1, -1, 1]
    assert str(numbers.dtype) == "Int64"


def test_leaks_are_held_back_pictures_with_a_twin_in_training() -> None:
    sets = duplicate_sets(pd.Series([0, 0, 0, None, 1, None], dtype="Int64"))
    assert len(set(sets[2:])) == 4
    is_trained = np.array([True, False, False, False, False, True])
    assert leaks(sets, is_trained).tolist() == [False, True, True, False, False, False]
