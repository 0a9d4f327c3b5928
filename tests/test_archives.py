"""Zip and tar archives: read like folders, whatever is in them, and nothing is unpacked to the disk."""

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

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.archive import BOMB, MOST_BYTES, Archive, Place
from ganvas.foundation.errors import DataError
from support.prepared import classes_of, rejections
from support.replicas import TarMode, picture_bytes, tarred, write_picture, zipped

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
    first, second = (table.index.sort_values("source").reset_index(drop=True) for table in (plain, packed))
    pd.testing.assert_frame_equal(first, second)
    assert sorted(map(bytes, plain.images)) == sorted(map(bytes, packed.images))
    for data in (plain, packed):
        assert rejections(data.path) == {"old/notes.txt": "not a picture (extension .txt)"}


def test_the_folder_that_everything_lies_in_is_no_class(tmp_path: Path) -> None:
    write_picture(tmp_path / "art" / "art" / "sea" / "0.png", 0)
    write_picture(tmp_path / "art" / "art" / "land" / "0.png", 1)
    assert classes_of(zipped(tmp_path / "art")) == {"art/land/0.png": "land", "art/sea/0.png": "sea"}
    write_picture(tmp_path / "flat" / "flat" / "0.png", 0)
    assert classes_of(tarred(tmp_path / "flat")) == {"flat/0.png": None}


def test_a_tar_archive_that_ends_in_a_zip_archive_is_a_tar_archive(tmp_path: Path) -> None:
    for seed in range(2):
        write_picture(tmp_path / "art" / "a" / f"{seed}.png", seed)
    write_picture(tmp_path / "inner" / "2.png", 2)
    zipped(tmp_path / "inner").rename(tmp_path / "art" / "z.zip")
    prepare(tarred(tmp_path / "art", "w"), tmp_path / "data", size=8)
    assert Dataset.open(tmp_path / "data").index["source"].tolist() == ["a/0.png", "a/1.png"]
    assert rejections(tmp_path / "data") == {"z.zip": "not a picture (extension .zip)"}


def test_a_colon_in_a_name_is_no_drive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "art.zip", "w") as archive:
        for name in ("a:b/1.png", "c/2.png", "C:/3.png"):
            archive.writestr(name, picture_bytes(0))
    names = {"a:b/1.png": "a:b", "c/2.png": "c", "C:/3.png": "a name that leads out of its archive"}
    assert classes_of(tmp_path / "art.zip") == names


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_gives_the_same_for_any_number_of_workers(tmp_path: Path, mode: TarMode) -> None:
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
        "a/strange.png": "compressed in a way that this Python cannot read",
        "a/bomb.png": "not an image (content not recognised)",
        "a/text.png": "not an image (content not recognised)",
        "a/empty.png": "empty file",
        "a/notes.txt": "not a picture (extension .txt)",
    }


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
    byte = os.fsdecode(b"\xe9")  # a letter in some locales
    written = name.replace("\udce9", r"\xe9" if byte == "\udce9" else byte)
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
def test_of_a_tar_archive_that_is_cut_short_the_beginning_is_read(tmp_path: Path, mode: TarMode) -> None:
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
    assert Archive(tmp_path / "art.zip").unreadable == {"huge.png": "more than a gibibyte"}


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


def of_a_later_version(path: Path) -> None:
    content = path.read_bytes()
    place = content.index(b"PK\1\2") + 6  # what is needed to extract the first file of the index
    path.write_bytes(content[:place] + b"\x79" + content[place + 1 :])


def a_text(path: Path) -> None:
    path.write_text("hello")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_zip, "is damaged or cut short: a zip archive without its end; copy or download it again"),
        (packed_text, "is a file; name a folder"),
        (a_text, "is a file; name a folder of pictures, a zip or tar archive, or a CSV, TSV or Parquet table"),
        (zstandard, "is compressed with Zstandard, which ganvas does not read; pack it again as .tar.gz or .zip"),
        (empty_zip, "holds no files"),
        (of_a_later_version, "cannot be read as a zip or tar archive: zip file version 12.1"),
        (only_hidden, "holds no files"),
    ],
)
def test_files_that_are_no_archives(tmp_path: Path, nested: Path, spoil: Callable[[Path], None], message: str) -> None:
    path = zipped(nested)
    spoil(path)
    with pytest.raises(DataError) as caught:
        prepare(path, tmp_path / "data")
    assert f"{path} {message}" in str(caught.value)


def test_a_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "art.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(("a.png", "b.png", "x")):
            archive.writestr(name, picture_bytes(number))
    content = path.read_bytes()
    name_at = content.rindex(b"PK\1\2") + 46
    path.write_bytes(content[:name_at] + b"\0" + content[name_at + 1 :])  # where zipfile ends a name
    prepare(path, tmp_path / "data", size=8)
    assert len(Dataset.open(tmp_path / "data")) == 2


def test_a_member_that_is_made_to_fill_the_memory_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "art.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "ab":
            archive.writestr(f"{name}.png", picture_bytes(ord(name)))
        archive.writestr("bomb.bmp", bytes(65 * 2**20))
    prepare(path, tmp_path / "data", size=8)
    assert len(Dataset.open(tmp_path / "data")) == 2
    assert rejections(tmp_path / "data") == {"bomb.bmp": BOMB}


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
    packers: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    content = bytearray(packers.get(pack, bytes)(plain.getvalue()))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "art").write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(DataError):
        prepare(folder / "art", folder / "data", size=8, workers=1)
    assert not list(folder.glob(".data*"))
