"""Folders whose pictures are not the user's, and datasets whose folders are no classes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.skipped import RUN, SYSTEM
from ganvas.foundation.errors import DataError
from support.command_line import Cli
from support.datasets import write_dataset
from support.pictures import write_pictures
from support.prepared import rejections
from support.replicas import tarred, zipped
from support.runs import TINY_WORDS

Pack = Callable[[Path], Path]
PACKS = pytest.mark.parametrize("pack", [lambda path: path, zipped, tarred], ids=["folder", "zip", "tar"])


@pytest.fixture
def art(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "art" / "sea", 3)
    write_pictures(tmp_path / "art" / "land", 2, seed=1)
    return tmp_path / "art"


@PACKS
@pytest.mark.parametrize("name", ["@eaDir", "$RECYCLE.BIN", "#recycle", "Catalogue Previews.lrdata"])
def test_what_systems_leave_is_passed_over_and_said(tmp_path: Path, art: Path, pack: Pack, name: str) -> None:
    write_pictures(art / "sea" / name / "deep", 4, seed=2)
    write_pictures(art / name, 4, seed=3)
    (art / "sea" / "Thumbs.db").touch()
    summary = prepare(pack(art), tmp_path / "data", size=8)
    assert summary.class_counts == {"land": 2, "sea": 3}
    assert rejections(tmp_path / "data") == {
        name: SYSTEM,
        f"sea/{name}": SYSTEM,
        "sea/Thumbs.db": "not a picture (extension .db)",
    }
    assert SYSTEM in str(summary)


def test_what_a_mac_packs_up_is_no_class(tmp_path: Path, art: Path) -> None:
    write_pictures(art / "__MACOSX", 2, seed=2)
    assert prepare(art, tmp_path / "data", size=8).class_counts == {"land": 2, "sea": 3}


@PACKS
def test_what_ganvas_wrote_is_passed_over_and_said(cli: Cli, tmp_path: Path, art: Path, pack: Pack) -> None:
    data = write_dataset(art / "prepared")
    cli("train", data, "--out", art / "run", "--recipe", "dcgan", "--budget", "2steps", *TINY_WORDS, check=True)
    cli("sample", art / "run", "--out", art / "sea" / "samples", "-n", 4, check=True)
    summary = prepare(pack(art), tmp_path / "data", size=8)
    assert summary.class_counts == {"land": 2, "sea": 3}
    assert rejections(tmp_path / "data") == {
        "prepared": "a dataset of ganvas",
        "run": RUN,
        "sea/samples": "pictures that ganvas generated",
    }
    for own in ("run", "prepared"):
        with pytest.raises(DataError, match=f"{own} is a .* of ganvas, not a folder of pictures"):
            prepare(art / own, tmp_path / "no", size=8)
    assert prepare(art / "sea" / "samples", tmp_path / "generated", size=8).count == 4


def test_a_folder_that_only_looks_similar_stays(tmp_path: Path, art: Path) -> None:
    write_pictures(art / "runs", 2, seed=2)
    (art / "runs" / "config.yaml").touch()
    write_pictures(art / "eaDir", 2, seed=3)
    assert prepare(art, tmp_path / "data", size=8).class_counts == {"eaDir": 2, "land": 2, "runs": 2, "sea": 3}


# ---- StyleGAN's datasets ----------------------------------------------------------------------------------------


def stylegan(path: Path, labels: Any, count: int = 6) -> Path:
    """As StyleGAN's dataset tool writes it, but with two pictures a folder in the place of a thousand."""
    pictures = write_pictures(path.with_name("plain"), count)
    for number in range(count):
        folder = path / f"{number // 1000:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        (pictures / f"{number}.png").rename(folder / f"img{number:08d}.png")
    if labels is not ...:
        (path / "dataset.json").write_text(json.dumps({"labels": labels}))
    return path


def one_hot(number: int) -> list[float]:
    return [float(number == place) for place in range(3)]


@PACKS
@pytest.mark.parametrize("kind", [int, one_hot, lambda number: f"kind {number}"])
def test_classes_are_those_of_its_labels(tmp_path: Path, pack: Pack, kind: Callable[[int], object]) -> None:
    labels = [[f"00000/img{number:08d}.png", kind(number % 2)] for number in range(5)]
    labels.append(["00009/img00009999.png", kind(1)])
    source = pack(stylegan(tmp_path / "in", labels))
    summary = prepare(source, tmp_path / "data", size=8)
    names = ["kind 0", "kind 1"] if kind(0) == "kind 0" else ["0", "1"]
    assert summary.class_counts == dict(zip(names, (3, 2), strict=True))
    assert "recognised StyleGAN's dataset (dataset.json): class by class" in str(summary)
    assert rejections(tmp_path / "data") == {
        "00000/img00000005.png": "without a label in dataset.json",
        "00009/img00009999.png": "missing (named in dataset.json)",
    }


@PACKS
@pytest.mark.parametrize("labels", [None, ...])
def test_without_labels_its_folders_are_no_classes(tmp_path: Path, pack: Pack, labels: Any) -> None:
    source = stylegan(tmp_path / "in", labels)
    write_pictures(source / "00001", 1, seed=1)
    (source / "00001" / "0.png").rename(source / "00001" / "img00001000.png")
    summary = prepare(pack(source), tmp_path / "data", size=8)
    assert summary.count == 7
    assert Dataset.open(tmp_path / "data").labels is None
    assert "no classes" in str(summary)


def test_numbered_folders_of_ffhq_are_no_classes(tmp_path: Path) -> None:
    for number in (0, 999, 1000, 69999):
        folder = tmp_path / "ffhq" / f"{number // 1000 * 1000:05d}"
        write_pictures(folder, 1, seed=number)
        (folder / "0.png").rename(folder / f"{number:05d}.png")
    prepare(tmp_path / "ffhq", tmp_path / "data", size=8)
    assert Dataset.open(tmp_path / "data").labels is None


def test_numbered_folders_of_classes_are_classes(tmp_path: Path) -> None:
    for name in ("00000", "00001"):
        write_pictures(tmp_path / "in" / name, 2, seed=int(name))
    assert prepare(tmp_path / "in", tmp_path / "data", size=8).class_counts == {"00000": 2, "00001": 2}


@pytest.mark.parametrize("label", [[0.5, 0.5], {"x": 1}, None, True])
def test_labels_that_are_no_classes_are_one_clear_line(tmp_path: Path, label: object) -> None:
    source = stylegan(tmp_path / "in", [["00000/img00000000.png", label]])
    with pytest.raises(DataError, match=r"dataset.json gives 00000/img00000000.png the label"):
        prepare(source, tmp_path / "data", size=8)


def test_labels_that_are_not_pairs_are_one_clear_line(tmp_path: Path) -> None:
    source = stylegan(tmp_path / "in", [["00000/img00000000.png", 1, 2]])
    with pytest.raises(DataError, match=r"labels must be a list of .*found \['00000/img00000000.png', 1, 2\]"):
        prepare(source, tmp_path / "data", size=8)


@pytest.mark.parametrize("content", ["[1]", "{", '{"labels": 3}', '{"labels": [1, 2]}', '{"other": []}'])
def test_another_dataset_json_means_nothing(tmp_path: Path, art: Path, content: str) -> None:
    (art / "dataset.json").write_text(content)
    assert prepare(art, tmp_path / "data", size=8).class_counts == {"land": 2, "sea": 3}
