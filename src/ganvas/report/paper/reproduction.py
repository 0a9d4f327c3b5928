"""A reproduction of a paper on disk, and how its page reads it.

reproduction.json   the plan: paper, source of the pictures, scale, options
pictures/           the datasets, by key
runs/               the run directories, by key
classifiers/        the classifier directories, and the results of memorising, by key
paper.html          the page
"""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ganvas.classify.evaluate import Evaluation, evaluate
from ganvas.classify.train import Overfit
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import GanvasError, RunError
from ganvas.foundation.paths import is_directory, is_file
from ganvas.papers.paper import Classification, Paper, Training
from ganvas.report.run.models import RunModels
from ganvas.report.run.run import Run
from ganvas.runs.directory import is_run
from ganvas.settings.budget import Amount

PLAN, PAGE = "reproduction.json", "paper.html"


class Plan(BaseModel):
    """The content of `reproduction.json`: what must not change when a reproduction is continued.

    Attributes:
        paper: its number.
        source: the source of the pictures, or None for the embedded ones.
        scale: the length of all trainings as a multiple of the paper's.
        changes: settings and options of all GANs that differ from the paper's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: int
    source: str | None
    scale: float
    changes: dict[str, object] = {}


class Reproduction:
    """The pictures, runs and classifiers of a paper. They are opened on first use.

    Attributes:
        path: the directory.
        paper: the paper, perhaps with some of its figures only.
        plan: how it is reproduced.
        failures: why something could not be prepared or trained, by its key.
    """

    def __init__(self, path: Path, paper: Paper, plan: Plan, failures: Mapping[str, str] | None = None) -> None:
        self.path, self.paper, self.plan = path, paper, plan
        self.failures = dict(failures or {})

    def pictures_path(self, key: str) -> Path:
        """The dataset directory of a set of pictures."""
        return self.path / "pictures" / key

    def run_path(self, key: str) -> Path:
        """The run directory of a training."""
        return self.path / "runs" / key

    def classifier_path(self, key: str) -> Path:
        """The directory of a classifier."""
        return self.path / "classifiers" / key

    def check_path(self, key: str) -> Path:
        """The file with the result of memorising."""
        return self.path / "classifiers" / f"{key}.json"

    def budget(self, training: Training) -> Amount:
        """How long a GAN is trained here, in kimg."""
        return Amount(training.length.kimg * self.plan.scale, "kimg")

    def epochs(self, classification: Classification) -> int | None:
        """How many epochs a classifier is trained here, at least 1; None for a model without epochs."""
        return None if classification.epochs is None else max(1, round(classification.epochs * self.plan.scale))

    def fail_if_missing(self, keys: Iterable[str]) -> None:
        """Check that everything with these keys is there.

        Raises:
            GanvasError: something is not. The message says why.
        """
        for key in keys:
            if key in self.failures:
                raise GanvasError(self.failures[key])

    def dataset(self, key: str) -> Dataset:
        """Open a set of pictures.

        Raises:
            DataError: it has not been prepared, or cannot be read.
        """
        return Dataset.open(self.pictures_path(key))

    def has_run(self, key: str) -> bool:
        """Whether a GAN has been started."""
        return is_run(self.run_path(key))

    def has_classifier(self, key: str) -> bool:
        """Whether a classifier has been trained."""
        return is_directory(self.classifier_path(key))

    def run(self, key: str) -> Run:
        """Open the run of a training.

        Raises:
            RunError: there is no run, or it cannot be read.
        """
        return Run.open(self.run_path(key))

    @functools.cache  # noqa: B019 (one page is made of one reproduction, which ends with it)
    def models(self, key: str) -> RunModels:
        """Load the networks of a run.

        Raises:
            RunError: the run has no snapshot yet, or it cannot be read.
        """
        return RunModels.open(self.run(key))

    @functools.cache  # noqa: B019 (as above)
    def evaluation(self, key: str) -> Evaluation:
        """Evaluate a classifier on the pictures that were held back from it.

        Raises:
            GanvasError: there is no classifier, or it cannot be read.
        """
        return evaluate(self.classifier_path(key))

    def memorised(self, key: str) -> Overfit:
        """The result of memorising a few pictures.

        Raises:
            RunError: it has not been tried, or cannot be read.
        """
        file = self.check_path(key)
        if not is_file(file):
            raise RunError(f"{file} does not exist")
        try:
            return _Memorised.model_validate_json(file.read_text(encoding="utf-8")).result
        except (OSError, ValidationError) as error:
            raise RunError(f"{file} cannot be read: {error}") from error


class _Memorised(BaseModel):
    """The content of the file with the result of memorising."""

    result: Overfit


def memorised_as_json(result: Overfit) -> str:
    """The content of the file with the result of memorising."""
    return _Memorised(result=result).model_dump_json(indent=2) + "\n"
