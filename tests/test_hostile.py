"""A folder of picture files of every kind, good and bad: each is in the dataset as it looks, or listed."""

import csv
import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.pictures import decode as decode_module
from ganvas.data.pictures.decode import decode
from ganvas.data.pictures.fit import place
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.prepare.prepare import prepare
from support.command_line import can_name_files
from support.picture_file_cases import Shown, pictures, rubbish
from support.picture_files import PICTURE, encode

SIZE = 16
PICTURES = {name: (data, shown) for name, data, shown in pictures() if can_name_files(name)}
RUBBISH = {name: (data, reason) for name, data, reason in rubbish()}
# What is no ordinary file, and why it is left out.
ODDITIES = {
    "link to nothing.png": Reason.MISSING,
    "link to itself.png": Reason.UNREADABLE,
    "pipe.png": Reason.NOT_A_FILE,
    "forbidden.png": Reason.DENIED,
}
LINKS = {"link to a picture.png": "png.png", "second name.png": "png.png"}


def fill(folder: Path) -> None:
    for name, (data, _) in (PICTURES | RUBBISH).items():
        (folder / name).write_bytes(data)
    (folder / "link to nothing.png").symlink_to(folder / "nowhere")
    (folder / "link to itself.png").symlink_to(folder / "link to itself.png")
    (folder / "link to a picture.png").symlink_to(folder / "png.png")
    (folder / "second name.png").hardlink_to(folder / "png.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "forbidden.png").write_bytes(encode(PICTURE, "PNG"))
    (folder / "folder.png").mkdir()
    (folder / "folder.png" / "link to above").symlink_to(folder, target_is_directory=True)
    (folder / ".hidden.png").write_bytes(b"")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("hostile")
    fill(folder)
    open_normally = Path.open

    def open_or_fail(self: Path, *args: Any, **options: Any) -> Any:
        if self.name == "forbidden.png":  # whoever runs the tests may be allowed everything
            raise PermissionError
        return open_normally(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", open_or_fail)
        target = tmp_path_factory.mktemp("made") / "data"
        prepare(folder, target, size=SIZE, classes="none", workers=1)
    return Dataset.open(target)


@pytest.fixture(scope="module")
def rejected(dataset: Dataset) -> dict[str, dict[str, str]]:
    with (dataset.path / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def expected(shown: Shown) -> np.ndarray:
    return place(np.asarray(shown[0].convert("RGB")), Frame(SIZE)).astype(int)


def test_every_file_is_accounted_for(dataset: Dataset, rejected: dict[str, dict[str, str]]) -> None:
    assert len(PICTURES) + len(RUBBISH) + len(ODDITIES) >= 60
    assert sorted([*dataset.index["source"], *rejected]) == sorted([*PICTURES, *RUBBISH, *ODDITIES, *LINKS])


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_should(dataset: Dataset, rejected: dict[str, dict[str, str]], name: str) -> None:
    assert name not in rejected, rejected[name]
    row = dataset.index["source"].tolist().index(name)
    shown = PICTURES[name][1]
    assert np.abs(dataset.images[row].astype(int) - expected(shown)).max() <= shown[1]


@pytest.mark.parametrize("name", [*RUBBISH, *ODDITIES])
def test_what_is_no_picture_is_listed_with_the_reason(rejected: dict[str, dict[str, str]], name: str) -> None:
    reason = ODDITIES[name] if name in ODDITIES else RUBBISH[name][1]
    assert rejected[name]["reason"] == reason
    assert "0x" not in rejected[name]["detail"]


def test_links_show_what_they_lead_to(dataset: Dataset) -> None:
    sources = dataset.index["source"].tolist()
    for link, file in LINKS.items():
        np.testing.assert_array_equal(dataset.images[sources.index(link)], dataset.images[sources.index(file)])


def test_copies_are_known_whatever_their_coding(dataset: Dataset) -> None:
    content = dataset.index.set_index("source")["content"]
    copies = ["png.png", "bmp.bmp", "tga.tga", "qoi.qoi", "webp, lossless.webp", "second name.png", "turned.png"]
    assert content[copies].nunique() == 1
    assert dataset.index.set_index("source")["duplicates"][copies].nunique() == 1


def test_without_its_library_heic_is_left_out_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(Rejected, match=re.escape("pip install 'ganvas[heif]'")):
        decode(io.BytesIO(PICTURES["heic.heic"][0]), Frame(SIZE))


# ---- the same files, taken for too large to be decoded in memory ------------------------------------------------

# What libvips does not read line by line, or not with the colours it should have.
NOT_STREAMED = (".gif", ".webp", ".avif", ".heic", ".HEIC", ".jp2", ".j2k", ".bmp", ".dib", ".tga", ".qoi", ".psd")
NOT_STREAMED_NAMES = {
    "gif, really.tif",
    "heic, really.jpg",
    "jpeg, progressive.jpg",
    "pbm.pbm",
    "pgm, 16 bits.pgm",
    "pgm, in letters.pgm",
    "png, interlaced.png",
    "ppm.ppm",
    "tiff, Lab.tif",
    "tiff, grey of 32 bits.tif",
    "tiff, grey of floats to 1.tif",
    "tiff, grey of floats to 255.tif",
}
# Its EXIF block comes after the pixels, when they have streamed past.
LATE = "turned, told late.png"


@pytest.mark.parametrize("name", [name for name in PICTURES if name != LATE])
def test_a_picture_shrunk_as_it_streams_looks_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_module, "STREAMED_FROM", 1000)
    monkeypatch.setattr(decode_module, "IN_MEMORY", 1000)
    monkeypatch.setattr(decode_module, "MOST_COEFFICIENT_BYTES", 1000)
    data, shown = PICTURES[name]
    frame = Frame(SIZE)
    if name.endswith(NOT_STREAMED) or name in NOT_STREAMED_NAMES:
        with pytest.raises(Rejected, match=Reason.TOO_LARGE):
            decode(io.BytesIO(data), frame)
        return
    picture = decode(io.BytesIO(data), frame)
    if "huge" not in name and "long" not in name:
        assert min(picture.pixels.shape[:2]) == 32
        assert (picture.width, picture.height) == (64, 48)
    difference = np.abs(place(picture.pixels, frame).astype(int) - expected(shown))
    assert difference[[1, 1, -2, -2], [1, -2, 1, -2]].max() <= shown[1] + 8  # the corners; edges are a matter of taste
    assert difference.mean() <= shown[1] + 3
