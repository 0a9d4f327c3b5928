"""Questions to both networks that their losses do not answer: what D takes for real, and how G's pictures vary."""

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TEST, TRAIN
from ganvas.foundation.arrays import Flags, Floats
from ganvas.foundation.pixels import to_float, to_uint8
from ganvas.gans.recipe import Batch, Recipe
from ganvas.machine.device import Machine
from ganvas.metrics.diversity import mean_distance
from ganvas.metrics.mann_whitney import probability_of_less
from ganvas.metrics.memorisation import thumbnails
from ganvas.training.step import AdversarialStep

# Pictures to ask about, of each origin.
PICTURES = 128


@dataclass(frozen=True)
class ProbeScores:
    """What one asking found. Accuracies are against the true origin, at a probability of 0.5.

    What D says is None where there are no pictures to ask about, and for discriminators that return no `Critique`.

    Attributes:
        d_right_train: share of training pictures that D takes for real.
        d_right_held_back: share of held-back real pictures that it takes for real.
        d_right_generated: share of generated pictures that it takes for generated.
        d_logit_train: its mean logit on training pictures.
        d_logit_held_back: on held-back ones.
        d_logit_generated: on generated ones.
        d_tells: probability that it finds a training picture more real than a generated one: 1/2 if it cannot tell,
            and free of thresholds, which critics have none of.
        d_tells_held_back: the same of held-back pictures.
        raw_diversity: mean distance by pixels of two pictures of G itself, not its average, over two real ones'.
        raw_apart: mean distance by pixels of a picture of G from that of its average, over that of two real ones.
        moved: mean distance by pixels of the average's pictures from those of the last asking, over the same; None at
            the first.
    """

    d_right_train: float | None
    d_right_held_back: float | None
    d_right_generated: float | None
    d_logit_train: float | None
    d_logit_held_back: float | None
    d_logit_generated: float | None
    d_tells: float | None
    d_tells_held_back: float | None
    raw_diversity: float
    raw_apart: float
    moved: float | None

    def record(self) -> dict[str, float]:
        """What is known, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Probe:
    """Asks the networks of one run, always about the same real pictures and latents.

    Asking changes nothing: neither the networks nor any random state that training draws from.

    Args:
        data: where the real pictures are.
        recipe: whose networks they are.
        machine: where they are.
        seed: of the pictures and latents.
    """

    def __init__(self, data: Dataset, recipe: Recipe, machine: Machine, seed: int) -> None:
        self._data, self._recipe, self._machine, self._seed = data, recipe, machine, seed
        self._painted: Tensor | None = None

    def measure(self, step: AdversarialStep) -> ProbeScores:
        """Ask now."""
        with torch.random.fork_rng(devices=[0] if self._machine.device == "cuda" else []), torch.no_grad():
            torch.manual_seed(self._seed)
            generator, discriminator = step.copies()
            batches = self._batches(TRAIN)
            training = self._logits(discriminator, [(batch.images, batch.labels) for batch in batches])
            fakes = [(batch.generated(generator), batch.generated_labels) for batch in batches]
            generated = self._logits(discriminator, fakes)
            unseen = self._logits(discriminator, [(batch.images, batch.labels) for batch in self._batches(TEST)])
            raw = _reduced([batch.generated(generator) for batch in batches])
            averaged = _reduced([batch.generated(step.average.module) for batch in batches])
        real_distance = _mean_distance(_reduced([batch.images for batch in batches]))
        before, self._painted = self._painted, averaged
        return ProbeScores(
            d_right_train=_mean(training > 0),
            d_right_held_back=_mean(unseen > 0),
            d_right_generated=_mean(generated < 0),
            d_logit_train=_mean(training),
            d_logit_held_back=_mean(unseen),
            d_logit_generated=_mean(generated),
            d_tells=_tells(training, generated),
            d_tells_held_back=_tells(unseen, generated),
            raw_diversity=_mean_distance(raw) / real_distance,
            raw_apart=_between(raw, averaged) / real_distance,
            moved=None if before is None else _between(averaged, before) / real_distance,
        )

    def _batches(self, split: str) -> list[Batch]:
        """Pictures of a split with the latents that go with them, in batches as large as those of training."""
        data, options, device = self._data, self._recipe.options, self._machine.device
        rows, draws = data.rows(split), torch.Generator().manual_seed(self._seed)
        rows = np.random.default_rng(self._seed).permutation(rows)[:PICTURES]
        batches = []
        # BatchNorm cannot work on a single picture.
        for part in np.array_split(rows, math.ceil(len(rows) / options.batch_size)) if len(rows) > 1 else []:
            images = to_float(torch.from_numpy(data.images[part]).to(device))
            latents = self._recipe.latents(len(part), draws).to(device)
            labels = None if data.labels is None else torch.from_numpy(data.labels[part]).to(device)
            batches.append(self._recipe.batch(images, latents, labels))
        return batches

    def _logits(self, discriminator: nn.Module, shown: list[tuple[Tensor, Tensor | None]]) -> Floats:
        """D's logits on batches of pictures, all of one origin as in training; empty if it returns no `Critique`."""
        critiques = [self._recipe.judge(discriminator, images, labels) for images, labels in shown]
        logits = [critique.logits for critique in critiques if critique is not None]
        return torch.cat(logits).double().cpu().numpy() if logits else np.empty(0)

    def state(self) -> dict[str, Tensor | None]:
        """What the next asking compares with."""
        return {"painted": self._painted}

    def load_state(self, state: dict[str, Tensor | None]) -> None:
        """Compare with what was painted then."""
        self._painted = state["painted"]


def _mean(values: Floats | Flags) -> float | None:
    return float(values.mean()) if len(values) else None


def _tells(real: Floats, generated: Floats) -> float | None:
    return probability_of_less(generated, real)[0] if min(len(real), len(generated)) > 1 else None


def _reduced(batches: list[Tensor]) -> Tensor:
    """Pictures as vectors, float32 [N, P], reduced as for the search for copies."""
    pictures = np.concatenate([thumbnails(to_uint8(batch)) for batch in batches])
    return torch.from_numpy(pictures.reshape(len(pictures), -1).astype(np.float32))


def _between(first: Tensor, second: Tensor) -> float:
    """The mean distance of two versions of the same pictures, float32 [N, P] each."""
    return float((first - second).norm(dim=1).mean())


def _mean_distance(pictures: Tensor) -> float:
    """The mean distance of two different pictures; never 0, since it is divided by."""
    return max(mean_distance(pictures.numpy())[0], 1e-6)
