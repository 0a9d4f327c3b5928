"""Names with accents are the same classes, wherever they come from and however they are encoded there."""

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources import Request
from ganvas.data.sources.archive import Archive
from ganvas.data.sources.opening import open_source
from support.command_line import with_any_name
from support.pictures import write_pictures
from support.replicas import picture_bytes, tarred, write_csv, write_picture

NAME = "Cézanne"
OF_A_MAC = unicodedata.normalize("NFD", NAME)


def zip_without_flag(path: Path, names: dict[bytes, bytes], field: dict[bytes, str] | None = None) -> Path:
    """A zip archive that holds names as bytes, as Info-ZIP and the Finder write it: without the flag of UTF-8."""
    buffer = io.BytesIO()
    stand_ins = {f"{number:0{len(name)}d}": name for number, name in enumerate(names)}
    with zipfile.ZipFile(buffer, "w") as archive:
        for stand_in, name in stand_ins.items():
            info = zipfile.ZipInfo(stand_in)
            if field is not None and name in field:
                told = struct.pack("<BL", 1, zlib.crc32(name)) + field[name].encode()
                info.extra = struct.pack("<HH", 0x7075, len(told)) + told
            archive.writestr(info, names[name])
    data = buffer.getvalue()
    for stand_in, name in stand_ins.items():
        data = data.replace(stand_in.encode(), name)
    path.write_bytes(data)
    return path


def classes_of(source: Path, **options: object) -> set[object]:
    opened = open_source(source, Request(**options))  # type: ignore[arg-type]
    return {item.labels[opened.label_column] for item in opened.items if opened.label_column}


@pytest.mark.parametrize("name", [NAME, OF_A_MAC])
def test_a_zip_without_the_flag(tmp_path: Path, name: str) -> None:
    members = {f"{name}/{number}.png".encode(): picture_bytes(number) for number in range(2)}
    members |= {f"Degas/{number}.png".encode(): picture_bytes(number) for number in range(2, 4)}
    archive = zip_without_flag(tmp_path / "art.zip", members)
    assert prepare(archive, tmp_path / "data", size=8).class_counts == {NAME: 2, "Degas": 2}


def test_a_zip_in_the_code_page_of_old_dos(tmp_path: Path) -> None:
    members = {f"{name}/0.png".encode("cp437"): picture_bytes(0) for name in (NAME, "Degas")}
    assert classes_of(zip_without_flag(tmp_path / "art.zip", members)) == {NAME, "Degas"}


def test_a_zip_that_says_its_names_in_a_field(tmp_path: Path) -> None:
    name = b"Hokusai_______/0.png"
    archive = zip_without_flag(tmp_path / "art.zip", {name: picture_bytes(0), b"b/0.png": b""}, {name: "北斎/0.png"})
    assert Archive(archive).names == ["b/0.png", "北斎/0.png"]


def test_a_field_about_another_name_is_not_believed(tmp_path: Path) -> None:
    name, other = b"renamed/0.png", "x/0.png"
    archive = zip_without_flag(tmp_path / "art.zip", {name: b"", b"b/0.png": b""}, {name: other})
    archive.write_bytes(archive.read_bytes().replace(struct.pack("<L", zlib.crc32(name)), struct.pack("<L", 7)))
    assert other not in Archive(archive).names
    assert "renamed/0.png" in Archive(archive).names


def by_folder(path: Path, name: str) -> Path:
    write_picture(path / "in" / name / "0.png", 0)
    write_picture(path / "in" / "other" / "0.png", 1)
    return path / "in"


def by_table(path: Path, name: str) -> Path:
    write_pictures(path, 2)
    return write_csv(path / "t.csv", [["path", "class"], ["0.png", name], ["1.png", "other"]])


SOURCES: list[Callable[[Path, str], Path]] = [
    by_folder,
    by_table,
    lambda path, name: tarred(by_folder(path, name)),
]


@with_any_name
@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize("name", [NAME, OF_A_MAC])
def test_both_ways_to_write_an_accent_are_one_class(
    tmp_path: Path, make: Callable[[Path, str], Path], name: str
) -> None:
    assert classes_of(make(tmp_path, name)) == {NAME, "other"}


def test_a_table_that_mixes_them_has_one_class(tmp_path: Path) -> None:
    write_pictures(tmp_path, 4)
    rows = [[f"{number}.png", name] for number, name in enumerate([NAME, OF_A_MAC, "x", "x"])]
    table = write_csv(tmp_path / "t.csv", [["path", OF_A_MAC], *rows])
    summary = prepare(table, tmp_path / "data", size=8, labels=NAME, where=f"{NAME} != 'y'")
    assert summary.class_counts == {NAME: 2, "x": 2}
    kept = prepare(table, tmp_path / "some", size=8, labels=NAME, where=f"{OF_A_MAC} == '{OF_A_MAC}'")
    assert kept.class_counts == {NAME: 2}


@with_any_name
def test_a_table_and_its_files_may_write_accents_differently(tmp_path: Path) -> None:
    write_pictures(tmp_path / "in" / OF_A_MAC, 2)
    rows = "".join(f"{NAME}/{number}.png,a\n" for number in range(2))
    (tmp_path / "in" / "table.csv").write_text("path,class\n" + rows, encoding="utf-8")
    summary = prepare(tmp_path / "in" / "table.csv", tmp_path / "data", size=8)
    assert (summary.count, summary.rejected) == (2, {})


def test_the_names_of_several_sources_are_composed(tmp_path: Path) -> None:
    for name in "ab":
        write_pictures(tmp_path / name, 2, seed=ord(name))
    sources = {OF_A_MAC: tmp_path / "a", "Degas": tmp_path / "b"}
    assert prepare(sources, tmp_path / "data", size=8).class_counts == {NAME: 2, "Degas": 2}
