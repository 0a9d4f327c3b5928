"""What the pages share: the folder, its jobs, its runs, and the machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.requests import Request

from ganvas.foundation.errors import GanvasError, unknown
from ganvas.runs.directory import SNAPSHOTS as RUN_SNAPSHOTS
from ganvas.studio.door.keys import Keys
from ganvas.studio.drops import Drops
from ganvas.studio.events import Audience
from ganvas.studio.folder import StudioFolder
from ganvas.studio.jobs import Jobs
from ganvas.studio.machine import MachineWatch
from ganvas.studio.painter import Painter
from ganvas.studio.refusals import NotHere
from ganvas.studio.thumbnails import Thumbnails
from ganvas.studio.training import Training, Trainings
from ganvas.studio.uploads import Uploads
from ganvas.studio.votes import Votes
from ganvas.studio.words import named

# The snapshots of a run, the one to begin with first.
SNAPSHOTS = ("best", "last")


@dataclass(frozen=True)
class Studio:
    """The parts that pages work with.

    Attributes:
        folder: what is under the folder.
        jobs: the commands that were started here.
        trainings: the runs.
        machine: the state of the machine.
        thumbnails: small pictures of runs and datasets.
        drops: where pictures are dropped.
        keys: what lets a browser in.
        painter: the generators.
        votes: the blind votes.
        uploads: pictures that are looked at.
        audience: the pages that are open.
    """

    folder: StudioFolder
    jobs: Jobs
    trainings: Trainings
    machine: MachineWatch
    thumbnails: Thumbnails
    drops: Drops
    keys: Keys
    painter: Painter
    votes: Votes
    uploads: Uploads
    audience: Audience

    @classmethod
    def of(cls, root: Path, keys: Keys) -> Self:
        """The studio of a folder.

        Raises:
            GanvasError: it is not a folder.
        """
        folder = StudioFolder(root)
        return cls(
            folder,
            Jobs(folder),
            Trainings(),
            MachineWatch(folder.root),
            Thumbnails(),
            Drops(folder),
            keys,
            Painter(),
            Votes(folder),
            Uploads(),
            Audience(),
        )

    def training(self, name: str) -> Training:
        """The run of this name.

        Raises:
            NotHere: there is none.
            RunError: it cannot be read.
        """
        job = self.jobs.training(name)
        return self.trainings.open(self.folder.run(name), job.began if job and job.is_running else None)

    def snapshot(self, name: str, snapshot: str) -> Path:
        """The file of a snapshot of a run, with all links resolved.

        Args:
            name: the run.
            snapshot: one of `SNAPSHOTS`.

        Raises:
            NotHere: there is no such run, or it has no such snapshot.
        """
        run = self.folder.run(name)
        if snapshot not in SNAPSHOTS:
            raise NotHere(unknown("snapshot", snapshot[:20], SNAPSHOTS))
        return self.folder.file(run / _relative(snapshot))

    def snapshots(self, name: str) -> list[str]:
        """The snapshots that a run has, the best first."""
        path = self.folder.run(name)
        return [each for each in SNAPSHOTS if (path / _relative(each)).is_file()]


def source_words(name: str, snapshot: str) -> str:
    """A snapshot of a run as an argument of a command."""
    return named(f"{name}/{_relative(snapshot)}")


def _relative(snapshot: str) -> str:
    return f"{RUN_SNAPSHOTS}/{snapshot}.safetensors"


def studio_of(request: Request) -> Studio:
    """The studio that a request is for."""
    studio = request.app.state.studio
    assert isinstance(studio, Studio)
    return studio


def asked(request: Request, name: str) -> str:
    """A parameter of the address.

    Raises:
        GanvasError: it is missing or given twice.
    """
    values = request.query_params.getlist(name)
    if len(values) != 1:
        raise GanvasError(f"the address must have {name} once")
    return values[0]


def number(text: str, name: str) -> float:
    """A parameter as a finite number.

    Raises:
        GanvasError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e12:
        raise GanvasError(f"{name} must be a number, not {text[:20]!r}")
    return value
