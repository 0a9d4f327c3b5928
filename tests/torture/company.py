"""Circumstances: other processes on the same files, folders that move or close, clocks that jump, and sleep."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from ganvas.foundation.files import read_records
from ganvas.foundation.processes import Process
from ganvas.runs.logs import RunLogs
from torture import acts
from torture.acts import Act
from torture.checks import impolite, unreadable
from torture.warm import Started
from torture.workshop import Fault, Trial, Workshop, unlike

# Seconds that a run is stopped for, as by a machine that is put to sleep.
_ASLEEP = 60.0
_RESUME, _PREPARE = acts.act("resume"), acts.act("prepare")


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """One of the circumstances below."""
    case, cause = list(_CASES.items())[number % len(_CASES)]
    trial, act = Trial(case), _PREPARE if cause is _two_preparations else _RESUME
    workshop.undisturbed(act)  # before the folder of the trial has anything
    with workshop.folder(act) as folder:
        trial.problems += cause(workshop, folder, random)
        trial.problems += unreadable(folder)
    return trial


def _finished(workshop: Workshop, folder: Path, run: str = "half", act: Act = _RESUME) -> list[str]:
    """What differs from a run that nothing happened to."""
    if run != "half":
        (folder / run).rename(folder / "half")
    return unlike(act, folder, workshop.undisturbed(act).facts)


def _logging(running: Started, run: Path) -> None:
    """Wait until a run has logged one more line, or has ended."""
    before = len(read_records(run / "stats.jsonl"))
    while running.seconds < float("inf") and len(read_records(run / "stats.jsonl")) <= before:
        time.sleep(0.01)


def _refused(error: str, code: int, text: str) -> list[str]:
    is_so = code == 2 and text in error and len(error.strip().splitlines()) == 1
    return [] if is_so else [f"not refused in one line with {text!r}: exit {code}, {error[-300:]!r}"]


def _two_preparations(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """The second is refused, and the first makes the dataset as if alone."""
    running = workshop.warm.start(folder, _PREPARE.words)
    while running.seconds < float("inf") and not list(folder.glob(".data.unfinished-*/journal.jsonl")):
        time.sleep(0.001)
    running.send(signal.SIGSTOP)
    second = _beside(folder, _PREPARE)
    running.send(signal.SIGCONT)
    return [
        *_refused(second.stderr, second.returncode, "another process is preparing"),
        *impolite(running.wait()),
        *unlike(_PREPARE, folder, workshop.undisturbed(_PREPARE).facts),
    ]


def _beside(folder: Path, act: Act) -> "subprocess.CompletedProcess[str]":
    """A command in a process that has nothing to do with those of the trial."""
    words = [sys.executable, "-m", "ganvas", *act.words]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def _two_processes(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """The second is refused, and the first ends as if alone."""
    running = workshop.warm.start(folder, _RESUME.words)
    _logging(running, folder / "half")
    running.send(signal.SIGSTOP)
    second = _beside(folder, _RESUME)
    running.send(signal.SIGCONT)
    first = running.wait()
    refused = _refused(second.stderr, second.returncode, "is being trained by process")
    return refused + impolite(first) + _finished(workshop, folder)


def _stale_lock(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """A lock whose process was killed, and whose id another process has now, holds nobody up."""
    me = Process.current()
    owner = {"host": me.host, "pid": random.choice([os.getpid(), 1, os.getppid()]), "started": "before"}
    record = {"owner": owner, "what": "trained", "since": "2026-01-31 12:00:00", "inode": None}
    (folder / ".half.lock").write_text(json.dumps(record))
    ended = workshop.warm.run(folder, *_RESUME.words)
    return impolite(ended) + _finished(workshop, folder)


def _moved(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """A run that was renamed goes on under its new name."""
    (folder / "half").rename(folder / "another name")
    ended = workshop.warm.run(folder, "resume", "another name")
    return impolite(ended) + _finished(workshop, folder, "another name")


def _moved_while_training(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """It is told in one line, or the run ends in its new place; and it goes on there."""
    running = workshop.warm.start(folder, _RESUME.words)
    _logging(running, folder / "half")
    if running.seconds < float("inf"):
        (folder / "half").rename(folder / "new")
    ended = running.wait()
    problems = impolite(ended)
    if (folder / "new").exists():
        shutil.rmtree(folder / "half", ignore_errors=True)  # what it may have made again
        (folder / "new").rename(folder / "half")
    if ended.code or "finished" not in ended.error:
        again = workshop.warm.run(folder, *_RESUME.words)
        problems += [] if "has spent its budget" in again.error else impolite(again)
    return problems + _finished(workshop, folder)


def _read_only(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """A folder in which nothing can be written: one line, and nothing is changed. Root may write, so calls fail."""
    before = {file: file.read_bytes() for file in (folder / "half").rglob("*") if file.is_file()}
    ended = workshop.warm.run(folder, *_RESUME.words, fault={"within": folder, "first": 1, "error": 30, "lasting": 1})
    changed = [str(file) for file, content in before.items() if file.read_bytes() != content]
    problems = [f"{name} was changed" for name in changed] + impolite(ended)
    return problems if ended.code == 2 else [*problems, f"exit code {ended.code} where nothing can be written"]


def _clock(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """The time of day jumps back and forth by days at every look at it."""
    ended = workshop.warm.run(folder, *_RESUME.words, fault={"within": folder, "clock": random.randint(1, 30) * 86_400})
    return impolite(ended) + _finished(workshop, folder)


def _asleep(workshop: Workshop, folder: Path, random: Random) -> list[str]:
    """A minute of sleep counts as no more than a step of a budget of time, and spoils nothing."""
    words = ["slept" if word == "run" else "8s" if word == "12steps" else word for word in acts.TRAIN]
    running = workshop.warm.start(folder, words)
    _logging(running, folder / "slept")
    running.send(signal.SIGSTOP)
    time.sleep(_ASLEEP)
    running.send(signal.SIGCONT)
    ended = running.wait()
    seconds = [line.get("seconds") or 0.0 for line in RunLogs.open(folder / "slept").stats]
    longest = max(after - before for before, after in zip([0.0, *seconds], seconds, strict=False))
    overslept = [f"one step counted {longest:.0f} s of sleep"] if longest > _ASLEEP / 2 else []
    return impolite(ended) + overslept


_CASES: dict[str, Callable[[Workshop, Path, Random], list[str]]] = {
    "two processes": _two_processes,
    "two preparations": _two_preparations,
    "stale lock": _stale_lock,
    "renamed": _moved,
    "renamed while training": _moved_while_training,
    "read-only": _read_only,
    "jumping clock": _clock,
    "sleep in a time budget": _asleep,
}
FAULT = Fault(
    "company",
    "other processes, places and times",
    "a second process on a run or a dataset, a stale lock with a living id, a run that is renamed or read-only, a "
    "clock that jumps, a minute of SIGSTOP",
    4 * len(_CASES),
    attempt,
)
