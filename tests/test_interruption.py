"""Progress output never decides whether a run lives, and a signal ends it with a checkpoint and the usual exit code."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from ganvas.cli.progress_stream import ProgressStream
from ganvas.cli.terminal import ClassifierDisplay, TerminalDisplay
from ganvas.foundation.files import read_records
from ganvas.planning.run import resume, train
from ganvas.runs.checkpoint import CheckpointDirectory
from ganvas.settings.budget import Progress
from ganvas.training import interruption
from ganvas.training.display import FailSafe
from ganvas.training.interruption import interruptions
from support.command_line import PATIENCE, Cli
from support.runs import TINY, TINY_WORDS

ENDLESS = ["--budget", "1h", "--set", "log_every=1steps", *TINY_WORDS]
SHORT = ["--budget", "12steps", "--set", "log_every=1steps", *TINY_WORDS]


def start(directory: Path, *words: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """A command in a process group of its own."""
    command = [sys.executable, "-m", "ganvas", *map(str, words)]
    return subprocess.Popen(command, cwd=directory, start_new_session=True, **options)


def wait_until(is_so: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert process.poll() is None, f"ended with {process.returncode} before it was stopped"
        assert time.monotonic() < end
        time.sleep(0.02)


def has_logged(run: Path, lines: int = 1) -> Callable[[], bool]:
    return lambda: len(read_records(run / "stats.jsonl")) >= lines


def has_checkpoint(run: Path) -> bool:
    return bool(CheckpointDirectory(run / "checkpoints"))


# Slow, because the tests below have each half of it: a reader that goes away, and a signal.
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_with_a_checkpoint_though_the_reader_of_progress_has_gone(
    tmp_path: Path, tiny_data: Path, number: signal.Signals
) -> None:
    """As in `ganvas train ... 2>&1 | tee log`, where Ctrl-C ends tee first."""
    reading, writing = os.pipe()
    run = start(tmp_path, "train", tiny_data, "--out", "run", *ENDLESS, stdout=writing, stderr=writing)
    os.close(writing)
    wait_until(has_logged(tmp_path / "run"), run)
    os.close(reading)
    run.send_signal(number)
    assert run.wait(timeout=PATIENCE) == 128 + number
    assert has_checkpoint(tmp_path / "run")
    assert resume(tmp_path / "run", budget="1steps").finished


def test_a_run_outlives_the_reader_of_its_progress(tmp_path: Path, tiny_data: Path) -> None:
    """As in `ganvas train ... 2>&1 | head -3`."""
    reading, writing = os.pipe()
    run = start(tmp_path, "train", tiny_data, "--out", "run", *SHORT, stderr=writing, stdout=subprocess.DEVNULL)
    os.close(writing)
    os.read(reading, 10)
    os.close(reading)
    assert run.wait(timeout=PATIENCE) == 0
    assert len(read_records(tmp_path / "run" / "stats.jsonl")) == 12


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="stands for a full disk, on Linux only")
def test_a_run_outlives_a_full_disk_that_holds_its_log(tmp_path: Path, tiny_data: Path) -> None:
    with Path("/dev/full").open("wb") as log:
        run = start(tmp_path, "train", tiny_data, "--out", "run", *SHORT, stderr=log, stdout=subprocess.DEVNULL)
        assert run.wait(timeout=PATIENCE) == 0
    assert has_checkpoint(tmp_path / "run")


@pytest.mark.parametrize("closed", [pytest.param("2>&-", marks=pytest.mark.slow), "0<&- 1>&- 2>&-"])
def test_a_run_needs_no_standard_streams(tmp_path: Path, tiny_data: Path, closed: str) -> None:
    command = " ".join([f"exec {sys.executable} -m ganvas train {tiny_data} --out run", *SHORT, closed])
    assert subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, timeout=PATIENCE, check=False).returncode == 0
    records = (tmp_path / "run" / "stats.jsonl").read_text("utf-8").splitlines()
    assert all(line.startswith("{") for line in records), "progress was written into a file of the run"
    assert len(records) == 12


def test_a_closed_terminal_ends_a_run_with_a_checkpoint(tmp_path: Path, tiny_data: Path) -> None:
    master, terminal = pty.openpty()
    # setsid makes the terminal that it opens next its own, so that closing it sends SIGHUP.
    run = subprocess.Popen(
        [sys.executable, "-c", AS_A_LOGIN, os.ttyname(terminal), "train", str(tiny_data), "--out", "run", *ENDLESS],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "latin-1:strict"},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    wait_until(lambda: read(master) and has_logged(tmp_path / "run")(), run)
    os.close(master)
    assert run.wait(timeout=PATIENCE) == 128 + signal.SIGHUP
    assert has_checkpoint(tmp_path / "run")


# It hears SIGHUP, also where the tests were started with nohup.
AS_A_LOGIN = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
terminal = os.open(sys.argv.pop(1), os.O_RDWR)
for descriptor in range(3):
    os.dup2(terminal, descriptor)
from ganvas.cli import main
main()
"""


def read(descriptor: int) -> bytes:
    """What a terminal shows, so that it takes more."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 100_000) or b"-"
    except BlockingIOError:
        return b"-"


def test_nohup_is_respected(cli: Cli, tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = arrives_while_shown(TerminalDisplay, "stats", signal.SIGHUP, monkeypatch)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        cli("train", tiny_data, "--out", "run", *SHORT, check=True)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(arrived) == len(read_records(tmp_path / "run" / "stats.jsonl")) == 12


def arrives_while_shown(
    display: type, event: str, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> list[signal.Signals]:
    """Send this process a signal whenever a display of the command line is told of an event; the signals sent."""
    show, sent = getattr(display, event), list[signal.Signals]()

    def interrupted(*arguments: object) -> None:
        show(*arguments)
        sent.append(number)
        os.kill(os.getpid(), number)

    monkeypatch.setattr(display, event, interrupted)
    return sent


@pytest.mark.slow
def test_a_reader_that_stopped_reading_does_not_keep_a_run_from_its_checkpoint(tmp_path: Path, tiny_data: Path) -> None:
    """As with a pager at the end of the pipe: the pipe is full, and nobody empties it."""
    reading, writing = os.pipe()
    words: list[str | Path] = ["train", tiny_data, "--out", "run", *ENDLESS]
    run = start(tmp_path, *words, stderr=writing, stdout=subprocess.DEVNULL)
    os.close(writing)
    wait_until(lambda: not is_growing(tmp_path / "run" / "stats.jsonl"), run)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=PATIENCE) == 130
    assert has_checkpoint(tmp_path / "run")
    os.close(reading)


def is_growing(file: Path) -> bool:
    before = len(read_records(file))
    time.sleep(1.0)
    return before == 0 or len(read_records(file)) > before


class Impatient:
    """A display through which Ctrl-C is pressed at the first line of statistics."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def say(self, line: str) -> None:
        pass


def test_a_second_signal_while_saving_waits_for_the_checkpoint(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = CheckpointDirectory.save

    def hurried(self: CheckpointDirectory, kimg: float, state: dict[str, Any]) -> Path:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        return save(self, kimg, state)

    monkeypatch.setattr(CheckpointDirectory, "save", hurried)
    outcome = train(
        tiny_data, tmp_path / "run", "dcgan", display=Impatient(), **TINY, budget="9steps", log_every="2steps"
    )
    assert (outcome.finished, outcome.kimg) == (False, 0.016)
    assert has_checkpoint(tmp_path / "run")
    assert not list((tmp_path / "run").rglob("*partial*"))


class Twice(Impatient):
    """A display through which the signal arrives twice."""

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        super().stats(record, progress, seconds_left)
        super().stats(record, progress, seconds_left)


@pytest.fixture
def slow_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every signal count, as if time had passed since the last."""
    monkeypatch.setattr(interruption, "_ECHO", 0.0)


@pytest.mark.usefixtures("slow_hand")
def test_a_second_signal_while_training_acts_at_once(tmp_path: Path, tiny_data: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tiny_data, tmp_path / "run", "dcgan", display=Twice(), **TINY, budget="9steps", log_every="1steps")


def test_one_wish_to_stop_that_arrives_twice_ends_with_a_checkpoint(tmp_path: Path, tiny_data: Path) -> None:
    """As through `uv run`, which passes on a Ctrl-C that the terminal has sent already."""
    outcome = train(tiny_data, tmp_path / "run", "dcgan", display=Twice(), **TINY, budget="9steps", log_every="2steps")
    assert (outcome.finished, outcome.kimg) == (False, 0.016)
    assert has_checkpoint(tmp_path / "run")


def test_the_echo_of_a_signal_does_not_interrupt_the_cleaning_up() -> None:
    for number, kind in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, interruption.Stopped)):
        with interruption.stopping():
            with pytest.raises(kind):
                os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
            assert interruption.exit_code() == 128 + number
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_before_the_first_step_ends_with_a_checkpoint(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganvas.runs.directory import RunDirectory

    create = RunDirectory.create

    def interrupted(self: RunDirectory) -> None:
        create(self)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(RunDirectory, "create", interrupted)
    outcome = train(tiny_data, tmp_path / "run", "dcgan", **TINY, budget="3steps")
    assert (outcome.finished, outcome.kimg) == (False, 0.0)
    monkeypatch.undo()
    assert resume(tmp_path / "run").finished


class Broken:
    """A display whose output has gone."""

    def __init__(self, error: Exception) -> None:
        self.error, self.calls = error, 0

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        self.say("")

    def say(self, line: str) -> None:
        self.calls += 1
        raise self.error


@pytest.mark.parametrize(
    "error",
    [BrokenPipeError(), OSError(28, "No space left"), OSError(5, "EIO"), ValueError("I/O operation on closed file")],
)
def test_a_display_that_fails_is_told_nothing_more(tmp_path: Path, tiny_data: Path, error: Exception) -> None:
    display = Broken(error)
    assert train(tiny_data, tmp_path / "run", "dcgan", display=display, **TINY, budget="2steps").finished
    assert display.calls == 1


def test_a_mistake_in_a_display_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="mistake"):
        FailSafe(Broken(ValueError("a mistake"))).say("")


def test_interruptions_inside_others_are_the_same() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptions() as outer, interruptions() as inner:
        assert inner is outer
        assert not outer.is_set()
    assert signal.getsignal(signal.SIGINT) is before


def ends_well_with_stderr(log: IO[bytes] | int, directory: Path, *words: str | Path) -> None:
    done = start(directory, *words, stderr=log, stdout=subprocess.PIPE)
    out, _ = done.communicate(timeout=PATIENCE)
    assert done.returncode == 0, out


@pytest.fixture
def nobody_reads() -> Any:
    """The writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.slow
def test_every_long_command_outlives_its_reader(tmp_path: Path, tiny_data: Path, nobody_reads: int) -> None:
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    for number in range(4):
        Image.new("RGB", (20, 20), (60 * number, 0, 90)).save(tmp_path / "pictures" / f"{number}.png")
    (tmp_path / "pictures" / "bad.png").write_bytes(b"nothing")
    quick = ["--budget", "2steps", *TINY_WORDS, "--set", "log_every=1steps"]
    ends_well_with_stderr(nobody_reads, tmp_path, "prepare", "pictures", "data16", "--size", "16", "--workers", "1")
    ends_well_with_stderr(nobody_reads, tmp_path, "train", tiny_data, "--out", "pc", "--per-class", *quick)
    words = ["--set=epochs=2", "--set=size=16", "--model", "cnn"]
    ends_well_with_stderr(nobody_reads, tmp_path, "classify", "train", tiny_data, "--out", "clf", *words)
    ends_well_with_stderr(nobody_reads, tmp_path, "classify", "predict", "clf", "pictures")
    assert (tmp_path / "pc" / "page.html").exists()


def test_sigterm_ends_a_command_without_checkpoints_cleanly(
    cli: Cli, tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = arrives_while_shown(ClassifierDisplay, "epoch", signal.SIGTERM, monkeypatch)
    done = cli("classify", "train", tiny_data, "--out", "clf", "--model", "cnn", "--set=epochs=3", "--set=size=16")
    assert (done.returncode, len(arrived)) == (143, 1)
    assert done.stderr.splitlines()[-1] == "ganvas: stopped by SIGTERM; nothing half-written was left behind"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_command_line_says_how_to_go_on(cli: Cli, tiny_data: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        arrived = arrives_while_shown(TerminalDisplay, "stats", signal.SIGTERM, patch)
        done = cli("train", tiny_data, "--out", "run", *SHORT)
    assert (done.returncode, len(arrived)) == (143, 1)
    assert "continue with: ganvas resume run" in done.stderr
    cli("resume", "run", check=True)


def test_a_pipe_that_does_not_block_loses_nothing() -> None:
    """As after another program has set O_NONBLOCK on a terminal or pipe that it shares."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = b"".join(b"line %d\n" % number for number in range(50_000))
    written: list[int | None] = []
    writer = threading.Thread(target=lambda: written.append(ProgressStream(writing).write(text)))
    writer.start()
    found = bytearray()
    while len(found) < len(text):
        found += os.read(reading, 10_000)
    writer.join()
    assert found == text
    assert written == [len(text)]
    for descriptor in (reading, writing):
        os.close(descriptor)
