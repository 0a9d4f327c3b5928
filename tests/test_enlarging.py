"""`ganvas enlarge`: pictures of one's own, painted again by a second stage, part by part."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.sampling import Painter
from benchmarks.workload import peak_of
from PIL import Image

from ganvas.artist.artist import load
from ganvas.artist.enlarging import TILE, enlarge, second_stage
from ganvas.foundation.errors import RunError
from ganvas.foundation.pixels import to_float, to_uint8
from support.command_line import Cli
from support.snapshots import write_snapshot


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second stage that enlarges four times, without classes."""
    return write_snapshot(tmp_path_factory.mktemp("second") / "second.safetensors", "brushwork", size=32)


def write_picture(path: Path, height: int, width: int) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((width, height)).save(path)
    return path


def test_parts_leave_no_seam(second: Path) -> None:
    artist = load(second)
    brush = second_stage(artist).brush
    pixels = np.random.default_rng(0).integers(0, 255, (TILE + 7, 2 * TILE + 30, 3), dtype=np.uint8)
    painted = enlarge(artist, pixels)
    assert painted.shape == (4 * (TILE + 7), 4 * (2 * TILE + 30), 3)
    with torch.inference_mode():
        whole = to_uint8(brush(to_float(torch.from_numpy(pixels)[None])))[0]
    # The same up to the rounding of a convolution at another size.
    assert np.abs(painted.astype(int) - whole).max() <= 1


def test_files_and_folders_from_the_command_line(cli: Cli, second: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    write_picture(folder / "a.jpg", 20, 30)
    write_picture(folder / "deep" / "b.png", 12, 9)
    (folder / "notes.png").write_text("no picture")
    write_picture(tmp_path / "c.bmp", 16, 16)
    done = cli("enlarge", second, folder, "c.bmp", "--out", "large", check=True)
    assert done.stdout.strip() == (
        "3 pictures of up to 120 x 80 px; 1 files that are no pictures, or too large, were passed over"
    )
    sizes = {str(path.relative_to("large")): Image.open(path).size for path in Path("large").rglob("*.png")}
    assert sizes == {"a.png": (120, 80), "deep/b.png": (36, 48), "c.png": (64, 64)}


def test_one_picture_becomes_one_file_that_is_never_the_original(cli: Cli, second: Path, tmp_path: Path) -> None:
    original = write_picture(tmp_path / "a.png", 20, 30).read_bytes()
    done = cli("enlarge", second, "a.png", "--out", "large.PNG", check=True)
    assert done.stdout.strip() == "1 picture of 120 x 80 px"
    assert np.array_equal(np.asarray(Image.open("large.PNG")), enlarge(load(second), np.asarray(Image.open("a.png"))))
    for words, message in {
        ("a.png", "--out", "a.png"): "a.png exists already; choose another name",
        ("a.png", "large.PNG", "--out", "b.png"): "b.png is to be one picture; give one picture file, or name a dire",
        (".", "--out", "b.png"): "b.png is to be one picture; give one picture file, or name a directory",
    }.items():
        done = cli("enlarge", second, *words)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert Path("a.png").read_bytes() == original
    assert not Path("b.png").exists()


def test_a_class_has_its_own_brushwork_and_must_be_named(cli: Cli, tmp_path: Path) -> None:
    snapshot = write_snapshot(tmp_path / "s.safetensors", "brushwork", ("sea", "hill"), size=32)
    write_picture(tmp_path / "a.png", 16, 16)
    artist, pixels = load(snapshot), np.asarray(Image.open("a.png"))
    assert not np.array_equal(enlarge(artist, pixels, "sea"), enlarge(artist, pixels, "hill"))
    cli("enlarge", snapshot, "a.png", "--label", "hill", "--out", "large", check=True)
    assert np.array_equal(np.asarray(Image.open("large/a.png")), enlarge(artist, pixels, "hill"))
    with pytest.raises(RunError, match="choose from: sea, hill"):
        enlarge(artist, pixels)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["SECOND", "missing.png"], "missing.png does not exist"),
        (["SECOND", "text.png"], "text.png cannot be enlarged: not an image"),
        (["SECOND", "long.png"], "long.png cannot be enlarged: .*at most 4096 pixels"),
        (["SECOND", "text.png", "--out", "b.png"], "text.png cannot be enlarged: not an image"),
        (["SECOND", "empty"], "empty"),
        (["SECOND", "a.png", "a.bmp"], "a.bmp: another picture is to be a.png too"),
        (["SECOND", "a.png", "--label", "sea"], "trained without classes"),
        (["FIRST", "a.png"], "this dcgan has no second stage"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    cli: Cli, second: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    write_picture(tmp_path / "a.png", 8, 8)
    write_picture(tmp_path / "a.bmp", 8, 8)
    write_picture(tmp_path / "long.png", 100, 4200)
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty").mkdir()
    first = write_snapshot(tmp_path / "first.safetensors")
    given = {"SECOND": second, "FIRST": first}
    done = cli("enlarge", *([] if "--out" in words else ["--out", "large"]), *(given.get(word, word) for word in words))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert re.search(message, done.stderr), done.stderr
    assert not Path("large").exists()
    assert not Path("b.png").exists()


@pytest.mark.slow
def test_2048_pixels_come_of_512_within_a_gibibyte(tmp_path: Path) -> None:
    painter = Painter("brushwork", 256, tmp_path)
    picture = write_picture(tmp_path / "a.png", 512, 512)
    words = map(str, ["enlarge", painter.snapshot, picture, "--out", tmp_path / "large.png"])
    assert peak_of([sys.executable, "-m", "ganvas", *words]) < 1024
    with Image.open(tmp_path / "large.png") as large:
        assert large.size == (2048, 2048)
