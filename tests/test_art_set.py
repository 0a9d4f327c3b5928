"""The art set of docs/results.md, from a small copy of the packages that it is built from."""

import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from benchmarks import art_set
from benchmarks.qt_resources import read_resources
from PIL import Image

from ganvas.foundation.errors import DataError, GanvasError

LAND = "usr/share/games/endless-sky/images/land"
WESNOTH = "usr/share/games/wesnoth/1.16/data"
PUZZLES = "usr/share/gcompris-qt/rcc/paintings.rcc"


def smooth(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture of slow changes, which JPEG keeps nearly as it is; another one for each seed."""
    colours = np.random.default_rng(seed).integers(60, 200, (3, 3, 3), np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)


def write(picture: Image.Image, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.save(file, quality=95)


def compiled(resources: dict[str, bytes], packed: bool) -> bytes:
    """A resource file of Qt: version 2 with plain content, or version 3 with what zlib packs."""
    children: dict[str, list[str]] = {"": []}
    for path in resources:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            inner, outer = "/".join(parts[:depth]), "/".join(parts[: depth - 1])
            if inner not in children.setdefault(outer, []):
                children[outer].append(inner)
    order = [""]
    for path in order:  # it grows: the children of one folder follow each other
        order += children.get(path, [])
    tree = names = contents = b""
    for path in order:
        name = len(names)
        text = path.split("/")[-1].encode("utf-16-be")
        names += struct.pack(">HI", len(text) // 2, 0) + text
        if path in children:
            inside = children[path]
            tree += struct.pack(">IHIIQ", name, 2, len(inside), order.index(inside[0]), 0)
        else:
            content = resources[path]
            if packed:
                content = struct.pack(">I", len(content)) + zlib.compress(content)
            tree += struct.pack(">IHIIQ", name, int(packed), 0, len(contents), 0)
            contents += struct.pack(">I", len(content)) + content
    start = 24 if packed else 20
    places = start, start + len(tree) + len(names), start + len(tree)
    header = b"qres" + struct.pack(">4I", 3 if packed else 2, *places) + (struct.pack(">I", 0) if packed else b"")
    return header + tree + names + contents


def puzzle(painting: Image.Image, title: str, name: str) -> dict[str, bytes]:
    """A painting in four pieces on a board, as gcompris has them."""
    middle, text = (painting.width // 3, painting.height // 2), f'qsTr("{title}")\n"pixmapfile" : "image/bg.svg",\n'
    resources = {}
    for column in range(2):
        for row in range(2):
            left, top = middle[0] * column, middle[1] * row
            right, bottom = (painting.width, middle[0])[1 - column], (painting.height, middle[1])[1 - row]
            piece = f"image/{name}_{column}{row}.webp"
            file = io.BytesIO()
            painting.crop((left, top, right, bottom)).save(file, "WEBP", lossless=True)
            resources[f"paintings/resource/{piece}"] = file.getvalue()
            x, y = 20 + (left + right) / 2, 30 + (top + bottom) / 2
            text += f'"pixmapfile" : "{piece}",\n  "x" : "{x / 702:.6f}",\n  "y" : "{y / 515:.6f}"\n'
    return {f"paintings/resource/board/{name}.qml": text.encode(), **resources}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Two tiles, two landscapes, four files of three portraits, and two paintings."""
    root = tmp_path / "packages"
    write(smooth(512, 512, 1), root / "usr/share/wallpapers/Hans-Ponders-5.JPG")
    write(smooth(512, 512, 2), root / "usr/share/wallpapers/Penguin-Sushi-1.JPG")
    write(smooth(300, 150, 3), root / LAND / "sea10-sfiera.jpg")
    write(smooth(300, 150, 4), root / LAND / "fog1.jpg")
    figure = smooth(40, 80, 5)
    figure.putalpha(Image.new("L", figure.size, 0))
    campaigns = root / WESNOTH / "campaigns"
    write(smooth(80, 80, 6), root / WESNOTH / "core/images/portraits/elves/archer+female.png")
    write(figure, campaigns / "Liberty/images/portraits/Sister_Thera.png")
    write(smooth(80, 80, 7), campaigns / "Liberty/images/portraits/kalenz.png")
    write(smooth(80, 80, 7), campaigns / "Dead_Water/images/portraits/deep/kalenz.png")
    write(smooth(80, 80, 8), campaigns / "Liberty/images/units/soldier.png")
    puzzles = {
        **puzzle(smooth(280, 220, 9), "Utagawa Hiroshige, Horse-mackerel and Prawn - 1840", "prawns"),
        **puzzle(smooth(240, 240, 10), "Albrecht Dürer, Lion - 1494", "lion"),
    }
    (root / PUZZLES).parent.mkdir(parents=True)
    (root / PUZZLES).write_bytes(compiled(puzzles, packed=True))
    return root


@pytest.fixture
def built(packages: Path, tmp_path: Path) -> Callable[..., dict[str, Image.Image]]:
    """Builds the set and returns its pictures by their paths, without the six digits of a digest."""

    def build(*left_out: str) -> dict[str, Image.Image]:
        out = tmp_path / "out"
        counts = art_set.build(packages, out, left_out)
        pictures = {file.relative_to(out).with_suffix("").as_posix(): Image.open(file) for file in out.rglob("*.jpg")}
        assert counts.total() == len(pictures)
        assert {picture.size for picture in pictures.values()} == {(128, 128)}
        return {path[:-7] if path[0] in "lp" else path: picture for path, picture in pictures.items()}

    return build


Built = Callable[..., dict[str, Image.Image]]


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean absolute difference of the values, 0 to 255."""
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


def test_names_say_what_a_picture_is_made_from(built: Built) -> None:
    patches = [f"10_{left}_{top}" for left in (6, 70, 134) for top in (6, 70)]
    lion = [*patches[:4], "6_6_6"]  # 144 px at the scale of 0.6; the prawns are too small for it
    assert sorted(built()) == sorted(
        [
            *(f"abstract/abstract_{tile}_{x}_{y}" for tile in ("Hans-Ponders-5", "Penguin-Sushi-1")
              for x in (0, 256) for y in (0, 256)),
            "landscape/fog_fog1",
            "landscape/sea_sea10-sfiera",
            "portrait/campaign_Sister_Thera",
            "portrait/campaign_kalenz",
            "portrait/elves_archer_female",
            *(f"ukiyo_e/ukiyo_e_Utagawa_Hiroshige_Horse_mackerel_and_Pra_{place}" for place in patches),
            *(f"western_painting/western_Albrecht_D_rer_Lion_1494_{place}" for place in lion),
        ]
    )  # fmt: skip


def test_pictures_are_where_their_names_say(built: Built) -> None:
    pictures = built()
    quarter = smooth(512, 512, 1).crop((256, 0, 512, 256)).resize((128, 128))
    assert difference(pictures["abstract/abstract_Hans-Ponders-5_256_0"], quarter) < 3
    middle = smooth(300, 150, 3).crop((75, 0, 225, 150)).resize((128, 128))
    assert difference(pictures["landscape/sea_sea10-sfiera"], middle) < 3
    patch = smooth(280, 220, 9).crop((70, 70, 198, 198))
    assert difference(pictures["ukiyo_e/ukiyo_e_Utagawa_Hiroshige_Horse_mackerel_and_Pra_10_70_70"], patch) < 3


def test_a_transparent_portrait_stands_on_the_ground(built: Built) -> None:
    ground = Image.new("RGB", (128, 128), (214, 201, 175))
    assert difference(built()["portrait/campaign_Sister_Thera"], ground) < 1


def test_a_source_is_left_out_with_all_its_pictures(built: Built) -> None:
    names = built("Hans-Ponders-5", "Albrecht_D_rer_Lion_1494")
    assert not [name for name in names if "Hans" in name or "Lion" in name]
    assert len(names) == 4 + 2 + 3 + 6


def test_a_portrait_is_left_out_by_its_name(packages: Path, tmp_path: Path) -> None:
    name = next(work.name for work in art_set.portraits(packages) if "kalenz" in work.name)
    art_set.build(packages, tmp_path / "out", [name])
    assert len(list((tmp_path / "out" / "portrait").iterdir())) == 2


def test_pieces_of_a_painting_fit_together() -> None:
    painting = smooth(280, 220)
    resources = {
        PurePosixPath(path): content for path, content in puzzle(painting, "Albrecht Dürer, Lion", "a").items()
    }
    title, whole = art_set.assembled(resources, PurePosixPath("paintings/resource/board/a.qml"))
    assert title == "Albrecht Dürer, Lion"
    assert np.array_equal(np.asarray(whole), np.asarray(painting))


def test_a_board_without_pieces_is_refused() -> None:
    board = PurePosixPath("paintings/resource/board/a.qml")
    with pytest.raises(DataError, match=r"board/a\.qml in paintings\.rcc has no title or no pieces"):
        art_set.assembled({board: b'qsTr("Lion")'}, board)


@pytest.mark.parametrize("packed", [False, True])
def test_resources_of_qt(tmp_path: Path, packed: bool) -> None:
    content = {"a/b/one.txt": b"1" * 40, "a/two": b"", "three": bytes(range(256))}
    (tmp_path / "x.rcc").write_bytes(compiled(content, packed))
    assert {path.as_posix(): data for path, data in read_resources(tmp_path / "x.rcc").items()} == content


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: data[:3], "cannot be read as a resource file of Qt: "),
        (lambda data: b"zip" + data, "does not begin as versions 1 to 3 do"),
        (lambda data: data[:-1], "it is cut short"),
        (lambda data: data.replace(struct.pack(">IHII", 0, 2, 1, 1), struct.pack(">IHII", 0, 2, 1, 0)), "a circle"),
        (lambda data: data[:40], "cannot be read as a resource file of Qt: "),
    ],
)
def test_damaged_resources_are_refused(tmp_path: Path, spoil: Callable[[bytes], bytes], message: str) -> None:
    (tmp_path / "x.rcc").write_bytes(spoil(compiled({"one": b"1" * 40}, packed=False)))
    with pytest.raises(DataError, match=message):
        read_resources(tmp_path / "x.rcc")


def test_the_large_set_has_what_is_large(packages: Path, tmp_path: Path) -> None:
    assert art_set.build(packages, tmp_path / "out", [], side=256) == {"landscape": 2, "portrait": 3}
    (sea,) = (tmp_path / "out").glob("landscape/sea_*.jpg")
    with Image.open(sea) as picture:
        assert picture.size == (256, 256)
        assert difference(picture, smooth(300, 150, 3).crop((75, 0, 225, 150)).resize((256, 256))) < 3


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("usr/share/wallpapers", "propaganda-debian"),
        (LAND, "endless-sky-data"),
        (WESNOTH, "wesnoth-1.16-data"),
        ("usr/share/gcompris-qt", "gcompris-qt-data"),
    ],
)
def test_a_missing_package_is_named(packages: Path, tmp_path: Path, folder: str, package: str) -> None:
    (packages / folder).rename(tmp_path / "away")
    with pytest.raises(DataError, match=f"packages lacks {folder}.* of Debian's package {package}; name the folder"):
        art_set.build(packages, tmp_path / "out", [])
    assert not (tmp_path / "out").exists()


def test_a_damaged_picture_is_named(packages: Path, tmp_path: Path) -> None:
    (packages / LAND / "fog1.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"fog1\.jpg cannot be read as a picture"):
        art_set.build(packages, tmp_path / "out", [])


def test_a_folder_in_use_is_kept(packages: Path, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="exists already"):
        art_set.build(packages, packages, [])


def test_the_command_says_what_a_set_lacks(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["art_set", str(packages), str(tmp_path / "out")])
    with pytest.raises(SystemExit, match=r"lacks a package or has other versions .*: 4 of 72 abstract, 2 of 219 land"):
        art_set.main()
    assert capsys.readouterr().out.split()[:2] == ["abstract", "4"]  # the other tile is in the list
    with pytest.raises(SystemExit, match="exists already"):
        art_set.main()
