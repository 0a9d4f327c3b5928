"""Commands that the studio starts: processes of their own, which go on when the studio ends.

A job is a record and a log in a hidden folder of the studio's folder. Another studio, started later, reads them there.
"""

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ganvas.foundation.errors import GanvasError
from ganvas.foundation.files import unwritable, whole_file
from ganvas.foundation.locks import exclusive
from ganvas.foundation.processes import Process
from ganvas.studio.folder import HOME, StudioFolder
from ganvas.studio.refusals import Conflict, NotHere
from ganvas.studio.words import command

# Jobs that may run at once, and records that are kept.
MOST_RUNNING, MOST_KEPT = 4, 200
# The commands that take the whole machine, of which one runs at a time unless the user asks for more.
TRAINING = (["train"], ["resume"], ["classify", "train"])
# Seconds to wait for another page, or another studio of the folder, that starts a command.
PATIENCE = 10.0
# Bytes of the end of a log that are shown.
TAIL = 24_000
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class Job(BaseModel):
    """A command that the studio started.

    Attributes:
        number: counts the jobs of the folder.
        words: the command after `ganvas`. Its paths are relative to the folder.
        about: the name of the run or dataset that it makes.
        process: host, pid and start time of its process.
        began: when, in seconds since the epoch.
        makes: the name of the file or folder that it makes, which is no run and no dataset; empty for none.
    """

    number: int
    words: list[str]
    about: str
    process: dict[str, str | int]
    began: float
    makes: str = ""

    @property
    def kind(self) -> str:
        """The command: train, resume, prepare ..."""
        return self.words[0]

    @property
    def owner(self) -> Process:
        """Its process."""
        return Process(str(self.process["host"]), int(self.process["pid"]), str(self.process["started"]))

    @property
    def is_running(self) -> bool:
        """Whether its process still runs."""
        return self.owner.is_alive is True

    @property
    def is_training(self) -> bool:
        """Whether it trains, and does not only say what it would do."""
        return _is_training(self.words)

    @property
    def command(self) -> str:
        """What to type to get the same, in the folder of the studio."""
        return command(self.words)

    @property
    def page(self) -> str:
        """The address of its page."""
        return f"/job?number={self.number}"

    def record(self) -> dict[str, object]:
        """What the page that has started it gets."""
        return {"page": self.page, "number": self.number, "command": self.command}


class Jobs:
    """The jobs of a folder."""

    def __init__(self, folder: StudioFolder) -> None:
        self._folder, self._home = folder, folder.root / HOME
        self._children: list[subprocess.Popen[bytes]] = []
        self._records: dict[str, Job] = {}  # a record never changes

    def all(self) -> list[Job]:
        """All jobs whose records are kept, the newest first."""
        self._children = [child for child in self._children if child.poll() is None]  # an ended child is a zombie
        read = (self._read(file) for file in sorted(self._home.glob("[0-9]*.json"), reverse=True)[:MOST_KEPT])
        return [job for job in read if job]

    def find(self, text: str) -> Job:
        """The job of a number.

        Raises:
            NotHere: there is none.
        """
        found = next((each for each in self.all() if str(each.number) == text), None)
        if found is None:
            raise NotHere(f"there is no command number {text[:20]}; it is too long ago")
        return found

    def running(self) -> list[Job]:
        """Those that run now."""
        return [job for job in self.all() if job.is_running]

    def training(self, name: str) -> Job | None:
        """The newest job that trains the run of this name."""
        return next((job for job in self.all() if job.about == name and job.is_training), None)

    def unused(self, name: str) -> str:
        """The name, with a number after it if something has it or will have it when a job ends."""
        taken = {job.makes for job in self.running()}
        names = (name if number == 1 else f"{name}-{number}" for number in itertools.count(1))
        return next(each for each in names if each not in taken and not os.path.lexists(self._folder.root / each))

    def start(self, words: Sequence[str], about: str, *, beside: bool = False, makes: str = "") -> Job:
        """Start a command.

        Args:
            words: the command after `ganvas`, with paths relative to the folder.
            about: the name of what it makes or changes.
            beside: whether a training may start while another one runs.
            makes: the name of the file or folder that it makes, if that is no run and no dataset.

        Raises:
            Conflict: too many commands run, or a training does.
            WriteError: the folder cannot be written to.
        """
        self._folder.kept()
        with exclusive(self._home / "jobs", "used", self._home / ".lock", PATIENCE):
            running = self.running()
            if len(running) >= MOST_RUNNING:
                raise Conflict(f"{MOST_RUNNING} commands of this folder run already; wait for one, or stop one")
            other = next((job for job in running if job.is_training), None)
            if _is_training(words) and other and not beside:
                raise Conflict(
                    f"{other.about} is being trained; two trainings at once are slower than one after another"
                )
            number = max((job.number for job in self.all()), default=0) + 1
            with unwritable(self._home), self._log(number).open("wb") as log:
                child = self._spawn(words, log.fileno())
            self._children.append(child)
            job = Job(
                number=number,
                words=list(words),
                about=about,
                process=_identity(child.pid),
                began=time.time(),
                makes=makes,
            )
            with whole_file(self._home / f"{number:08d}.json") as partial:
                partial.write_text(job.model_dump_json(indent=2), encoding="utf-8")
            self._forget_old()
        self._folder.forget()
        return job

    def log(self, job: Job) -> list[str]:
        """The last lines that it printed, without the codes of terminals."""
        try:
            with self._log(job.number).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        return [_ESCAPES.sub("", line.rpartition("\r")[2]) for line in text.split("\n") if line.strip()]

    def _spawn(self, words: Sequence[str], log: int) -> "subprocess.Popen[bytes]":
        # A session of its own: neither Ctrl-C in the studio's terminal nor the end of the studio reaches it.
        return subprocess.Popen(
            [sys.executable, "-m", "ganvas", *words],
            cwd=self._folder.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def _log(self, number: int) -> Path:
        return self._home / f"{number:08d}.log"

    def _read(self, file: Path) -> Job | None:
        try:
            if file.name not in self._records:
                self._records[file.name] = Job.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None
        return self._records[file.name]

    def _forget_old(self) -> None:
        for file in sorted(self._home.glob("[0-9]*.json"))[:-MOST_KEPT]:
            file.unlink(missing_ok=True)
            file.with_suffix(".log").unlink(missing_ok=True)


def _is_training(words: Sequence[str]) -> bool:
    return "--dry-run" not in words and any(list(words[: len(kind)]) == kind for kind in TRAINING)


def stop(process: Process) -> None:
    """Ask a process to stop, as `kill` does. A training writes a checkpoint first.

    Raises:
        GanvasError: it has ended, is on another machine, or is another user's.
    """
    if process.is_alive is not True:
        raise Conflict("it has ended already" if process.is_here else f"it runs on {process.host}; stop it there")
    try:
        os.kill(process.pid, signal.SIGTERM)
    except OSError as error:
        raise GanvasError(f"process {process.pid} could not be stopped: {error.strerror}") from error


def _identity(pid: int) -> dict[str, str | int]:
    """Host, pid and start time of a process."""
    return asdict(Process.of(pid))
