"""How a run will go by: its budget and intervals played through with the costs that were measured."""

from dataclasses import dataclass

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.planning.costs import Costs
from ganvas.settings.budget import Progress
from ganvas.settings.config import Settings
from ganvas.training.agenda import Agenda

# A run is played through in about so many rounds, each of as many steps as that takes.
ROUNDS = 2000
GIB = 2**30


@dataclass(frozen=True)
class Forecast:
    """What to expect of a run.

    Attributes:
        costs: of its parts.
        seconds: until it ends, from when it was asked for.
        kimg: thousands of real pictures that D will have seen.
        evaluations: how many there will be.
        evaluating: seconds that they take together.
        mapped_bytes: memory in which the dataset's own pictures will lie beside `costs.memory_bytes`, if there is room.
    """

    costs: Costs
    seconds: float
    kimg: float
    evaluations: int
    evaluating: float
    mapped_bytes: int

    def time(self) -> str:
        """How long it takes, for a person."""
        spent = f", of which evaluations {_span(self.evaluating)}" if self.evaluations else ""
        return f"{_span(self.seconds)}{spent}"

    def memory(self) -> str:
        """How much memory it takes, for a person."""
        mapped = self.mapped_bytes / GIB
        beside = f", and {mapped:.1f} for the pictures, which the system may take back" if mapped >= 0.1 else ""
        return f"{self.costs.memory_bytes / GIB:.1f} GiB{beside}"

    def record(self) -> dict[str, float]:
        """What `config.yaml` keeps of it."""
        return {
            "seconds": round(self.seconds, 1),
            "kimg": round(self.kimg, 3),
            "img_per_s": round(self.costs.img_per_s, 1),
            "evaluations": self.evaluations,
            "evaluation_seconds": round(self.evaluating, 1),
            "memory_bytes": self.costs.memory_bytes,
            "mapped_bytes": self.mapped_bytes,
        }


def foresee(settings: Settings, costs: Costs, data: Dataset, waited: float = 0.0) -> Forecast:
    """Play a run through as the trainer goes about it.

    Args:
        settings: its budget and intervals.
        costs: of its parts.
        data: what it learns from.
        waited: seconds that have passed since it was asked for.
    """
    pictures = data.splits[TRAIN]
    run = _Played(settings, costs, pictures)
    images = settings.budget.images(costs.img_per_s, pictures, costs.images_per_step)
    stride = max(1, round(images / costs.images_per_step / ROUNDS))
    while settings.budget.fraction(run.progress) < 1:
        run.train(stride)
    run.finish()
    return Forecast(
        costs=costs,
        seconds=waited + costs.building + run.progress.seconds,
        kimg=run.progress.kimg,
        evaluations=run.evaluations,
        evaluating=run.evaluating,
        mapped_bytes=min(run.progress.images, pictures) * 3 * data.size**2,
    )


def _span(seconds: float) -> str:
    """A time of the right order."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds:.0f} seconds"


class _Played:
    """A run without networks: progress, and what it has come to."""

    def __init__(self, settings: Settings, costs: Costs, pictures: int) -> None:
        self._costs, self._evaluates = costs, settings.eval_samples > 0
        self.progress = Progress(pictures, seconds=costs.sheet)
        self.evaluations, self.evaluating = 0, 0.0
        self._agenda = Agenda(settings, Progress(pictures))
        self._evaluated_at = self._saved_at = -1

    def train(self, steps: int) -> None:
        """So many steps, and what is due after them."""
        progress, costs, agenda = self.progress, self._costs, self._agenda
        images = steps * costs.images_per_step
        progress.steps += steps
        progress.images += images
        progress.seconds += costs.training(progress.images - images, progress.images)
        if agenda.sample.due(progress):
            progress.seconds += costs.sheet
        if self._evaluates and agenda.evaluation_due(progress):
            began = progress.seconds
            self._evaluate()
            agenda.evaluated(began, progress.seconds)
        if agenda.checkpoint.due(progress):
            self._save()

    def finish(self) -> None:
        """What follows the last step."""
        self._save()
        self.progress.seconds += self._costs.sheet
        if self._evaluates and self._evaluated_at != self.progress.steps:
            self._evaluate()

    def _evaluate(self) -> None:
        seconds = self._costs.evaluation + (0 if self.evaluations else self._costs.first_evaluation)
        self.progress.seconds += seconds
        self.evaluations += 1
        self.evaluating += seconds
        self._evaluated_at, self._saved_at = self.progress.steps, -1
        self._save()

    def _save(self) -> None:
        if self._saved_at != self.progress.steps:
            self.progress.seconds += self._costs.saving
            self._saved_at = self.progress.steps
