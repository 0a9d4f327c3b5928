"""The training steps of a run: batches, learning rates, networks and statistics."""

from collections.abc import Iterator

from lightning_fabric import Fabric
from torch import Tensor

from ganvas.data.dataset.dataset import Dataset
from ganvas.distributed.part import WHOLE, Division
from ganvas.foundation.state import State
from ganvas.gans.recipe import Recipe, Spec
from ganvas.machine.device import Machine
from ganvas.settings.budget import Progress
from ganvas.settings.config import Settings
from ganvas.training.batches import BatchMaker
from ganvas.training.clock import Clock
from ganvas.training.learning_rates import LearningRates
from ganvas.training.loader import Loader
from ganvas.training.meter import Meter
from ganvas.training.step import AdversarialStep


class Updater:
    """Draws batches, trains both networks on them, and averages the reported values.

    Args:
        recipe: what is trained.
        data: what it learns from.
        machine: where.
        fabric: sets the precision of the networks.
        settings: the seed, the budget, and whether classes are balanced.
        division: how batches are divided.

    Attributes:
        step: the networks.
        learning_rates: of both networks.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        machine: Machine,
        fabric: Fabric,
        settings: Settings,
        division: Division = WHOLE,
    ) -> None:
        self.step = AdversarialStep(recipe, Spec.of(data), machine, fabric, division)
        self.learning_rates = LearningRates(recipe.options, settings.budget)
        self._data, self._machine, self._settings = data, machine, settings
        self._part = division.own(recipe.options.batch_size)
        self._batches = BatchMaker(recipe, machine, settings.seed, self._part)
        self._batch_size = recipe.options.batch_size
        self._images_per_step = recipe.options.d_steps * recipe.options.batch_size
        self._meter = Meter()

    def loader(self, progress: Progress) -> Loader:
        """The batches of real pictures that follow at this progress."""
        settings = self._settings
        return Loader(
            self._data,
            self._batch_size,
            settings.seed,
            position=progress.images,
            pin_memory=self._machine.device == "cuda",
            balanced=settings.balanced_classes,
            part=self._part,
        )

    def update(self, pictures: Iterator[tuple[Tensor, Tensor | None]], progress: Progress, clock: Clock) -> None:
        """Take one training step, and advance the progress.

        Args:
            pictures: batches of the loader: uint8 [B, S, S, 3], and labels int64 [B] or None.
            progress: of the run, changed in place.
            clock: tells the seconds of the run.

        Raises:
            DivergedError: a loss is not finite. The progress is unchanged.
        """
        started, images = self._meter.start(), self._images_per_step
        batches = self._batches.step(pictures)
        self.step.set_learning_rates(*self.learning_rates.rates(progress))
        values = self.step(batches, progress.images + images)
        progress.steps += 1
        progress.images += images
        progress.seconds = clock.read()
        self._meter.add(started, images, values)

    def statistics(self, progress: Progress) -> dict[str, float]:
        """The speed, the mean losses and accuracies since the last call, and the learning rates.

        Empty if no step was taken since.
        """
        values = self._meter.flush()
        return values | self.learning_rates.rates(progress)._asdict() if values else {}

    def discard_statistics(self) -> None:
        """Discard the values reported since the last call of `statistics`."""
        self._meter.flush()

    def state(self) -> State:
        """Everything that a resumed run needs of the networks, the batches and the learning rates."""
        return {"learning_rates": self.learning_rates.state(), **self._batches.state(), **self.step.state()}

    def load_state(self, state: State) -> None:
        """Restore what `state` returned."""
        self.learning_rates.load_state(state["learning_rates"])
        self._batches.load_state(state)
        self.step.load_state(state)
