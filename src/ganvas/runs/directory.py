"""The run directory: the names of its files, and how `config.yaml` is written and read.

config.yaml     recipe, settings, options, machine, versions, dataset fingerprint
stats.jsonl     one line per log interval: kimg, seconds, img_per_s, losses, D's accuracy
evals.jsonl     one line per evaluation: kimg, kid, kid_se, fid, precision, recall ...
samples/        sample grids of fixed latents, named by kimg
checkpoints/    states to resume from
snapshots/      best.safetensors and last.safetensors: weights to use and share
tensorboard/    event files
"""

from pathlib import Path
from typing import Any, NotRequired, Self

import yaml
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from ganvas.foundation.errors import RunError
from ganvas.foundation.files import refuse_taken, whole_directory, whole_file
from ganvas.foundation.paths import exists, is_file, quoted
from ganvas.foundation.schema import Schema
from ganvas.foundation.yaml_text import parse_yaml
from ganvas.runs.by_kimg import file_name, files_by_kimg

SCHEMA_VERSION = 1
SCHEMA = Schema(SCHEMA_VERSION, RunError, "train again")
CONFIG, SAMPLES, CHECKPOINTS, SNAPSHOTS = "config.yaml", "samples", "checkpoints", "snapshots"
STATS = "stats.jsonl"


class DatasetRecord(TypedDict):
    """What `config.yaml` says about the dataset of a run.

    Attributes:
        fingerprint: of its content.
        count: number of pictures.
        size: their height and width in pixels.
        label_column: the column of the classes, or None.
        class_names: in the order of their numbers.
        training: number of training pictures. Earlier versions did not write it.
        labels: the digest of their labels. Earlier versions did not write it.
    """

    fingerprint: str
    count: int
    size: int
    label_column: str | None
    class_names: list[str]
    training: NotRequired[int]
    labels: NotRequired[str | None]


class Record(BaseModel):
    """The content of `config.yaml`: everything that is needed to repeat the run and to credit its data.

    Attributes:
        schema_version: layout of the run directory.
        ganvas: the version that started the run.
        recipe: the recipe's name, or module:Class.
        data: absolute path of the dataset directory.
        dataset: what the run learns from.
        networks: generator_parameters and discriminator_parameters.
        machine: device, device_name, precision, threads.
        forecast: what was expected of the run before it began: seconds, kimg, memory_bytes ... Empty in runs of
            earlier versions.
        versions: of Python, torch and the other libraries that the results depend on.
        settings: all of `config.Settings`.
        options: all options of the recipe.
        command: the command that repeats the run.
        style_classifier: the digest of the classifier that `ambiguity_by` names; None without one.
    """

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    ganvas: str
    recipe: str
    data: str
    dataset: DatasetRecord
    networks: dict[str, int]
    machine: dict[str, Any]
    forecast: dict[str, float] = {}
    versions: dict[str, str]
    settings: dict[str, Any]
    options: dict[str, object]
    command: str
    style_classifier: str | None = None

    @property
    def training_count(self) -> int:
        """Number of training pictures. In runs of earlier versions these are all pictures of the dataset."""
        return self.dataset.get("training", self.dataset["count"])


class RunDirectory:
    """The files of one run.

    Attributes:
        path: the directory.
        record: the content of `config.yaml`.
    """

    def __init__(self, path: Path, record: Record) -> None:
        self.path, self.record = path, record

    def create(self) -> None:
        """Create the directory with its record, atomically.

        Raises:
            GanvasError: the path exists already, or the directory cannot be written.
        """
        refuse_existing(self.path)
        with whole_directory(self.path) as partial:
            for directory in (self.samples, self.checkpoints, self.path / SNAPSHOTS):
                (partial / directory.name).mkdir()
            (partial / CONFIG).write_text(_to_yaml(self.record), encoding="utf-8")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing run.

        Raises:
            RunError: there is no run at this path, or its `config.yaml` is damaged or has a schema version that this
                ganvas cannot read.
        """
        file = path / CONFIG
        if not is_run(path):
            raise RunError(
                f"{path} is not a run directory (no {CONFIG} with a log or checkpoints beside it); start a run with: "
                f"ganvas train DATA --out {quoted(path)}"
            )
        try:
            content = parse_yaml(file.read_text(encoding="utf-8"))
            return cls(path, Record.model_validate(SCHEMA.current(content, file)))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{file} cannot be read: {error}") from error

    def rewrite(self, record: Record) -> None:
        """Replace the record, such as when a resumed run gets another budget."""
        self.record = record
        with whole_file(self.path / CONFIG) as partial:
            partial.write_text(_to_yaml(record), encoding="utf-8")

    @property
    def checkpoints(self) -> Path:
        """The directory of checkpoints."""
        return self.path / CHECKPOINTS

    @property
    def samples(self) -> Path:
        """The directory of sample grids."""
        return self.path / SAMPLES

    @property
    def tensorboard(self) -> Path:
        """The directory of event files."""
        return self.path / "tensorboard"

    @property
    def stats(self) -> Path:
        """The file of training statistics."""
        return self.path / STATS

    @property
    def evals(self) -> Path:
        """The file of evaluations."""
        return self.path / "evals.jsonl"

    def sample(self, kimg: float) -> Path:
        """The file of the sample grid drawn at `kimg`."""
        return self.samples / file_name(kimg, ".png")

    @property
    def sample_grids(self) -> dict[float, Path]:
        """The files of the sample grids by kimg, oldest first."""
        return files_by_kimg(self.samples, ".png")

    def snapshot(self, name: str) -> Path:
        """The file of the snapshot "best" or "last"."""
        return self.path / SNAPSHOTS / f"{name}.safetensors"


def is_run(path: Path) -> bool:
    """Whether there is a run directory at `path`."""
    # An exported generator has a config.yaml too.
    return is_file(path / CONFIG) and any(exists(path / name) for name in (SAMPLES, CHECKPOINTS, SNAPSHOTS, STATS))


def run_of(snapshot: Path) -> Path | None:
    """The directory of the run that a snapshot file lies in; None if it lies in none."""
    directory = snapshot.resolve().parent
    return directory.parent if directory.name == SNAPSHOTS and is_run(directory.parent) else None


def refuse_existing(path: Path) -> None:
    """Check that nothing exists at `path`, so that a run is never overwritten.

    Raises:
        RunError: it is a run. The message names `ganvas resume`.
        GanvasError: it is something else.
    """
    if is_run(path):
        if not files_by_kimg(path / CHECKPOINTS, ".safetensors"):
            raise RunError(
                f"{path} is already a run, without a checkpoint to resume from; remove it, unless it is being trained, "
                "or choose another --out"
            )
        raise RunError(f"{path} is already a run; resume it with: ganvas resume {quoted(path)}, or use another --out")
    refuse_taken(path)


def _to_yaml(record: Record) -> str:
    return yaml.safe_dump(record.model_dump(), sort_keys=False, allow_unicode=True)
