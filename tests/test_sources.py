"""Folders by level, and several sources in one call."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources import Request
from ganvas.data.sources.opening import open_source
from ganvas.foundation.errors import DataError
from support.command_line import Cli, with_any_name
from support.prepared import classes_of
from support.replicas import write_picture, zipped

# ---- folders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "classes"),
    [
        ("1", ["new", "new", "old", "old", "old"]),
        ("2", ["land", "sea", "land", "sea", "sea"]),
        ("3", ["hill", "calm", "hill", "calm", "storm"]),
        ("-1", ["hill", "calm", "hill", "calm", "storm"]),
        ("-3", ["new", "new", "old", "old", "old"]),
        ("none", [None] * 5),
        ("folders", ["new", "new", "old", "old", "old"]),
    ],
)
def test_a_level_of_folders_is_the_class(nested: Path, level: str, classes: list[str | None]) -> None:
    assert list(classes_of(nested, classes=level).values()) == classes


@with_any_name
def test_a_name_with_an_accent_is_one_class_however_it_is_coded(tmp_path: Path) -> None:
    for number, name in enumerate((unicodedata.normalize("NFC", "Dürer"), unicodedata.normalize("NFD", "Dürer"))):
        write_picture(tmp_path / "in" / name / f"{number}.png", number)
    assert set(classes_of(tmp_path / "in").values()) == {unicodedata.normalize("NFC", "Dürer")}


@pytest.mark.parametrize(
    ("folders", "options", "is_told"),
    [
        (["train", "test"], {}, True),
        (["Training", "valid", "test"], {}, True),
        (["train", "test", "sea"], {}, False),
        (["valid", "test"], {}, False),
        (["0", "1"], {}, False),
        (["train"], {}, False),
        (["train", "test"], {"classes": "1"}, False),
        (["train", "test"], {"classes": "none"}, False),
        (["train", "test"], {"split": "class"}, False),
        (["train", "test"], {"split": "none"}, False),
    ],
)
def test_folders_called_like_a_split_are_told_of(
    tmp_path: Path, folders: list[str], options: dict[str, Any], is_told: bool
) -> None:
    for number, folder in enumerate(folders):
        write_picture(tmp_path / "in" / folder / "sea" / f"{number}.png", number)
    notes = open_source(tmp_path / "in", Request(**options)).notes
    listed = ", ".join(sorted(folders))
    assert notes == ((f"the folders {listed} are classes; if they divide the pictures, add --split class",) * is_told)


def test_a_level_is_counted_after_the_split(cli: Cli, nested: Path) -> None:
    (nested / "old").rename(nested / "train")
    (nested / "new").rename(nested / "test")
    cli("prepare", nested, "data", "--size", 8, "--split", "class", "--classes", "1", check=True)
    index = Dataset.open("data").index
    assert index["class"].tolist() == ["land", "sea", "land", "sea", "sea"]
    assert index["split"].tolist() == ["test", "test", "train", "train", "train"]


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("4", "classes 4 is out of range; {} has 3 levels of folders"),
        ("-4", "classes -4 is out of range"),
        ("0", "unknown choice of classes '0'; choose from: folders, none, or the number of a folder level, as in 2"),
        ("1.5", "unknown choice of classes '1.5'"),
        ("", "unknown choice of classes ''"),
        ("²", "unknown choice of classes '²'"),
    ],
)
def test_a_level_that_is_not_there(cli: Cli, nested: Path, level: str, message: str) -> None:
    done = cli("prepare", nested, "data", "--classes", level)
    assert (done.returncode, Path("data").exists()) == (2, False)
    assert message.format(nested) in done.stderr


def test_pictures_above_the_level_are_refused(nested: Path) -> None:
    write_picture(nested / "old" / "loose.png", 9)
    with pytest.raises(
        DataError, match=r"1 picture lies outside of the class folders \(level 2\) of .* \(old/loose.png\)"
    ):
        open_source(nested, Request(classes="2"))


# ---- several sources --------------------------------------------------------------------------------------------


def test_each_of_several_sources_is_a_class(cli: Cli, nested: Path, table: Path) -> None:
    sources = [f"nature={zipped(nested)}", f"art={table}", "flat=painter:20"]
    done = cli("prepare", *sources, "data", "--size", 16, "--workers", 1, check=True)
    assert "3 classes: art 6, flat 20, nature 5" in done.stdout
    data = Dataset.open("data")
    assert data.index["source"].tolist()[:2] == ["nature/new/land/hill/4.png", "nature/new/sea/calm/3.png"]
    art = data.index[data.index["class"] == "art"]
    assert art["split"].tolist() == ["train", "test"] * 3
    assert art["class_in_table"].tolist() == ["sea"] * 3 + ["land"] * 3
    assert set(data.index.loc[data.index["class"] != "art", "split"]) == {"train"}
    assert data.index["palette"].notna().sum() == 20
    assert data.info.options["source"] == {"nature": str(zipped(nested)), "art": str(table), "flat": "painter:20"}


def test_conditions_and_balance_reach_over_several_sources(nested: Path, tmp_path: Path) -> None:
    sources = {"old": nested / "old", "new": nested / "new"}
    options: dict[str, Any] = {"size": 8, "balance": True, "where": 'class in ["old", "new"]', "seed": 1}
    assert prepare(sources, tmp_path / "data", **options).class_counts == {"new": 2, "old": 2}


def test_one_source_can_be_given_a_class(cli: Cli, nested: Path) -> None:
    assert "1 classes: sea 5" in cli("prepare", f"sea={nested}", "data", "--size", 8, check=True).stdout


def test_a_folder_with_a_sign_of_equality_is_a_folder(cli: Cli, nested: Path, tmp_path: Path) -> None:
    nested.rename(tmp_path / "a=b")
    assert "2 classes: new 2, old 3" in cli("prepare", "a=b", "data", "--size", 8, check=True).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{}", "{}"], "is one of several sources and needs a class, as in flowers=photos landscape=wikiart/landscape"),
        (["a={}", "{}"], "is one of several sources and needs a class"),
        (["a={}", "a={}"], "the class 'a' appears twice; put its pictures into one folder"),
        (["={}", "b={}"], "needs a class"),
        ([" ={}", "b={}"], "each of several sources needs a class"),
        (["a=", "b={}"], "needs a class"),
        (["a={}", "b=nowhere"], "nowhere does not exist"),
        (["a={}", "b=pianter:3"], "unknown source 'pianter:'"),
        (["a={}", "b={}", "--classes", "2"], "classes 2 needs a single source; with several, each source is a class"),
        (["a={}", "b={}", "--split", "class"], "split class needs a single folder"),
        (["a={}", "b=painter:20", "--size", "512"], "can be prepared at 16 to 256 pixels"),
        (["a={}", "b={}", "--root", "x"], "root applies to tables"),
    ],
)
def test_several_sources_that_cannot_be(cli: Cli, nested: Path, words: list[str], message: str) -> None:
    options = next((number for number, word in enumerate(words) if word.startswith("--")), len(words))
    done = cli("prepare", *(word.format(nested) for word in words[:options]), "data", *words[options:])
    assert done.returncode == 2
    assert message in done.stderr
    assert not Path("data").exists()
