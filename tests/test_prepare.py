import errno
import hashlib
import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.painter import GENRES, mode_of, paint
from ganvas.data.pictures.rejection import Reason
from ganvas.data.prepare.parallel import ordered_map
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.opening import open_source
from ganvas.foundation.errors import DataError, GanvasError
from support.command_line import with_any_name
from support.pictures import quarters, write_pictures, write_two_classes
from support.prepared import bytes_of, rejections


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_two_classes(tmp_path / "pictures")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "made" / "data"
    yield path
    hidden = [each for each in tmp_path.glob("made/.*") if path.exists() or ".unfinished-" not in each.name]
    assert not hidden, "a partial directory was left behind"


# ---- from a folder to a dataset ---------------------------------------------------------------------------------


def test_a_folder_becomes_a_dataset(pictures: Path, target: Path) -> None:
    summary = prepare(pictures, target, size=16)
    dataset = Dataset.open(target)

    assert summary.path == target
    assert summary.count == len(dataset) == 5
    assert summary.class_counts == {"a": 3, "b": 2}
    assert summary.rejected == {}
    assert dataset.class_names == ["a", "b"]
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1]
    assert dataset.index["source"].tolist() == ["a/0.png", "a/1.png", "a/2.png", "b/0.png", "b/1.png"]
    assert set(dataset.index["split"]) == {"train"}
    for name, sha256, phash, pixels in zip(
        *(dataset.index[column] for column in ("source", "sha256", "phash")), dataset.images, strict=True
    ):
        original = Image.open(pictures / name)
        np.testing.assert_array_equal(pixels, np.asarray(original))
        assert sha256 == hashlib.sha256((pictures / name).read_bytes()).hexdigest()
        assert phash == str(imagehash.phash(original))


def test_pictures_keep_their_colours_and_stand_upright(tmp_path: Path, target: Path) -> None:
    (tmp_path / "in").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 3
    quarters(60, 40).save(tmp_path / "in" / "a.png")
    quarters(60, 40).rotate(180).save(tmp_path / "in" / "b.jpg", exif=exif, quality=100, subsampling=0)
    prepare(tmp_path / "in", target, size=20)
    dataset = Dataset.open(target)
    assert dataset.index[["width", "height"]].to_numpy().tolist() == [[60, 40], [60, 40]]
    for pixels in dataset.images:
        corners = pixels[[2, 2, -3, -3], [2, -3, 2, -3]].astype(int)
        assert np.abs(corners - [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]).max() <= 6


def test_a_flat_folder_has_no_classes(tmp_path: Path, target: Path) -> None:
    summary = prepare(write_pictures(tmp_path / "flat", 1), target, size=8)
    dataset = Dataset.open(target)
    assert summary.class_counts == {}
    assert dataset.labels is None
    assert dataset.class_names == []
    assert "class" not in dataset.index


def test_classes_can_be_left_aside(pictures: Path, target: Path) -> None:
    write_pictures(pictures, 1)
    write_pictures(pictures / "lonely", 1)
    assert prepare(pictures, target, size=8, classes="none").count == 7
    assert Dataset.open(target).labels is None


def test_the_first_folder_is_the_class_however_deep_the_picture(tmp_path: Path, target: Path) -> None:
    write_pictures(tmp_path / "in" / "sea" / "calm" / "morning", 2)
    write_pictures(tmp_path / "in" / "land", 2)
    (tmp_path / "in" / "notes").mkdir()
    (tmp_path / "in" / "notes" / "about.txt").write_text("no class, for it holds no picture")
    assert prepare(tmp_path / "in", target, size=8).class_counts == {"land": 2, "sea": 2}


def test_the_summary_says_how_many_and_why(pictures: Path, target: Path) -> None:
    for name in ("x.jpg", "y.jpg"):
        (pictures / "a" / name).write_bytes(b"not a picture")
    (pictures / "read.me").write_text("hello")
    summary = prepare(pictures, target, size=8)
    assert list(summary.rejected.items()) == [(Reason.NOT_AN_IMAGE, 2), ("not a picture (extension .me)", 1)]
    text = str(summary)
    assert "5 pictures of 8 x 8" in text
    assert "2 classes: a 3, b 2" in text
    assert "left out 3" in text
    assert (
        "  2 not an image (content not recognised), as a/x.jpg\n  1 not a picture (extension .me), as read.me" in text
    )
    assert "originals 16 x 16\n" in text
    assert "enlarged" not in text
    assert "duplicates" not in text


@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
def test_the_options_reach_the_pictures(tmp_path: Path, target: Path, fit: str) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGBA", (40, 20), (255, 0, 0, 0)).save(tmp_path / "in" / "clear.png")
    Image.new("RGB", (40, 20), "blue").save(tmp_path / "in" / "blue.png")
    prepare(tmp_path / "in", target, size=16, fit=fit, background="#102030")
    dataset = Dataset.open(target)
    blue, clear = dataset.images
    assert (clear == (16, 32, 48)).all()
    assert (blue[0] == ((16, 32, 48) if fit == "pad" else (0, 0, 255))).all()
    assert (blue[8] == (0, 0, 255)).all()
    assert dataset.info.options["fit"] == fit
    assert dataset.info.options["background"] == "#102030"


def test_progress_counts_every_item(pictures: Path, target: Path) -> None:
    (pictures / "a" / "bad.png").touch()
    seen: list[tuple[int, int]] = []
    prepare(pictures, target, size=8, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 6) for done in range(1, 7)]


def test_the_library_prints_nothing(pictures: Path, target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (pictures / "a" / "bad.png").write_bytes(b"bad")
    prepare(pictures, target, size=8)
    assert capfd.readouterr() == ("", "")


# ---- always the same --------------------------------------------------------------------------------------------


def test_the_bytes_do_not_depend_on_the_run_or_the_workers(tmp_path: Path) -> None:
    pictures = write_two_classes(tmp_path / "pictures")
    write_pictures(pictures / "c", 30)
    (pictures / "b" / "bad.jpg").write_bytes(b"bad")
    runs = []
    for number, workers in enumerate((1, 1, 2)):
        prepare(pictures, tmp_path / str(number), size=16, workers=workers)
        runs.append(bytes_of(tmp_path / str(number)))
    assert runs[0] == runs[1] == runs[2]


def test_the_fingerprint_follows_pixels_labels_and_class_names(tmp_path: Path) -> None:
    def fingerprint(name: str, **options: Any) -> str:
        prepare(tmp_path / "pictures", tmp_path / name, size=16, **options)
        return Dataset.open(tmp_path / name).fingerprint

    write_two_classes(tmp_path / "pictures")
    first = fingerprint("first")
    (tmp_path / "pictures" / "rejected.txt").touch()
    assert fingerprint("a stranger more") == first
    assert fingerprint("no classes", classes="none") != first
    (tmp_path / "pictures" / "a").rename(tmp_path / "pictures" / "A")
    assert fingerprint("another name") != first
    (tmp_path / "pictures" / "A").rename(tmp_path / "pictures" / "a")
    assert fingerprint("the old name") == first
    quarters(16, 16).save(tmp_path / "pictures" / "a" / "0.png")
    assert fingerprint("another picture") != first


@pytest.mark.parametrize("workers", [1, 2])
def test_the_map_keeps_the_order_and_stops_early(workers: int) -> None:
    results = ordered_map(str, range(100), workers)
    assert [next(results) for _ in range(10)] == [str(number) for number in range(10)]
    results.close()
    assert not multiprocessing.active_children()


def test_the_map_gives_every_result() -> None:
    assert list(ordered_map(abs, range(-50, 0), 2)) == list(range(50, 0, -1))


def test_a_worker_that_dies_is_an_error_of_one_line() -> None:
    with pytest.raises(GanvasError, match="a worker process died") as caught:
        list(ordered_map(os._exit, [1], 2))
    assert "\n" not in str(caught.value)


def test_few_pictures_start_no_processes(pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.data.prepare.parallel.ProcessPoolExecutor", None)
    assert prepare(pictures, target, size=8).count == 5


# ---- one bad file never ends it ---------------------------------------------------------------------------------


def test_bad_files_are_listed_and_the_rest_goes_on(pictures: Path, target: Path) -> None:
    folder = pictures / "a"
    (folder / "empty.jpg").touch()
    (folder / "page.png").write_text("<html>")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:100])
    Image.new("RGB", (4, 4)).save(folder / "tiny.bmp")
    (folder / "notes.TXT").touch()
    (folder / "README").touch()
    (folder / "Thumbs.db").touch()
    (folder / "broken, link.gif").symlink_to(pictures / "nowhere")
    (folder / "itself.gif").symlink_to(folder / "itself.gif")
    os.mkfifo(folder / "pipe.png")
    (folder / ".DS_Store").touch()
    (pictures / ".git").mkdir()
    (pictures / ".git" / "hidden.png").touch()
    assert prepare(pictures, target, size=8).count == 5
    assert rejections(target) == {
        "a/README": "not a picture (no extension)",
        "a/Thumbs.db": "not a picture (extension .db)",
        "a/broken, link.gif": "missing (or a broken link)",
        "a/cut.png": "damaged or cut short",
        "a/empty.jpg": "empty file",
        "a/itself.gif": "cannot be read",
        "a/notes.TXT": "not a picture (extension .txt)",
        "a/page.png": "not an image (content not recognised)",
        "a/pipe.png": "not a regular file",
        "a/tiny.bmp": "too small (a side shorter than 8 pixels)",
    }


@pytest.mark.parametrize(
    ("error", "reason"), [(PermissionError(), Reason.DENIED), (OSError(errno.EIO, "I/O error"), Reason.UNREADABLE)]
)
def test_a_file_that_may_not_be_read_is_listed(
    pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: Reason
) -> None:
    (pictures / "a" / "secret.png").touch()
    open_normally = Path.open

    def open_or_fail(self: Path, *args: Any, **options: Any) -> Any:
        if self.name == "secret.png":
            raise error
        return open_normally(self, *args, **options)

    monkeypatch.setattr(Path, "open", open_or_fail)
    assert prepare(pictures, target, size=8).count == 5
    assert rejections(target) == {"a/secret.png": reason}


def test_a_folder_that_may_not_be_read_is_listed(pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (pictures / "secret").mkdir()
    list_normally = Path.iterdir

    def list_or_fail(self: Path) -> Any:
        if self.name == "secret":
            raise PermissionError
        return list_normally(self)

    monkeypatch.setattr(Path, "iterdir", list_or_fail)
    assert prepare(pictures, target, size=8).count == 5
    assert rejections(target) == {"secret": "permission denied"}


def test_loops_of_links_end(pictures: Path, target: Path) -> None:
    (pictures / "a" / "up").symlink_to(pictures, target_is_directory=True)
    (pictures / "a" / "other").symlink_to(pictures / "b", target_is_directory=True)
    (pictures / "0 is a link to b").symlink_to(pictures / "b", target_is_directory=True)
    assert prepare(pictures, target, size=8).class_counts == {"a": 3, "b": 2}


def test_a_link_to_above_the_folder_brings_nothing_in(pictures: Path, target: Path) -> None:
    write_pictures(pictures.parent / "foreign", 2)
    (pictures / "up").symlink_to(pictures.parent, target_is_directory=True)
    assert prepare(pictures, target, size=8).class_counts == {"a": 3, "b": 2}


def test_a_linked_folder_is_read(pictures: Path, tmp_path: Path, target: Path) -> None:
    write_pictures(tmp_path / "elsewhere", 2)
    (pictures / "c").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert prepare(pictures, target, size=8).class_counts == {"a": 3, "b": 2, "c": 2}


@pytest.mark.parametrize(
    "name", ["with space, comma", pytest.param("ünïcødé 画", marks=with_any_name), 'quote"d', "=1+1", "50%"]
)
def test_names_of_any_kind_survive(tmp_path: Path, target: Path, name: str) -> None:
    write_pictures(tmp_path / "in" / name, 2)
    (tmp_path / "in" / f"{name}.txt").touch()
    prepare(tmp_path / "in", target, size=8)
    assert Dataset.open(target).class_names == [name]
    assert list(rejections(target)) == [f"{name}.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
@pytest.mark.skipif(os.fsdecode(b"\xe9") != "\udce9", reason="every byte is a letter in this locale")
def test_a_name_that_is_no_text_is_written_as_escapes(tmp_path: Path, target: Path) -> None:
    folder = write_pictures(tmp_path / "in", 1)
    (folder / "0.png").rename(os.fsdecode(bytes(folder / "caf") + b"\xe9.png"))
    (folder / os.fsdecode(b"caf\xe9.\xe9")).touch()
    prepare(folder, target, size=8)
    assert Dataset.open(target).index["source"].tolist() == [r"caf\xe9.png"]
    assert rejections(target) == {r"caf\xe9.\xe9": r"not a picture (extension .\xe9)"}


# ---- bad input --------------------------------------------------------------------------------------------------


def missing(pictures: Path) -> None:
    pictures.rename(pictures.with_name("moved"))


def emptied(pictures: Path) -> None:
    missing(pictures)
    (pictures / "nothing" / "at all").mkdir(parents=True)
    (pictures / ".DS_Store").touch()


def a_file(pictures: Path) -> None:
    missing(pictures)
    pictures.touch()


def unreadable(pictures: Path) -> None:
    for file in pictures.rglob("*.png"):
        file.write_bytes(b"nonsense")
    (pictures / "a" / "0.txt").touch()


def lonely_class(pictures: Path) -> None:
    write_pictures(pictures / "lonely", 1)


def damaged_class(pictures: Path) -> None:
    for file in (pictures / "b").iterdir():
        file.write_bytes(b"")


def loose(pictures: Path) -> None:
    write_pictures(pictures, 5)


def untouched(pictures: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing, "does not exist; name a folder of pictures"),
        (emptied, "holds no files; put pictures into it"),
        (a_file, "is a file; name a folder of pictures"),
        (unreadable, "no readable picture in {}, 6 files left out: 5 not an image (content not recognised), 1 not a"),
        (lonely_class, "class 'lonely' has 1 picture in {}; a class needs two or more readable pictures: add pictures"),
        (damaged_class, "class 'b' has 0 pictures in {}; a class needs two"),
        (loose, "5 pictures lie outside of the class folders of {} (0.png, 1.png, 2.png ...); move them into"),
    ],
)
def test_a_folder_that_cannot_be_prepared(
    pictures: Path, target: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(pictures)
    with pytest.raises(DataError) as caught:
        prepare(pictures, target, size=8)
    assert message.format(pictures) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not target.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 7}, "size 7 is out of range; pictures can be prepared at 8 to 1024 pixels"),
        ({"size": 1025}, "size 1025 is out of range"),
        ({"size": -64}, "size -64 is out of range"),
        ({"fit": "crpo"}, "unknown fit 'crpo' (did you mean 'crop'?); choose from: crop, multicrop, pad, squash"),
        ({"fit": ""}, "unknown fit ''"),
        ({"classes": "folder"}, "unknown choice of classes 'folder' (did you mean 'folders'?)"),
        ({"background": "whit"}, "cannot read the background 'whit'"),
        ({"background": "#12"}, "cannot read the background '#12'"),
        (
            {"focus": "center"},
            "unknown focus 'center' (did you mean 'centre'?); choose from: centre, entropy, saliency",
        ),
        ({"focus": "entropy", "fit": "pad"}, "focus entropy chooses where to crop, and fit pad does not crop"),
        ({"alpha": "subjekt"}, "unknown alpha 'subjekt' (did you mean 'subject'?)"),
        ({"smallest_side": 7}, "smallest side 7 is out of range; choose 8 pixels or more"),
        ({"max_aspect": 0.5}, "max aspect 0.5 is out of range; choose 1 (square) or more"),
        ({"max_aspect": float("inf")}, "max aspect inf is out of range"),
        ({"max_aspect": float("nan")}, "max aspect nan is out of range"),
        ({"dedupe": "all"}, "unknown dedupe 'all'; choose from: exact, near, none"),
        ({"workers": -1}, "-1 workers are out of range"),
        ({"source": "pianter:"}, "unknown source 'pianter:' (did you mean 'painter:'?); choose from: digits:"),
        ({"source": "https://example.org/art.zip"}, "unknown source 'https:'"),
        ({"source": "no such folder"}, "no such folder does not exist"),
        ({"source": "painter:many"}, "cannot read painter:many; write painter: for 2,000 paintings, or a count up to"),
        ({"source": "painter:0"}, "cannot read painter:0"),
        ({"source": "painter:200000"}, "cannot read painter:200000"),
        ({"source": "painter:-3"}, "cannot read painter:-3"),
        ({"source": "painter:10", "seed": -1}, "seed -1 is out of range"),
        (
            {"source": "painter:1", "size": 32},
            "has 1 picture in painter:1; a class needs two or more",
        ),
        ({"source": "painter:10", "size": 8}, "size 8 is out of range; painter:10 can be prepared at 16 to 256"),
        ({"source": "painter:10", "size": 512}, "size 512 is out of range"),
    ],
)
def test_an_option_that_does_not_fit(pictures: Path, target: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        prepare(**{"source": pictures, "target": target, **options})
    assert message in str(caught.value)
    assert not target.exists()


def test_a_target_that_cannot_be_named(pictures: Path) -> None:
    with pytest.raises(GanvasError, match="cannot be used: File name too long"):
        prepare(pictures, pictures / ("x" * 5000), size=8)


def test_an_existing_target_is_left_alone(pictures: Path, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(GanvasError, match="exists already; choose another name or remove it first"):
        prepare(pictures, target, size=8)
    assert bytes_of(target) == {"thesis.txt": b"mine"}


def test_a_folder_whose_name_looks_like_a_scheme_is_a_folder(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pictures(Path("painter:"), 2)
    assert prepare("painter:", target, size=8).count == 2


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=20).map("no such place/".__add__) | st.from_regex("[a-z]{2,9}:[a-z/.]*", fullmatch=True))
@example("x" * 5000)
@example("no\0name")
def test_what_names_no_source_is_refused(text: str) -> None:
    if not text.startswith(("painter:", "digits:")):
        with pytest.raises(DataError):
            open_source(text)


# ---- whole or not there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("workers", "error"), [(1, KeyboardInterrupt), (2, KeyboardInterrupt), (1, ZeroDivisionError)])
def test_an_interrupted_run_leaves_only_what_the_next_one_needs(
    pictures: Path, target: Path, workers: int, error: type[BaseException]
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise error

    with pytest.raises(error):
        prepare(pictures, target, size=8, workers=workers, progress=interrupt)
    assert [path.name[:17] for path in target.parent.iterdir()] == [".data.unfinished-"]
    assert not multiprocessing.active_children()
    assert prepare(pictures, target, size=8).resumed == 1
    assert list(target.parent.iterdir()) == [target]


FILL_THE_DISK = """
import resource, sys
from ganvas import prepare
from ganvas.foundation.errors import GanvasError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, -1))
try:
    prepare(sys.argv[1], sys.argv[2], size=64)
except GanvasError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no file size limits")
def test_a_full_disk_leaves_only_what_the_next_run_needs(pictures: Path, target: Path) -> None:
    command = [sys.executable, "-c", FILL_THE_DISK, str(pictures), str(target)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.startswith(
        f"could not write {target}: File too large; nothing was changed there; the pictures prep"
    )
    assert said.stderr == ""
    assert [path.name[:17] for path in target.parent.iterdir()] == [".data.unfinished-"]
    assert prepare(pictures, target, size=64).resumed == 1


@pytest.mark.parametrize("part", ["pyarrow.parquet.write_table", "pathlib.Path.write_text"])
def test_a_disk_that_fills_up_at_the_end_leaves_only_what_is_prepared(
    pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(part, fail)
        with pytest.raises(
            GanvasError, match="No space left on device; nothing was changed there; the pictures prepared so far are"
        ):
            prepare(pictures, target, size=8)
    assert not target.exists()
    assert prepare(pictures, target, size=8).resumed == 5


# ---- the painter ------------------------------------------------------------------------------------------------


def test_paintings_become_a_dataset(target: Path) -> None:
    summary = prepare("painter:10", target, size=16, seed=2, workers=1)
    dataset = Dataset.open(target)
    modes = [mode_of(index, 2) for index in range(10)]
    assert summary.class_counts == dict(sorted(Counter(mode.genre for mode in modes).items()))
    assert dataset.class_names == list(GENRES)
    assert (dataset.info.label_column, dataset.info.mode_column) == ("genre", "mode")
    assert dataset.modes is not None
    assert dataset.modes.tolist() == [mode.name for mode in modes]
    assert dataset.index["palette"].tolist() == [mode.palette for mode in modes]
    assert dataset.index["composition"].tolist() == [mode.composition for mode in modes]
    np.testing.assert_array_equal(dataset.images[9], paint(9, 2, 16))
    assert dataset.index["sha256"][9] == hashlib.sha256(dataset.images[9].tobytes()).hexdigest()


def test_paintings_can_go_without_classes(target: Path) -> None:
    prepare("painter:2", target, size=16, classes="none")
    dataset = Dataset.open(target)
    assert dataset.labels is None
    assert dataset.modes is not None
