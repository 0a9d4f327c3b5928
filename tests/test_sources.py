"""Folders by level, archives, tables, and several sources in one call."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Cli
from ganvas.data.dataset import Dataset
from ganvas.data.prepare import prepare
from ganvas.data.sources import Request
from ganvas.data.sources.archive import MOST_BYTES, Archive, Place
from ganvas.data.sources.columns import read_columns, values_of
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import unique
from ganvas.errors import DataError
from replicas import picture_bytes, write_csv, write_picture

NESTED = ["old/sea/calm/0.png", "old/sea/storm/1.png", "old/land/hill/2.png"]
NESTED += ["new/sea/calm/3.png", "new/land/hill/4.png"]


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    for seed, name in enumerate(NESTED):
        write_picture(tmp_path / "nested" / name, seed)
    return tmp_path / "nested"


def classes_of(source: Any, **options: Any) -> dict[str, Any]:
    """The class of each picture by its name, and the reason of each stranger."""
    opened = open_source(source, Request(**options))
    return {item.name: getattr(item, "reason", item.labels.get(opened.label_column or "")) for item in opened.items}


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
        ("4", "classes 4 is out of range; on the way to the pictures of {} lie 3 levels of folders"),
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
    with pytest.raises(DataError, match=r"1 picture lies beside the class folders \(level 2\) of .* \(old/loose.png\)"):
        open_source(nested, Request(classes="2"))


# ---- archives ---------------------------------------------------------------------------------------------------


def zipped(folder: Path, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", kind) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return target


def tarred(folder: Path, mode: str = "w:gz") -> Path:
    target = folder.with_suffix(".tar")
    with tarfile.open(target, mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, ".")
    return target


PACKERS: list[Callable[[Path], Path]] = [
    zipped,
    lambda folder: zipped(folder, zipfile.ZIP_STORED),
    lambda folder: zipped(folder, zipfile.ZIP_BZIP2),
    lambda folder: zipped(folder, zipfile.ZIP_LZMA),
    *(lambda folder, mode=mode: tarred(folder, mode) for mode in ("w", "w:gz", "w:bz2", "w:xz")),
]


@pytest.mark.parametrize("pack", PACKERS)
def test_an_archive_is_read_like_its_folder(tmp_path: Path, nested: Path, pack: Callable[[Path], Path]) -> None:
    (nested / "old" / "notes.txt").touch()
    (nested / "old" / ".DS_Store").touch()
    prepare(nested, tmp_path / "plain", size=8, classes=2)
    prepare(pack(nested), tmp_path / "packed", size=8, classes=2)
    plain, packed = Dataset.open(tmp_path / "plain"), Dataset.open(tmp_path / "packed")
    by_name = [table.index.sort_values("source").reset_index(drop=True) for table in (plain, packed)]
    pd.testing.assert_frame_equal(*by_name)
    assert sorted(map(bytes, plain.images)) == sorted(map(bytes, packed.images))
    assert [(data.path / "rejected.csv").read_text() for data in (plain, packed)] == [
        "path,reason\nold/notes.txt,not a picture (extension .txt)\n"
    ] * 2


def test_the_folder_that_everything_lies_in_is_no_class(tmp_path: Path) -> None:
    write_picture(tmp_path / "art" / "art" / "sea" / "0.png", 0)
    write_picture(tmp_path / "art" / "art" / "land" / "0.png", 1)
    assert classes_of(zipped(tmp_path / "art")) == {"art/land/0.png": "land", "art/sea/0.png": "sea"}
    write_picture(tmp_path / "flat" / "flat" / "0.png", 0)
    assert classes_of(tarred(tmp_path / "flat")) == {"flat/0.png": None}


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_gives_the_same_for_any_number_of_workers(tmp_path: Path, mode: str) -> None:
    for seed in range(24):
        write_picture(tmp_path / "many" / f"{seed:02d}.png", seed)
    archive = tarred(tmp_path / "many", mode)
    one, two = (prepare(archive, tmp_path / str(n), size=8, workers=n).path for n in (1, 2))
    for name in os.listdir(one):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def hostile_zip(path: Path) -> dict[str, str]:
    """An archive with members of every bad kind; what is wrong with each."""
    good = picture_bytes(0)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/good.png", "a/damaged.png", "a/secret.png", "a/strange.png", "../out.png", "/etc/out.png"):
            archive.writestr(name, good)
        archive.writestr("C:\\out.png", good)
        archive.writestr("a/bomb.png", b"\0" * 100_000, zipfile.ZIP_DEFLATED)
        archive.writestr("a/text.png", b"no picture")
        archive.writestr("a/empty.png", b"")
        archive.writestr("a/notes.txt", b"")
        archive.writestr("__MACOSX/a/._good.png", b"")
        archive.writestr("a/.hidden.png", good)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/good.png", picture_bytes(1))
    data = bytearray(path.read_bytes())
    damaged = data.index(good, data.index(b"a/damaged.png"))
    data[damaged + 60] ^= 0xFF
    for name, offset, value in (("a/secret.png", 8, 1), ("a/strange.png", 10, 93)):
        header = data.rindex(b"PK\1\2", 0, data.rindex(name.encode()))
        data[header + offset] = value
    path.write_bytes(data)
    return {
        "../out.png": "a name that leads out of its archive",
        "/etc/out.png": "a name that leads out of its archive",
        "C:/out.png": "a name that leads out of its archive",
        "a/damaged.png": "damaged or cut short",
        "a/secret.png": "encrypted",
        "a/strange.png": "packed in a way that this Python cannot unpack",
        "a/bomb.png": "not an image (content not recognised)",
        "a/text.png": "not an image (content not recognised)",
        "a/empty.png": "empty file",
        "a/notes.txt": "not a picture (extension .txt)",
    }


def rejections(data: Path) -> dict[str, str]:
    return dict(pd.read_csv(data / "rejected.csv").itertuples(index=False))


def test_bad_members_are_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    expected = hostile_zip(tmp_path / "art.zip")
    before = sorted(tmp_path.parent.rglob("*.png"))
    summary = prepare(tmp_path / "art.zip", tmp_path / "data", size=8)
    assert rejections(tmp_path / "data") == expected
    assert summary.count == 2
    assert Dataset.open(tmp_path / "data").index["source"].tolist() == ["a/good.png", "a/good (2).png"]
    assert sorted(tmp_path.parent.rglob("*.png")) == before, "nothing is written"


@pytest.mark.parametrize("name", ["caf\udce9.png", "été.png", "絵.png", "a\nb.png", "=cmd.png", "x" * 200 + ".png"])
def test_names_of_any_kind_survive_an_archive(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "art.tar", "w") as archive:
        for each, data in ((name, picture_bytes(0)), (name + ".png", b"")):
            info = tarfile.TarInfo(each)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    prepare(tmp_path / "art.tar", tmp_path / "data", size=8)
    written = name.replace("\udce9", r"\xe9")
    assert Dataset.open(tmp_path / "data").index["source"].tolist() == [written]
    assert rejections(tmp_path / "data") == {written + ".png": "empty file"}


def test_bad_members_of_a_tar_archive(tmp_path: Path) -> None:
    path = tmp_path / "art.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind, target in (
            ("good.png", tarfile.REGTYPE, ""),
            ("link.png", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.png", tarfile.LNKTYPE, "good.png"),
            ("pipe.png", tarfile.FIFOTYPE, ""),
            ("../out.png", tarfile.REGTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            data = picture_bytes(0) if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    prepare(path, tmp_path / "data", size=8)
    link = "a link or a device in an archive"
    outside = {"../out.png": "a name that leads out of its archive"}
    assert rejections(tmp_path / "data") == {"link.png": link, "hard.png": link, "pipe.png": link, **outside}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_of_a_tar_archive_that_is_cut_short_the_beginning_is_read(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "art"
    for seed in range(6):
        write_picture(folder / f"{seed}.png", seed)
        (folder / f"{seed}.png").write_bytes((folder / f"{seed}.png").read_bytes() + os.urandom(50_000))
    path = tarred(folder, mode)
    path.write_bytes(path.read_bytes()[:170_000])
    summary = prepare(path, tmp_path / "data", size=8)
    assert 1 <= summary.count <= 3
    assert "damaged or cut short" in set(rejections(tmp_path / "data").values())
    assert any(name.startswith("(the rest of art.tar)") for name in rejections(tmp_path / "data"))


def test_a_member_that_claims_to_be_huge_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [("huge.png", Place(0, MOST_BYTES + 1), ""), ("fine.png", Place(1, 10), "")]
    monkeypatch.setattr("ganvas.data.sources.archive._zip_members", lambda path: members)
    with zipfile.ZipFile(tmp_path / "art.zip", "w"):
        pass
    assert Archive(tmp_path / "art.zip").closed == {"huge.png": "more than a gibibyte"}


def test_an_archive_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_picture(tmp_path / "art" / "0.png", seed)
        (tmp_path / "art" / "0.png").write_bytes(picture_bytes(seed) + b"\0" * seed)
        prepare(zipped(tmp_path / "art"), tmp_path / f"data{seed}", size=12)
    first, second = (Dataset.open(tmp_path / f"data{seed}").images[0] for seed in (1, 2))
    assert (first != second).any()


def cut_zip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def packed_text(path: Path) -> None:
    path.write_bytes(gzip.compress(b"no archive"))


def zstandard(path: Path) -> None:
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 20)


def empty_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


def only_hidden(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/x.png", b"")


def a_text(path: Path) -> None:
    path.write_text("hello")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_zip, "is a file; name a folder of pictures, a zip or tar archive, or a CSV, TSV or Parquet table"),
        (packed_text, "is a file; name a folder"),
        (a_text, "is a file; name a folder"),
        (zstandard, "is packed with Zstandard, which ganvas does not read; pack it as .tar.gz or .zip"),
        (empty_zip, "holds no files"),
        (only_hidden, "holds no files"),
    ],
)
def test_files_that_are_no_archives(tmp_path: Path, nested: Path, spoil: Callable[[Path], None], message: str) -> None:
    path = zipped(nested)
    spoil(path)
    with pytest.raises(DataError) as caught:
        prepare(path, tmp_path / "data")
    assert f"{path} {message}" in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_archive_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    pack = data.draw(st.sampled_from(["zip", "tar", "gz", "bz2", "xz"]))
    plain = io.BytesIO()
    if pack == "zip":
        with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as zip_archive:
            zip_archive.writestr("a/0.png", picture_bytes(0))
            zip_archive.writestr("b/1.png", picture_bytes(1))
    else:
        with tarfile.open(fileobj=plain, mode="w") as archive:
            for name in ("a/0.png", "b/1.png"):
                info = tarfile.TarInfo(name)
                info.size = len(picture_bytes(0))
                archive.addfile(info, io.BytesIO(picture_bytes(0)))
    packers = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    content = bytearray(packers.get(pack, bytes)(plain.getvalue()))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "art").write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(DataError):
        prepare(folder / "art", folder / "data", size=8, workers=1)
    assert not list(folder.glob(".data*"))


# ---- tables -----------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six pictures and a table of them with all that tables have."""
    header = ["", "title", "file_name", "artist", "class", "year", "width", "licence", "group", "split"]
    rows: list[list[Any]] = [header]
    for number in range(6):
        write_picture(tmp_path / "in" / "images" / f"{number}.png", number)
        year, wall = "" if number == 4 else 1880 + number, f"wall {number % 3}"
        artist, kind = ("Monet", "Degas")[number // 2 % 2], ("sea", "land")[number // 3]
        title, file, part = f"Study, {number}", f"images/{number}.png", ("train", "Test")[number % 2]
        rows.append([number, title, file, artist, kind, year, 7, "CC0", wall, part])
    return write_csv(tmp_path / "in" / "pictures.csv", rows)


@pytest.mark.parametrize("form", ["csv", "semicolon", "tsv", "bom", "parquet"])
def test_a_table_with_paths(tmp_path: Path, table: Path, form: str) -> None:
    frame = pd.read_csv(table, dtype={"year": "Int64"}).drop(columns="Unnamed: 0")
    path = table.with_suffix({"tsv": ".tsv", "parquet": ".parquet"}.get(form, ".csv"))
    if form == "parquet":
        frame.to_parquet(path)
    else:
        separators = {"semicolon": ";", "tsv": "\t"}
        encoding = "utf-8-sig" if form == "bom" else "utf-8"
        frame.to_csv(path, index=False, sep=separators.get(form, ","), encoding=encoding)
    summary = prepare(path, tmp_path / "data", size=8)
    index = Dataset.open(tmp_path / "data").index
    assert summary.class_counts == {"land": 3, "sea": 3}
    assert index["source"].tolist() == [f"images/{number}.png" for number in range(6)]
    assert index["split"].tolist() == ["train", "test"] * 3
    assert index["width"].tolist() == [12] * 6
    assert index["width_in_table"].tolist() == [7] * 6
    assert index["group_in_table"].tolist() == ["wall 0", "wall 1", "wall 2"] * 2
    assert index["year"].isna().tolist() == [False] * 4 + [True, False]
    assert index["title"][5] == "Study, 5"


def test_labels_choose_the_class_and_what_is_kept(cli: Cli, table: Path) -> None:
    cli("prepare", table, "data", "--size", 8, "--labels", "artist,year", check=True)
    data = Dataset.open("data")
    assert data.class_names == ["Degas", "Monet"]
    assert data.info.label_column == "artist"
    assert set(data.index.columns) == {
        *("source", "sha256", "phash", "width", "height", "split", "artist", "year", "licence")
    }


def test_columns_split_and_group_a_table(cli: Cli, table: Path) -> None:
    options = ["--size", 8, "--labels", "artist"]
    done = cli("prepare", table, "data", *options, "--split", "0.34", "--group", "group", check=True)
    assert "in 1 of 3 groups" in done.stdout
    index = Dataset.open("data").index
    assert index.groupby("group")["split"].nunique().tolist() == [1, 1, 1]
    cli("prepare", table, "again", "--size", 8, "--group", r"[0-2]", "--split", "split", check=True)
    assert Dataset.open("again").index["group"].fillna("alone").tolist()[:4] == ["0", "1", "2", "alone"]


def test_a_class_under_a_name_of_the_index(cli: Cli, table: Path) -> None:
    cli("prepare", table, "data", "--size", 8, "--labels", "group", "--split", "none", check=True)
    data = Dataset.open("data")
    assert data.info.label_column == "group_in_table"
    assert data.labels is not None
    assert np.bincount(data.labels).tolist() == [2, 2, 2]
    assert "group" not in data.index, "a group is what must not be parted, and nobody asked for that"


def test_the_summary_does_not_list_a_thousand_classes(tmp_path: Path) -> None:
    for number in range(104):
        write_picture(tmp_path / "many" / f"{number // 2:03d}" / f"{number}.png", number)
    text = str(prepare(tmp_path / "many", tmp_path / "data", size=8))
    assert "52 classes: 000 2, 001 2, " in text
    assert text.endswith("049 2 and 2 more")


def test_numbers_can_be_classes(cli: Cli, table: Path) -> None:
    done = cli("prepare", table, "data", "--size", 8, "--labels", "width", check=True)
    assert "1 classes: 7 6" in done.stdout


def test_rows_without_pictures_are_listed(tmp_path: Path, table: Path) -> None:
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    frame.loc[0, "file_name"] = "images/none.png"
    frame.loc[1, "file_name"] = ""
    frame.loc[2, "file_name"] = "images/3.png"
    frame.loc[4, "class"] = " "
    frame.loc[5, "file_name"] = "images/\0.png"
    frame.to_csv(table, index=False)
    with pytest.raises(DataError, match="class 'sea' has 1 picture"):
        prepare(table, tmp_path / "data", size=8)
    prepare(table, tmp_path / "data", size=8, classes="none")
    assert rejections(tmp_path / "data") == {
        "images/none.png": "missing (named in pictures.csv)",
        "(no path)": "no path in the table",
        "images/3 (2).png": "named more than once in pictures.csv",
        "images/\0.png": "missing (named in pictures.csv)",
    }


def test_paths_of_another_system_are_understood(tmp_path: Path, table: Path) -> None:
    table.write_text(table.read_text().replace("images/", " images" + chr(92)))
    assert prepare(table, tmp_path / "data", size=8).count == 6


def test_paths_begin_in_the_root(tmp_path: Path, table: Path) -> None:
    moved = tmp_path / "tables" / "pictures.csv"
    moved.parent.mkdir()
    table.rename(moved)
    assert prepare(moved, tmp_path / "data", size=8, root=table.parent).count == 6
    with pytest.raises(DataError, match="6 missing"):
        prepare(moved, tmp_path / "nothing", size=8)


def test_without_a_class_the_columns_are_named(cli: Cli, table: Path) -> None:
    frame = pd.read_csv(table).drop(columns=["class", "Unnamed: 0"])
    frame.to_csv(table, index=False)
    done = cli("prepare", table, "data", "--size", 8, check=True)
    assert "no classes; name their column with --labels: artist, group, licence, split, title" in done.stdout


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return spoil


def content(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def fine(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (content(b""), {}, "pictures.csv holds no rows"),
        (content(b"file\n"), {}, "pictures.csv holds no rows"),
        (content(b"file,x\na.png\n"), {}, "pictures.csv, line 2: 1 cells where 2 are expected (file, x)"),
        (content(b'file\n"a.png\n'), {}, "no readable picture in"),
        (content(b"file,x\na.png,caf\xe9\n"), {}, "pictures.csv is not in UTF-8 (line 2)"),
        (content(b"x" * 200_000 + b"\n1\n"), {}, "cannot be read as a table: line 1: field larger than field limit"),
        (content(b"file,file\na.png,b.png\n"), {}, "has several columns called 'file'; give each a name of its own"),
        (content(b"a,b\n1,2\n"), {}, "no column names pictures by their files; choose one with --path-column: a, b"),
        (
            content(b"a,b\nx.png,y.png\n"),
            {},
            "several columns could name the pictures; choose one with --path-column: a,",
        ),
        (
            content(b"url\nhttps://example.org/1.png\n"),
            {},
            "has addresses in 'url' but no paths; download the pictures",
        ),
        (fine, {"path_column": "file"}, "pictures.csv: unknown path column 'file'"),
        (fine, {"path_column": "year"}, "no readable picture"),
        (fine, {"labels": "artits"}, "unknown label 'artits' (did you mean 'artist'?); choose from: artist, class"),
        (fine, {"labels": "artist,nothing"}, "unknown label 'nothing'; choose from: artist"),
        (fine, {"labels": "file_name"}, "unknown label 'file_name'"),
        (fine, {"labels": "year"}, "class '1880' has 1 picture"),
        (
            fine,
            {"classes": "2"},
            "classes 2 is a folder level, and a table has none; name the column of the class with",
        ),
        (fine, {"classes": "none", "labels": "artist"}, "labels is about classes, and classes none leaves none"),
        (fine, {"classes": "none", "balance": True}, "balance is about classes, and classes none leaves none"),
        (fine, {"split": "artist"}, "unknown split 'Monet'; choose from"),
        (fine, {"split": "year"}, "unknown split '1880'; choose from"),
        (fine, {"split": "spilt"}, "unknown split column 'spilt' (did you mean 'split'?)"),
        (fine, {"group": "wrong"}, "group 'wrong' matches no name in"),
        (fine, {"limit": 0}, "limit 0 is out of range; take 1 picture or more"),
        (fine, {"limit": 1, "balance": True}, "limit 1 for 2 classes leaves none of 6 pictures"),
        (fine, {"min_per_class": -1}, "min-per-class -1 is out of range"),
        (fine, {"min_per_class": 4}, "min-per-class 4 leaves none of 6 pictures"),
        (fine, {"where": "year > 1900"}, "the condition 'year > 1900' leaves none of 6 pictures"),
        (replaced("images/0.png", "images/0.txt"), {}, "class 'sea' has 2"),
    ],
)
def test_tables_and_choices_that_cannot_be(
    tmp_path: Path, table: Path, spoil: Callable[[Path], None], options: dict[str, Any], message: str
) -> None:
    spoil(table)
    if message == "class 'sea' has 2":  # a picture of another extension is read as what it is: here, as missing
        assert prepare(table, tmp_path / "data", size=8).class_counts == {"land": 3, "sea": 2}
        return
    with pytest.raises(DataError) as caught:
        prepare(table, tmp_path / "data", **{"size": 8, **options})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("option", "value"), [("--root", "elsewhere"), ("--path-column", "file")])
def test_options_of_tables_are_refused_elsewhere(cli: Cli, nested: Path, option: str, value: str) -> None:
    for source in (nested, zipped(nested), "painter:20"):
        done = cli("prepare", source, "data", option, value)
        assert done.returncode == 2
        assert f"{option[2:]} is for tables" in done.stderr


@settings(max_examples=100)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=5))
def test_the_values_of_a_column_keep_what_is_written(cells: list[str]) -> None:
    values = values_of(cells)
    assert len(values) == len(cells)
    assert len({type(value) for value in values if value is not None}) <= 1
    for cell, value in zip(cells, values, strict=True):
        if isinstance(value, str):
            assert value == " ".join(cell.split())
        elif isinstance(value, int | float):
            assert (cell.strip().lower() == "true") == value if isinstance(value, bool) else float(cell) == value


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    with contextlib.suppress(DataError):
        columns = read_columns(data, "some.csv")
        assert len(columns.rows()) == len(columns) > 0


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", ""])))
def test_unique_names_are_unique(names: list[str]) -> None:
    result = unique(names)
    assert len(set(result)) == len(result) == len(names)
    firsts = [names.index(name) for name in dict.fromkeys(names)]
    assert [result[first] for first in firsts if names[first] in ("a", "b", "")] == [
        name for name in dict.fromkeys(names) if name in ("a", "b", "")
    ]


# ---- several sources --------------------------------------------------------------------------------------------


def test_each_of_several_sources_is_a_class(cli: Cli, nested: Path, table: Path) -> None:
    sources = [f"nature={zipped(nested)}", f"art={table}", "flat=painter:20"]
    done = cli("prepare", *sources, "data", "--size", 16, check=True)
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
    options = {"size": 8, "balance": True, "where": 'class in ["old", "new"]', "seed": 1}
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
        (["a={}", "a={}"], "the class 'a' is given twice; put its pictures into one folder"),
        (["={}", "b={}"], "needs a class"),
        ([" ={}", "b={}"], "each of several sources needs a class"),
        (["a=", "b={}"], "needs a class"),
        (["a={}", "b=nowhere"], "nowhere does not exist"),
        (["a={}", "b=pianter:3"], "unknown source 'pianter:'"),
        (["a={}", "b={}", "--classes", "2"], "classes 2 cannot be had of several sources, for each of them is a class"),
        (["a={}", "b={}", "--split", "class"], "split class is for a single folder"),
        (["a={}", "b=painter:20", "--size", "512"], "can be prepared at 16 to 256 pixels"),
        (["a={}", "b={}", "--root", "x"], "root is for tables"),
    ],
)
def test_several_sources_that_cannot_be(cli: Cli, nested: Path, words: list[str], message: str) -> None:
    options = next((number for number, word in enumerate(words) if word.startswith("--")), len(words))
    done = cli("prepare", *(word.format(nested) for word in words[:options]), "data", *words[options:])
    assert done.returncode == 2
    assert message in done.stderr
    assert not Path("data").exists()
