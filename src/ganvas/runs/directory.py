"""The run directory: what it holds, under which names, and how `config.yaml` is written and read.

config.yaml     everything resolved: recipe, settings, options, machine, versions, dataset fingerprint
stats.jsonl     a line an interval: kimg, seconds, img_per_s, losses, D's accuracy
evals.jsonl     a line an evaluation: kimg, kid, kid_se, fid, precision, recall ...
samples/        the grid of fixed latents, named by kimg
checkpoints/    state to go on from
snapshots/      best.safetensors and last.safetensors: weights to use and share
tensorboard/    event files
"""

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict

from ganvas.foundation.errors import RunError
from ganvas.foundation.files import refuse_taken, whole_directory, whole_file
from ganvas.foundation.paths import is_file, quoted
from ganvas.runs.by_kimg import file_name, files_by_kimg

SCHEMA_VERSION = 1
CONFIG, SNAPSHOTS = "config.yaml", "snapshots"
# The names of checkpoints in `checkpoints/`.


class Record(BaseModel):
    """What `config.yaml` holds: enough to repeat the run, and to credit its data.

    Attributes:
        schema_version: layout of the run directory; another version is refused.
        ganvas: the version that started the run.
        recipe: the recipe's name, or module:Class.
        data: absolute path of the dataset directory.
        dataset: its fingerprint, count, size, label_column, class_names, how many pictures of it are for training, and
            the digest of their labels (`labels.labels_digest`; absent in runs from before).
        networks: generator_parameters and discriminator_parameters.
        machine: device, device_name, precision, threads.
        forecast: what was expected of it before it began: seconds, kimg, memory_bytes ... Empty in runs from before.
        versions: of Python, torch and the other libraries that numbers depend on.
        settings: `config.Settings`, resolved.
        options: the recipe's options, resolved.
        command: the command that repeats it.
    """

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    ganvas: str
    recipe: str
    data: str
    dataset: dict[str, Any]
    networks: dict[str, int]
    machine: dict[str, Any]
    forecast: dict[str, float] = {}
    versions: dict[str, str]
    settings: dict[str, Any]
    options: dict[str, Any]
    command: str

    @property
    def training_count(self) -> int:
        """How many pictures it learns from: all of the dataset in runs from before pictures could be held back."""
        return int(self.dataset.get("training", self.dataset["count"]))


class RunDirectory:
    """The files of one run.

    Attributes:
        path: the directory.
        record: what its `config.yaml` says.
    """

    def __init__(self, path: Path, record: Record) -> None:
        self.path, self.record = path, record

    def create(self) -> None:
        """Make the directory with its record, whole or not at all.

        Raises:
            GanvasError: there is something at its path already, or the file system refused.
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
            RunError: no run there, its `config.yaml` is damaged, or of another schema version.
        """
        file = path / CONFIG
        if not is_run(path):
            raise RunError(
                f"{path} is no run directory (no {CONFIG}); start one with: ganvas train DATA --out {quoted(path)}"
            )
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            version = content.get("schema_version") if isinstance(content, dict) else None
            if version != SCHEMA_VERSION:
                raise RunError(f"{file} has schema version {version!r}; this ganvas reads version {SCHEMA_VERSION}")
            return cls(path, Record.model_validate(content))
        except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
            raise RunError(f"{file} cannot be read: {error}") from error

    def rewrite(self, record: Record) -> None:
        """Replace the record, when a resumed run is given another budget."""
        self.record = record
        with whole_file(self.path / CONFIG) as partial:
            partial.write_text(_to_yaml(record), encoding="utf-8")

    @property
    def checkpoints(self) -> Path:
        """The directory of resumable states."""
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        """The directory of grids of fixed latents."""
        return self.path / "samples"

    @property
    def tensorboard(self) -> Path:
        """The directory of event files."""
        return self.path / "tensorboard"

    @property
    def stats(self) -> Path:
        """The file of training statistics."""
        return self.path / "stats.jsonl"

    @property
    def evals(self) -> Path:
        """The file of evaluations."""
        return self.path / "evals.jsonl"

    def sample(self, kimg: float) -> Path:
        """Where the grid of fixed latents at that point of the run is kept."""
        return self.samples / file_name(kimg, ".png")

    @property
    def sample_grids(self) -> dict[float, Path]:
        """The grids of fixed latents by kimg, oldest first."""
        return files_by_kimg(self.samples, ".png")

    def snapshot(self, name: str) -> Path:
        """The snapshot "best" or "last"."""
        return self.path / SNAPSHOTS / f"{name}.safetensors"


def is_run(path: Path) -> bool:
    """Whether there is a run directory at `path`."""
    return is_file(path / CONFIG)


def refuse_existing(path: Path) -> None:
    """Raise if `path` is taken, so that no run is ever overwritten.

    Raises:
        RunError: a run is there; the message names `ganvas resume`.
        GanvasError: something else is there.
    """
    if is_run(path):
        if not files_by_kimg(path / "checkpoints", ".safetensors"):
            raise RunError(
                f"{path} is a run already, without a checkpoint to resume from; remove it, unless it is being trained, "
                "or choose another --out"
            )
        raise RunError(f"{path} is a run already; go on with: ganvas resume {quoted(path)}, or choose another --out")
    refuse_taken(path)


def _to_yaml(record: Record) -> str:
    return yaml.safe_dump(record.model_dump(), sort_keys=False, allow_unicode=True)
