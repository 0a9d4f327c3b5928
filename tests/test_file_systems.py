"""File systems that lack something, and directories that cannot be replaced."""

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation import files, locks
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import whole_directory, whole_file
from ganvas.foundation.processes import Process
from support.command_line import Cli
from support.pictures import write_pictures
from support.runs import TINY_WORDS


def refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def lack(monkeypatch: pytest.MonkeyPatch, number: int, for_files: bool) -> None:
    """A file system that flushes no directory (and no file), changes no permission, and has neither locks nor links."""
    fsync = os.fsync

    def flush(descriptor: int) -> None:
        if for_files or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise refusal(number)
        fsync(descriptor)

    def refuse(*_: object, **__: object) -> None:
        raise refusal(number)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(Path, "chmod", refuse)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(locks, "_flock", refuse)


@pytest.mark.parametrize(
    ("number", "for_files"),
    [(errno.EINVAL, False), (errno.EPERM, False), (errno.ENOSYS, True), (errno.EOPNOTSUPP, True)],
)
def test_a_drive_that_lacks_much_is_good_enough(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
    for_files: bool,
) -> None:
    write_pictures(tmp_path / "in", 20)
    lack(monkeypatch, number, for_files)
    cli("prepare", "in", "data", "--size", 16, check=True)
    cli("train", "data", "--out", "run", "--recipe", "dcgan", "--budget", "2steps", *TINY_WORDS, check=True)
    cli("resume", "run", "--budget", "2steps", check=True)
    cli("sample", "run", "--out", "grid.png", check=True)
    said = [record.getMessage() for record in caplog.records if record.name == "ganvas"]
    assert sorted(line.partition(" of ")[0] for line in said) == ["note: the file system"] * 2
    for lacking in ("cannot flush", "cannot lock files"):
        assert sum(lacking in line for line in said) == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_data_that_was_lost_in_flushing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> None:
        raise refusal(number)

    (tmp_path / "file").write_text("before")
    monkeypatch.setattr(os, "fsync", fail)
    with (
        pytest.raises(GanvasError, match=f"{os.strerror(number)}; nothing was changed there"),
        whole_file(tmp_path / "file") as partial,
    ):
        partial.write_text("after")
    assert (tmp_path / "file").read_text("utf-8") == "before"


def test_nothing_was_changed_is_said_only_where_it_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise refusal(errno.EIO)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    with (
        pytest.raises(GanvasError, match=r"could not write .*file: Input/output error$"),
        whole_file(tmp_path / "file") as partial,
    ):
        partial.write_text("after")
    assert (tmp_path / "file").read_text("utf-8") == "after"


# ---- what cannot be replaced ------------------------------------------------------------------------------------


def pin(monkeypatch: pytest.MonkeyPatch, path: Path, number: int, only_at_the_end: bool = False) -> None:
    """Let nothing be renamed to `path`, nor it be renamed or removed; or find that out at the end alone."""
    for name in ("rename", "replace", "rmdir"):
        plain: Callable[..., None] = getattr(os, name)

        def refuse(source: object, *target: object, plain: Callable[..., None] = plain, **options: object) -> None:
            is_pinned = any(Path(str(each)) == path for each in (source, *target))
            if is_pinned and not (only_at_the_end and not list(Path(str(source)).iterdir())):
                raise refusal(number)
            plain(source, *target, **options)

        monkeypatch.setattr(os, name, refuse)


@pytest.mark.parametrize("only_at_the_end", [False, True])
@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EPERM])
def test_a_directory_that_cannot_be_replaced_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, only_at_the_end: bool
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    pin(monkeypatch, target, number, only_at_the_end)
    with whole_directory(target) as partial:
        (partial / "folder").mkdir()
        (partial / "folder" / "file").write_text("1")
        (partial / "last").write_text("2")
    assert sorted(os.listdir(target)) == ["folder", "last"]
    assert (target / "folder" / "file").read_text("utf-8") == "1"
    assert os.listdir(tmp_path) == ["target"]


def test_a_failure_leaves_it_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "target"
    (target / "lost+found").mkdir(parents=True)
    pin(monkeypatch, target, errno.EBUSY)
    with pytest.raises(ZeroDivisionError), whole_directory(target) as partial:
        (partial / "file").touch()
        raise ZeroDivisionError
    assert os.listdir(target) == ["lost+found"]

    def fail(*_: object) -> None:
        raise refusal(errno.ENOSPC)

    monkeypatch.setattr("shutil.move", fail)
    with (
        pytest.raises(GanvasError, match="No space left on device; nothing was changed"),
        whole_directory(target) as partial,
    ):
        (partial / "file").touch()
    assert os.listdir(target) == ["lost+found"]


def test_every_command_works_in_a_mount_point(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "in" / "a", 20)
    write_pictures(tmp_path / "in" / "b", 20, seed=1)
    for name in ("data", "run", "classes", "both"):
        (tmp_path / name / "lost+found").mkdir(parents=True)
        pin(monkeypatch, tmp_path / name, errno.EBUSY)
    cli("prepare", "in", "data", "--size", 16, check=True)
    assert len(Dataset.open("data")) == 40
    budget = ("--budget", "2steps", *TINY_WORDS)
    cli("train", "data", "--out", "run", "--recipe", "dcgan", *budget, check=True)
    cli("resume", "run", "--budget", "2steps", check=True)
    cli("classify", "train", "data", "--out", "classes", "--model", "forest", check=True)
    cli("train", "data", "--out", "both", "--recipe", "dcgan", "--per-class", *budget, check=True)
    assert not [path for path in tmp_path.rglob(".*") if path.is_dir()]


def test_an_interrupted_preparation_goes_on_in_a_mount_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    write_pictures(tmp_path / "in", 5)
    (tmp_path / "data").mkdir()
    pin(monkeypatch, tmp_path / "data", errno.EBUSY)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "in", tmp_path / "data", size=8, progress=stop)
    assert prepare(tmp_path / "in", tmp_path / "data", size=8).resumed == 3
    assert all(not name.startswith(".") for name in os.listdir(tmp_path / "data"))


def test_the_current_directory_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "in", 5)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    prepare(tmp_path / "in", ".", size=8)
    assert (tmp_path / "data").samefile(Path.cwd())
    assert len(Dataset.open(".")) == 5


def test_a_link_to_an_empty_directory_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    with whole_directory(tmp_path / "link") as partial:
        (partial / "file").touch()
    assert os.listdir(tmp_path / "disk") == ["file"]
    assert (tmp_path / "link").is_symlink()


def test_a_file_that_cannot_be_replaced_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.html").write_text("before")

    def refuse(*_: object) -> None:
        raise refusal(errno.EBUSY)

    monkeypatch.setattr(os, "replace", refuse)
    with whole_file(tmp_path / "page.html") as partial:
        partial.write_text("after")
    assert (tmp_path / "page.html").read_text("utf-8") == "after"
    assert os.listdir(tmp_path) == ["page.html"]


def test_somebody_who_was_faster_is_not_overwritten(tmp_path: Path) -> None:
    with (
        pytest.raises(GanvasError, match=r"could not write .*nothing was changed"),
        whole_directory(tmp_path / "target") as partial,
    ):
        (partial / "file").write_text("mine")
        (tmp_path / "target").mkdir()
        (tmp_path / "target" / "file").write_text("theirs")
    assert (tmp_path / "target" / "file").read_text("utf-8") == "theirs"


# ---- what the dead left -----------------------------------------------------------------------------------------


def leftovers(tmp_path: Path, path: Path, owner: Process) -> Path:
    left = tmp_path / f"{files._partial_prefix(path)}{owner.pid}-{owner.started}-0"
    left.mkdir()
    return left


def test_a_process_with_the_number_of_a_dead_one_clears_up_after_it(tmp_path: Path) -> None:
    me = Process.current()
    leftovers(tmp_path, tmp_path / "target", Process(me.host, me.pid, "earlier"))
    with whole_directory(tmp_path / "target") as partial:
        (partial / "file").touch()
    assert os.listdir(tmp_path) == ["target"]


def test_what_another_writer_is_busy_with_stays(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as one:
        one.write_text("1")
        with whole_file(tmp_path / "file") as two:
            two.write_text("2")
        assert one.exists()
    assert (tmp_path / "file").read_text("utf-8") == "1"


def test_leftovers_of_earlier_versions_are_removed(tmp_path: Path) -> None:
    (tmp_path / f"{files._partial_prefix(tmp_path / 'file')}{2**22 + 1}").touch()
    with whole_file(tmp_path / "file") as partial:
        partial.touch()
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such locks")
def test_the_lock_of_a_killed_preparation_is_no_hindrance(tmp_path: Path) -> None:
    """A container that is started again has the same host name and numbers."""
    write_pictures(tmp_path / "in", 3)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "in", tmp_path / "data", size=8, progress=stop)
    (kept,) = tmp_path.glob(".data.unfinished-*")
    me = Process.current()
    (kept / "lock").write_text(f'{{"owner": {{"host": "{me.host}", "pid": {me.pid}, "started": "earlier"}}}}')
    assert prepare(tmp_path / "in", tmp_path / "data", size=8).resumed == 1
