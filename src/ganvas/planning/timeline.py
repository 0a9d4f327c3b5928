"""Forecasting a run: a simulation from its budget, its intervals and the measured costs."""

from dataclasses import dataclass

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.machine.memory import GIB
from ganvas.planning.costs import Costs
from ganvas.settings.budget import Progress
from ganvas.settings.config import Settings
from ganvas.training.agenda import Agenda

# Approximate number of rounds of a simulation. Each round stands for the same number of steps.
ROUNDS = 2000


@dataclass(frozen=True)
class Forecast:
    """The expected duration, progress and memory of a run.

    Attributes:
        costs: of the parts of the run.
        seconds: from the command to the end of the run.
        kimg: thousands of real pictures that D will see.
        evaluations: number of evaluations.
        evaluating: seconds for all evaluations.
        mapped_bytes: memory for the pictures of the dataset, in addition to `costs.memory_bytes`. The system may free
            it at any time.
    """

    costs: Costs
    seconds: float
    kimg: float
    evaluations: int
    evaluating: float
    mapped_bytes: int

    def time(self) -> str:
        """The duration, as text."""
        spent = f", of which evaluations {_span(self.evaluating)}" if self.evaluations else ""
        return f"{_span(self.seconds)}{spent}"

    def memory(self) -> str:
        """The memory, as text."""
        mapped = self.mapped_bytes / GIB
        pictures = f", and {mapped:.1f} for the pictures, which the system may take back" if mapped >= 0.1 else ""
        return f"{self.costs.memory_bytes / GIB:.1f} GiB{pictures}"

    def record(self) -> dict[str, float]:
        """The part of it that `config.yaml` keeps."""
        return {
            "seconds": round(self.seconds, 1),
            "kimg": round(self.kimg, 3),
            "img_per_s": round(self.costs.img_per_s, 1),
            "evaluations": self.evaluations,
            "evaluation_seconds": round(self.evaluating, 1),
            "memory_bytes": self.costs.memory_bytes,
            "mapped_bytes": self.mapped_bytes,
        }


def forecast_run(settings: Settings, costs: Costs, data: Dataset, waited: float = 0.0) -> Forecast:
    """Simulate a run by the rules of the trainer.

    Args:
        settings: the budget and the intervals.
        costs: of the parts of the run.
        data: what it learns from.
        waited: seconds that have passed since the command was given.
    """
    pictures = data.splits[TRAIN]
    run = _Simulated(settings, costs, pictures)
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
    """A time in hours, minutes or seconds."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds:.0f} seconds"


class _Simulated:
    """A run without networks: its progress, and the time of its evaluations."""

    def __init__(self, settings: Settings, costs: Costs, pictures: int) -> None:
        self._costs, self._evaluates = costs, settings.eval_samples > 0
        self.progress = Progress(pictures, seconds=costs.sample_grid)
        self.evaluations, self.evaluating = 0, 0.0
        self._agenda, self._most = Agenda(settings, Progress(pictures)), settings.eval_samples
        self._evaluated_at = self._saved_at = -1

    def train(self, steps: int) -> None:
        """Count some steps, and whatever is due after them."""
        progress, costs, agenda = self.progress, self._costs, self._agenda
        images = steps * costs.images_per_step
        progress.steps += steps
        progress.images += images
        progress.seconds += costs.training(progress.images - images, progress.images)
        if agenda.sample.due(progress):
            progress.seconds += costs.sample_grid
        if self._evaluates and (size := agenda.evaluation_due(progress)):
            self._evaluate(size)
        if agenda.checkpoint.due(progress):
            self._save()

    def finish(self) -> None:
        """Count what follows the last step."""
        self._save()
        self.progress.seconds += self._costs.sample_grid
        if self._evaluates and self._evaluated_at != self.progress.steps:
            self._evaluate(self._agenda.pace.last_size(self.progress))

    def _evaluate(self, size: int) -> None:
        pace, costs = self._agenda.pace, self._costs
        seconds = costs.evaluation * size / self._most
        seconds += costs.first_evaluation * pace.described(size) / pace.real_pictures
        pace.evaluated(seconds, size)
        self.progress.seconds += seconds
        self.evaluations += 1
        self.evaluating += seconds
        self._evaluated_at, self._saved_at = self.progress.steps, -1
        self._save()

    def _save(self) -> None:
        if self._saved_at != self.progress.steps:
            self.progress.seconds += self._costs.saving
            self._saved_at = self.progress.steps
