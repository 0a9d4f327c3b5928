"""What an interrupted `prepare` leaves behind, and what the next one makes of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.pictures.frame import Frame
from ganvas.data.prepare import picture as picture_module
from ganvas.data.prepare import prepare as prepare_module
from ganvas.data.prepare.parallel import WorkerDied
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.opening import SourceSpec
from ganvas.data.sources.source import Item
from ganvas.foundation.errors import DataError, GanvasError
from support.command_line import Cli
from support.pictures import write_pictures
from support.prepared import bytes_of, rejections

COUNT = 12


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "in" / "a", COUNT - 4)
    write_pictures(tmp_path / "in" / "b", 4, seed=1)
    (tmp_path / "in" / "a" / "3.5.png").write_bytes(b"no picture")
    return tmp_path / "in"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    return tmp_path / "made" / "data"


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def interrupt(source: SourceSpec, target: Path, after: int, **options: Any) -> None:
    def stop(done: int, _: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, target, **{"size": 8, "progress": stop, **options})


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the items that are made from now on."""
    made: list[str] = []

    def make(item: Item, frame: Frame) -> object:
        made.append(item.name)
        return picture_module.prepare_item(item, frame)

    monkeypatch.setattr(prepare_module, "prepare_item", make)
    return made


def test_it_goes_on_where_it_was(pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(pictures, target.with_name("at once"), size=8)
    interrupt(pictures, target, 7)
    made = counted(monkeypatch)
    seen: list[tuple[int, int]] = []
    summary = prepare(pictures, target, size=8, progress=lambda done, total: seen.append((done, total)))

    # Of seven items one was left out, which is looked at again.
    assert made == ["a/3.5.png", "a/6.png", "a/7.png", "b/0.png", "b/1.png", "b/2.png", "b/3.png"]
    assert seen == [(done, COUNT + 1) for done in range(6, COUNT + 2)]
    assert summary.resumed == 6
    assert "6 of them from an interrupted run" in str(summary)
    assert bytes_of(target) == bytes_of(target.with_name("at once"))
    assert leftovers(target) == ["at once"]


def test_where_nothing_was_done_nothing_is_kept(pictures: Path, target: Path) -> None:
    (pictures / "a" / "0.png").write_bytes(b"no picture either")
    interrupt(pictures, target, 1)
    assert leftovers(target) == []


def test_many_interruptions_and_other_workers_change_nothing(pictures: Path, target: Path) -> None:
    prepare(pictures, target.with_name("at once"), size=8)
    for after in (2, 5, 9, 13):
        interrupt(pictures, target, after)
    prepare(pictures, target, size=8, workers=2)
    assert bytes_of(target) == bytes_of(target.with_name("at once"))


KILLED = """
import os, signal, sys
from ganvas import prepare
def stop(done, total):
    if done == 7:
        os.kill(os.getpid(), signal.SIGKILL)
prepare(sys.argv[1], sys.argv[2], size=8, workers=1, progress=stop)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_kill_costs_nothing(pictures: Path, target: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(pictures), str(target)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not target.exists()
    assert prepare(pictures, target, size=8).resumed == 6
    assert len(Dataset.open(target)) == COUNT
    assert leftovers(target) == []


def test_a_changed_source_is_noticed(pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(pictures, target, 7)
    shutil.copy(pictures / "b" / "0.png", pictures / "a" / "1.png")
    (pictures / "a" / "2.png").unlink()
    shutil.copy(pictures / "b" / "1.png", pictures / "a" / "00.png")
    write_pictures(pictures / "a" / "more", 1, seed=3)
    made = counted(monkeypatch)
    assert prepare(pictures, target, size=8).resumed == 4
    assert made[:2] == ["a/00.png", "a/1.png"]
    prepare(pictures, target.with_name("at once"), size=8)
    assert bytes_of(target) == bytes_of(target.with_name("at once"))


@pytest.mark.parametrize("changes", [{"fit": "squash"}, {"linear": True}, {"background": "#123456"}, {"max_aspect": 3}])
def test_other_looks_are_made_anew(pictures: Path, target: Path, changes: dict[str, Any]) -> None:
    interrupt(pictures, target, 7)
    assert prepare(pictures, target, size=8, **changes).resumed == 0
    assert leftovers(target) == []


@pytest.mark.parametrize("changes", [{"classes": "none"}, {"split": 0.3}, {"dedupe": "near"}, {"workers": 1}])
def test_what_does_not_change_how_pictures_look_goes_on(pictures: Path, target: Path, changes: dict[str, Any]) -> None:
    interrupt(pictures, target, 7)
    assert prepare(pictures, target, size=8, **changes).resumed == 6


def test_another_folder_is_another_source(pictures: Path, target: Path) -> None:
    shutil.copytree(pictures, pictures.with_name("copy"))
    interrupt(pictures, target, 7)
    assert prepare(pictures.with_name("copy"), target, size=8).resumed == 0


def journal(target: Path) -> Path:
    (found,) = target.parent.glob(".data.unfinished-*/journal.jsonl")
    return found


def torn_line(target: Path) -> None:
    with journal(target).open("ab") as file:
        file.write(b'{"name": "a/7.p')


def nonsense(target: Path) -> None:
    with journal(target).open("ab") as file:
        file.write(b"[1, 2]\nnonsense\n")


def pictures_cut(target: Path) -> None:
    os.truncate(journal(target).with_name("images.npy"), 700)


def picture_spoilt(target: Path) -> None:
    with journal(target).with_name("images.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))


def pictures_gone(target: Path) -> None:
    journal(target).with_name("images.npy").unlink()


def picture_without_a_line(target: Path) -> None:
    with journal(target).with_name("images.npy").open("ab") as file:
        file.write(bytes(500))


@pytest.mark.parametrize(
    ("spoil", "left"),
    [
        (torn_line, 6),
        (nonsense, 6),
        (pictures_cut, 2),
        (picture_spoilt, 5),
        (pictures_gone, 0),
        (picture_without_a_line, 6),
    ],
)
def test_what_is_not_whole_is_made_again(
    pictures: Path, target: Path, spoil: Callable[[Path], None], left: int
) -> None:
    prepare(pictures, target.with_name("at once"), size=8)
    interrupt(pictures, target, 7)
    spoil(target)
    assert prepare(pictures, target, size=8).resumed == left
    assert bytes_of(target) == bytes_of(target.with_name("at once"))


def test_the_journal_holds_no_pickle_and_no_surprise(pictures: Path, target: Path) -> None:
    interrupt(pictures, target, 3)
    lines = [json.loads(line) for line in journal(target).read_text("utf-8").splitlines()]
    assert [line["name"] for line in lines] == ["a/0.png", "a/1.png", "a/2.png"]
    assert np.load(journal(target).with_name("images.npy"), allow_pickle=False).dtype == np.uint8


def test_only_one_process_makes_a_dataset(pictures: Path, target: Path) -> None:
    interrupt(pictures, target, 3)
    with FileLock(journal(target).with_name("lock")):
        with pytest.raises(GanvasError, match=r"another process is preparing .*data"):
            prepare(pictures, target, size=8)
        assert journal(target).exists()
    assert prepare(pictures, target, size=8).resumed == 3


@pytest.mark.parametrize("readable", [0, 1])
@pytest.mark.parametrize("cure", [{"min_per_class": 2}, {"classes": "none"}, {"where": "class == 'a'"}])
def test_the_work_survives_an_error_that_the_user_must_cure(
    cli: Cli, pictures: Path, target: Path, readable: int, cure: dict[str, Any]
) -> None:
    for file in sorted((pictures / "b").iterdir())[readable:]:
        file.write_bytes(b"nothing to see")
    refused = cli("prepare", pictures, target, "--size", 8)
    (kept,) = target.parent.iterdir()
    assert f"class 'b' has {readable} picture" in refused.stderr
    assert refused.stderr.endswith(
        f"; the pictures prepared so far are kept in {kept}; the same command, or one with another choice of "
        "classes or pictures, continues from there\n"
    )
    summary = prepare(pictures, target, size=8, **cure)
    assert summary.resumed == COUNT - 4 + (0 if "where" in cure else readable)
    assert leftovers(target) == []


def test_a_class_that_turns_out_to_be_small_is_left_out_if_asked(pictures: Path, target: Path) -> None:
    for file in sorted((pictures / "b").iterdir())[1:]:
        file.write_bytes(b"nothing to see")
    shutil.copytree(pictures / "a", pictures / "c")  # every picture of c repeats one of a
    summary = prepare(pictures, target, size=8, min_per_class=3, dedupe="exact")
    assert summary.class_counts == {"a": COUNT - 4}
    assert "left out 2 classes with fewer than 3 readable pictures: b, c" in str(summary)
    assert rejections(target)["b/0.png"] == "of a class with too few readable pictures"
    with pytest.raises(DataError, match="min-per-class 4 leaves none of 1 pictures that could be read"):
        prepare(pictures, target.with_name("none"), size=8, where="class == 'b'", min_per_class=4)


def test_a_class_of_one_is_refused_before_the_work(
    pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(pictures / "lonely", 1)
    made = counted(monkeypatch)
    with pytest.raises(DataError, match="class 'lonely' has 1 picture"):
        prepare(pictures, target, size=8)
    assert made == []


def test_the_work_survives_a_worker_that_died(pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ordered_map(function: Callable[[object], object], items: list[object], _: int) -> object:
        yield from map(function, items[:5])
        raise WorkerDied("a worker process died")

    with monkeypatch.context() as patch:
        patch.setattr(prepare_module, "ordered_map", ordered_map)
        with pytest.raises(WorkerDied):
            prepare(pictures, target, size=8)
    assert prepare(pictures, target, size=8).resumed == 4


def test_a_disk_without_links_gets_a_copy(pictures: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    prepare(pictures, target.with_name("at once"), size=8)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    prepare(pictures, target, size=8)
    assert bytes_of(target) == bytes_of(target.with_name("at once"))


def test_the_command_says_that_it_can_go_on(cli: Cli, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ganvas.cli.terminal.PreparationDisplay.update", stop)
        done = cli("prepare", pictures, "data", "--size", 8)
    assert done.returncode == 130
    assert done.stderr == "ganvas: interrupted; data is not complete; the same command continues where it stopped\n"
    assert "from an interrupted run" in cli("prepare", pictures, "data", "--size", 8, check=True).stdout


# ---- sources other than folders ---------------------------------------------------------------------------------


def zipped(pictures: Path) -> Path:
    return Path(shutil.make_archive(str(pictures), "zip", pictures))


def tabled(pictures: Path) -> Path:
    files = sorted(pictures.rglob("[0-9].png"))
    rows = [{"image": {"bytes": file.read_bytes(), "path": None}, "label": file.parent.name} for file in files]
    pd.DataFrame(rows).to_parquet(pictures.with_suffix(".parquet"))
    return pictures.with_suffix(".parquet")


@pytest.mark.parametrize("pack", [zipped, tabled])
def test_packed_pictures_go_on_too_unless_the_file_has_changed(
    pictures: Path, target: Path, pack: Callable[[Path], Path]
) -> None:
    packed = pack(pictures)
    interrupt(packed, target, 5)
    assert prepare(packed, target, size=8).resumed >= 4
    interrupt(packed, target.with_name("again"), 5)
    (pictures / "b" / "3.png").unlink()
    assert prepare(pack(pictures), target.with_name("again"), size=8).resumed == 0


def test_another_column_or_root_of_a_table_is_another_source(tmp_path: Path, target: Path) -> None:
    write_pictures(tmp_path / "one" / "deep", 3)
    shutil.copytree(tmp_path / "one", tmp_path / "two")  # the files are as large and as old, so stamps tell nothing
    names = [f"deep/{number}.png" for number in range(3)]
    pd.DataFrame({"first": names, "second": names[::-1]}).to_csv(tmp_path / "list.csv", index=False)
    chosen: dict[str, Any] = {"path_column": "first", "root": tmp_path / "one"}
    for changes in ({"path_column": "second"}, {"root": tmp_path / "two"}):
        again = target.with_name("-".join(changes))
        interrupt(tmp_path / "list.csv", again, 2, **chosen)
        assert prepare(tmp_path / "list.csv", again, size=8, **{**chosen, **changes}).resumed == 0
    interrupt(tmp_path / "list.csv", target, 2, **chosen)
    assert prepare(tmp_path / "list.csv", target, size=8, **chosen).resumed == 2


def test_several_sources_go_on(pictures: Path, target: Path) -> None:
    sources = {"x": pictures / "a", "y": pictures / "b"}
    interrupt(sources, target, 5)
    assert prepare(sources, target, size=8).resumed == 4


def test_paintings_go_on(target: Path) -> None:
    interrupt("painter:6", target, 3, size=16, classes="none")
    assert prepare("painter:6", target, size=16, classes="none", workers=1).resumed == 3
    interrupt("painter:6", target.with_name("other"), 3, size=16, classes="none")
    assert prepare("painter:6", target.with_name("other"), size=16, classes="none", seed=1).resumed == 0
