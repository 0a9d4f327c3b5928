"""What every class of fault works with: the stage, the commands, folders to spoil, and what is kept of each trial."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from torture import acts
from torture.acts import Act, Facts
from torture.warm import HEAVY, Warm, warm

Result = TypeVar("Result")


@dataclass
class Trial:
    """What came of one trial.

    Attributes:
        case: what was tried, such as a command or a file.
        faults: how many faults were caused.
        problems: what was lost or wrong, a line each; none if all is well.
        notes: further counts, by name, which the table adds up.
    """

    case: str
    faults: int = 1
    problems: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A class of fault.

    Attributes:
        name: as in `make torture CLASS=kills`.
        title: its name in the table.
        how: how it is caused.
        trials: how many trials `make torture` makes.
        attempt: makes one: (workshop, number of the trial, a random generator of its own) -> trial.
    """

    name: str
    title: str
    how: str
    trials: int
    attempt: Callable[["Workshop", int, Random], Trial]


@dataclass(frozen=True)
class Undisturbed:
    """A command to which nothing happened.

    Attributes:
        facts: what it made.
        calls: system calls that changed files.
        seconds: processor time.
    """

    facts: dict[str, str]
    calls: int
    seconds: float


class Workshop:
    """Folders and commands for trials.

    Args:
        home: a folder of its own.
        imports: what commands need; see `warm.py`.
    """

    def __init__(self, home: Path, imports: Sequence[str] = HEAVY) -> None:
        self.home, self._imports, self._stack = home.resolve(), imports, contextlib.ExitStack()
        self._made: dict[str, Any] = {}

    def close(self) -> None:
        """End what was started."""
        self._stack.close()

    @cached_property
    def warm(self) -> Warm:
        """Starts commands."""
        return self._stack.enter_context(warm(self.home / "scratch", self._imports, self.shim))

    @cached_property
    def shim(self) -> Path | None:
        """The library that makes system calls fail; None without a C compiler."""
        if shutil.which("gcc") is None:
            return None
        self.home.mkdir(parents=True, exist_ok=True)
        source, made = Path(__file__).with_name("shim.c"), self.home / "shim.so"
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
        return made

    @cached_property
    def stage(self) -> Path:
        """A folder with everything that commands need."""
        acts.build_stage(self.warm, self.home / "stage")
        return self.home / "stage"

    def kept(self, name: str, make: Callable[[Path], Result]) -> Result:
        """What `make` makes in a folder of its own, once for all trials of this process."""
        if name not in self._made:
            shutil.rmtree(self.home / name, ignore_errors=True)
            (self.home / name).mkdir(parents=True)
            self._made[name] = make(self.home / name)
        made: Result = self._made[name]
        return made

    @contextlib.contextmanager
    def folder(self, act: Act | None = None) -> Iterator[Path]:
        """A folder for one trial, with what a command needs."""
        folder = self.home / "trial"
        shutil.rmtree(folder, ignore_errors=True)
        if act is None:
            folder.mkdir(parents=True)
        else:
            act.set_up(self.stage, folder)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)

    def undisturbed(self, act: Act) -> Undisturbed:
        """What a command makes when nothing happens. It is kept beside the stage."""
        kept = self.stage / "undisturbed" / f"{act}.json"
        if not kept.exists():
            with self.folder(act) as folder:  # of the same name, which some files name
                ended = self.warm.run(folder, *act.words, fault=self.watched(folder))
                assert ended.code == 0, ended.error
                found = Undisturbed(dict(act.facts(folder)), ended.calls, ended.seconds)
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(asdict(found)))
        return Undisturbed(**json.loads(kept.read_text("utf-8")))

    @staticmethod
    def watched(folder: Path) -> Mapping[str, object]:
        """Count the calls that change files in a folder; no fault."""
        return {"within": folder}


def unlike(act: Act, folder: Path, expected: Facts) -> list[str]:
    """How what a command has made differs from what it makes when nothing happens."""
    try:
        facts = act.facts(folder)
    except Exception as error:  # whatever a file that is not whole leads to
        return [f"what it made cannot be read: {type(error).__name__}: {error}"]
    return [f"{name} differs from a run without faults" for name in expected if facts.get(name) != expected[name]]
