"""The measurements of an evaluation: scores of generated pictures, and probes of both networks."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ganvas.artist.sampling import mixed_labels, sample_batches
from ganvas.data.dataset.dataset import Dataset
from ganvas.distributed.world import ALONE, World
from ganvas.foundation.state import State
from ganvas.gans.recipe import Recipe
from ganvas.machine.device import Machine
from ganvas.metrics.evaluator import Evaluator
from ganvas.settings.config import Settings
from ganvas.training.probe import Probe
from ganvas.training.step import AdversarialStep
from ganvas.verdict.measurement import Measurement

# Added to the run's seed for latents that must not follow those of training, nor each other.
EVAL_SEED, PROBE_SEED = 2, 3


class RunEvaluator:
    """Evaluates one run repeatedly, always with the same latents and real pictures.

    Args:
        data: what the run learns from.
        recipe: what it trains.
        machine: where the networks are.
        settings: the number of pictures to score, the feature network and the seed.
        world: the processes of the run.
    """

    def __init__(
        self, data: Dataset, recipe: Recipe, machine: Machine, settings: Settings, world: World = ALONE
    ) -> None:
        self._data, self._recipe, self._machine, self._settings = data, recipe, machine, settings
        self._evaluator = Evaluator(
            data,
            samples=settings.eval_samples,
            extractor=settings.extractor,
            sees_through=recipe.sees_through,
            device=machine.device,
            world=world,
        )
        self._probe = Probe(data, recipe, machine, settings.seed + PROBE_SEED)

    def measure(
        self, step: AdversarialStep, kimg: float, count: int, real: int | None = None
    ) -> tuple[Measurement, str]:
        """Score the averaged generator and probe both networks. The run does not change.

        Args:
            step: the networks.
            kimg: thousands of real pictures that D has seen.
            count: number of pictures to generate.
            real: the largest number of training pictures to compare with; None for all.

        Returns:
            The measurement, and a line of text with the main scores.
        """
        labels = self._labels(count)
        scores = self._evaluator.score(self._pictures(step.average.module, count, labels), labels, real)
        return Measurement(kimg, scores.record() | self._probe.measure(step).record()), scores.line()

    def help(self, step: AdversarialStep, count: int) -> None:
        """Do a part of the work of `measure`, which the first process calls meanwhile."""
        labels = self._labels(count)
        self._evaluator.describe(self._pictures(step.average.module, count, labels), labels)

    def _labels(self, count: int) -> NDArray[np.int64] | None:
        """The classes of the pictures to score; None if the generator is not conditioned on them."""
        is_conditional = self._recipe.effective_class_use.conditions_generator and self._data.class_names
        return mixed_labels(self._data.class_shares, count) if is_conditional else None

    def _pictures(
        self, generator: nn.Module, count: int, labels: NDArray[np.int64] | None
    ) -> Iterator[NDArray[np.uint8]]:
        """Pictures to score, in uint8 batches [N, S, S, 3]."""
        seed = self._settings.seed + EVAL_SEED
        return sample_batches(self._recipe, generator, count, seed, labels, self._machine.device)

    def state(self) -> State:
        """What a resumed run needs to compare with the last evaluation."""
        return {"probe": self._probe.state()}

    def load_state(self, state: State) -> None:
        """Restore what `state` returned."""
        self._probe.load_state(state["probe"])
