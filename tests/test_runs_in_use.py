"""A run, comparison or set of runs that a process works on is not touched by another."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganvas.foundation.files import read_records
from ganvas.foundation.locks import InUse, exclusive
from ganvas.planning.run import complete, train
from support.command_line import PATIENCE, Cli
from support.runs import TINY, TINY_WORDS, Interrupter

ENDLESS = ["--budget", "1h", "--set", "log_every=1steps", "--set", "checkpoint_every=1h", *TINY_WORDS]
LINE = r"ganvas: {} is being trained by process {} on \S+ since \S+ \S+\n"


class Busy:
    """A command that trains until it is stopped."""

    def __init__(self, directory: Path, words: list[str], run: Path) -> None:
        command = [sys.executable, "-m", "ganvas", *words]
        self.words, self.run = words, run
        self.process = subprocess.Popen(command, cwd=directory, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while not read_records(self.run / "stats.jsonl"):
            assert self.process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(timeout=PATIENCE)


@pytest.fixture(params=["train", pytest.param("per class", marks=pytest.mark.slow)])
def busy(request: pytest.FixtureRequest, tmp_path: Path, tiny_data: Path) -> Iterator[Busy]:
    words, run = {
        "train": (["train", str(tiny_data), "--out", "out", *ENDLESS], "out"),
        "per class": (["train", str(tiny_data), "--out", "out", "--per-class", *ENDLESS], "out/runs/class0"),
    }[request.param]
    started = Busy(tmp_path, words, tmp_path / run)
    try:
        started.wait()
        yield started
    finally:
        started.process.kill()
        started.process.wait()


@pytest.mark.parametrize("command", ["compare", "train", "train --per-class"])
def test_work_that_another_process_does_is_refused(cli: Cli, tmp_path: Path, tiny_data: Path, command: str) -> None:
    """The other process has only begun: nothing but its lock is there."""
    words = [*command.split(), tiny_data, "--out", "out", *ENDLESS]
    with exclusive(tmp_path / "out", "trained"):
        done = cli(*words, *(["--recipes", "dcgan"] if command == "compare" else []))
    assert done.returncode == 2
    assert re.fullmatch(LINE.format("out", os.getpid()), done.stderr), done.stderr
    assert not (tmp_path / "out").exists()


def files(path: Path) -> dict[str, tuple[int, int]]:
    """Every file but locks, and the one log that the running process appends to."""
    kept = (
        file for file in path.rglob("*") if file.is_file() and file.name != "stats.jsonl" and file.suffix != ".lock"
    )
    return {str(file): (file.stat().st_ino, file.stat().st_mtime_ns) for file in kept}


def test_the_same_command_twice_is_refused_and_touches_nothing(busy: Busy, cli: Cli, tmp_path: Path) -> None:
    before = files(tmp_path / "out")
    done = cli(*busy.words)
    assert done.returncode == 2
    assert re.fullmatch(LINE.format("out", busy.process.pid), done.stderr), done.stderr
    assert files(tmp_path / "out") == before
    if busy.words[0] == "train" and "--per-class" not in busy.words:
        done = cli("resume", "out")
        assert (done.returncode, "is being trained by process" in done.stderr) == (2, True)
    with pytest.raises(InUse, match="is being trained by process"):
        complete(tmp_path / "data", busy.run, "dcgan", eval_samples=0)
    busy.end(signal.SIGINT)
    assert busy.process.returncode == 130
    assert files(tmp_path / "out").keys() > before.keys()


def test_a_lock_ends_with_its_process_and_does_not_travel(cli: Cli, tmp_path: Path, tiny_data: Path) -> None:
    options = TINY | {"budget": "1h", "log_every": "1steps", "checkpoint_every": "1h"}
    assert not train(tiny_data, tmp_path / "run", "dcgan", display=Interrupter(), **options).finished
    again = Busy(tmp_path, ["resume", "run"], tmp_path / "run")
    try:
        end = time.monotonic() + PATIENCE
        while not (tmp_path / ".run.lock").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        # Readers need no lock, and a copy is not in use.
        cli("sample", "run", "--out", "grid.png", check=True)
        shutil.copytree(tmp_path / "run", tmp_path / "copy")
        cli("resume", "copy", "--budget", "1steps", check=True)
    finally:
        again.process.kill()
        again.process.wait()
    (tmp_path / "run").rename(tmp_path / "moved")
    cli("resume", "moved", "--budget", "1steps", check=True)
    (tmp_path / "moved").rename(tmp_path / "run")
    cli("resume", "run", "--budget", "1steps", check=True)
    assert not list(tmp_path.glob(".*.lock"))
