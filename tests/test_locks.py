"""Locks between processes: who holds them, and what ends them."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganvas.foundation import locks, processes
from ganvas.foundation.errors import GanvasError
from ganvas.foundation.locks import InUse, exclusive
from ganvas.foundation.processes import Process

HOLDER = """
import sys
from pathlib import Path
from ganvas.foundation import locks
if sys.argv[2] == "without":
    def refuse(descriptor):
        raise OSError(38, "Function not implemented")
    locks._flock = refuse
with locks.exclusive(Path(sys.argv[1]), "trained"):
    print("held", flush=True)
    sys.stdin.read()
"""


def refuse_locks(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOLCK) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locks, "_flock", refuse)


@pytest.fixture(params=["with", "without"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system with locks, and one without."""
    kind: str = request.param
    if kind == "without":
        refuse_locks(monkeypatch)
    return kind


Hold = Callable[[Path], subprocess.Popen[str]]


@pytest.fixture
def hold(kind: str) -> Iterator[Hold]:
    """Start a process that holds the lock of a path until its stdin is closed."""
    started: list[subprocess.Popen[str]] = []

    def start(path: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(path), kind]
        holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        return holder

    yield start
    for holder in started:
        holder.kill()
        holder.communicate()


def test_one_process_holds_it_and_the_other_is_told_who(tmp_path: Path, hold: Hold) -> None:
    holder = hold(tmp_path / "run")
    with pytest.raises(InUse) as caught, exclusive(tmp_path / "run", "resumed"):
        pytest.fail("must not be entered")
    assert f"run is being trained by process {holder.pid} on " in str(caught.value)
    assert caught.value.by in str(caught.value)
    assert " since 20" in caught.value.by
    holder.communicate()
    with exclusive(tmp_path / "run", "resumed"):
        pass
    assert os.listdir(tmp_path) == []


def test_another_thread_is_told_too(tmp_path: Path, kind: str) -> None:
    caught: list[BaseException] = []

    def try_it() -> None:
        try:
            with exclusive(tmp_path / "run", "resumed"):
                pass
        except InUse as error:
            caught.append(error)

    with exclusive(tmp_path / "run", "trained"):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert len(caught) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_it_ends_with_its_process(tmp_path: Path, hold: Hold) -> None:
    holder = hold(tmp_path / "run")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with exclusive(tmp_path / "run", "resumed"):
        pass


def leave_record(tmp_path: Path, kind: str, owner: Process) -> Path:
    file = tmp_path / (".run.lock" if kind == "with" else ".run.lock.owner")
    file.write_text(json.dumps({"owner": vars(owner), "what": "trained", "since": "2026-01-31 12:00:00"}))
    return file


def test_a_dead_owner_whose_number_this_process_was_given_holds_nothing(tmp_path: Path, kind: str) -> None:
    # As after a container was killed and started again: same host, same number, another start.
    me = Process.current()
    leave_record(tmp_path, kind, Process(me.host, me.pid, "earlier"))
    with exclusive(tmp_path / "run", "resumed"):
        pass


def test_without_locks_of_the_system_an_owner_elsewhere_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_locks(monkeypatch)
    file = leave_record(tmp_path, "without", Process("elsewhere", 7, "1"))
    message = f"trained by process 7 on elsewhere since 2026-01-31 12:00:00; if that process has ended, remove {file}"
    with pytest.raises(InUse, match=message), exclusive(tmp_path / "run", "resumed"):
        pytest.fail("must not be entered")


def test_a_torn_record_belongs_to_nobody(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE", 0.05)
    leave_record(tmp_path, kind, Process.current()).write_text('{"owner": {"ho')
    with exclusive(tmp_path / "run", "resumed"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="grants no lock twice")
def test_a_drive_that_grants_every_lock_still_has_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_flock", lambda descriptor: None)
    with (
        exclusive(tmp_path / "run", "trained"),
        pytest.raises(InUse, match="is being trained by"),
        exclusive(tmp_path / "run", "resumed"),
    ):
        pytest.fail("must not be entered")


def test_a_copy_of_a_lock_holds_nothing(tmp_path: Path) -> None:
    """As in a copy of a comparison, which holds the lock of the run that it trains."""
    runs, copies = tmp_path / "study" / "runs", tmp_path / "copy" / "runs"
    with exclusive(runs / "dcgan", "trained"):
        shutil.copytree(runs, copies)
        assert os.listdir(copies) == [".dcgan.lock"]
        with exclusive(copies / "dcgan", "trained"):
            pass
        with pytest.raises(InUse), exclusive(runs / "dcgan", "trained"):
            pytest.fail("must not be entered")


@pytest.fixture
def lock_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that can be read only, with the record of a process that has ended."""
    file = leave_record(tmp_path, "with", Process(Process.current().host, os.getpid(), "earlier"))
    real, left = os.open, file.stat().st_ino

    def refusing(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR and file == path and file.exists() and file.stat().st_ino == left:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refusing)
    return file


@pytest.mark.skipif(sys.platform == "win32", reason="removes no open file")
def test_a_dead_lock_of_another_user_is_replaced(tmp_path: Path, lock_of_another_user: Path) -> None:
    with exclusive(tmp_path / "run", "resumed"):
        assert f'"pid": {os.getpid()}' in lock_of_another_user.read_text("utf-8")
        assert "resumed" in lock_of_another_user.read_text("utf-8")
        with pytest.raises(InUse), exclusive(tmp_path / "run", "resumed"):
            pytest.fail("must not be entered")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no such directories")
def test_a_dead_lock_that_must_stay_is_taken_as_it_is(
    tmp_path: Path, lock_of_another_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a shared directory where nobody may remove what others made."""

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with (
        exclusive(tmp_path / "run", "resumed"),
        pytest.raises(InUse),
        exclusive(tmp_path / "run", "resumed"),
    ):
        pytest.fail("must not be entered")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM])
def test_a_file_system_without_locks_is_noted_once(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_locks(monkeypatch, number)
    for name in ("run", "other"):
        with exclusive(tmp_path / name, "trained"):
            pass
    (record,) = caplog.records
    assert f"cannot lock files ({os.strerror(number)})" in record.getMessage()
    assert os.listdir(tmp_path) == []


def test_a_lock_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GanvasError, match="could not write"), exclusive(tmp_path / "file" / "run", "trained"):
        pytest.fail("must not be entered")


def test_names_of_one_thing_are_one_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    with exclusive(Path(), "trained"):
        for name in (tmp_path / "run", tmp_path / "link"):
            with pytest.raises(InUse), exclusive(name, "resumed"):
                pytest.fail("must not be entered")


def test_a_mount_point_holds_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path == run)
    with exclusive(run, "trained"):
        assert os.listdir(run) == [".lock"]
    assert os.listdir(run) == []


def test_a_process_is_told_from_a_later_one_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    me = Process.current()
    assert me.is_alive
    assert Process(me.host, me.pid, "earlier").is_alive is False
    assert Process("elsewhere", me.pid, me.started).is_alive is None
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert Process(me.host, done.pid, me.started).is_alive is False


def test_where_there_is_no_proc_the_start_is_asked_of_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert Process.current().is_alive
    assert processes._started(2**22 + 1) is None
