"""Pictures ranked by the discriminator of their run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganvas.artist.critic import Critic
from ganvas.artist.origin import Cell, Label
from ganvas.artist.trained import TrainedGenerator
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.runs.directory import run_of


@dataclass(frozen=True)
class Ranked:
    """A picture with what the discriminator says.

    Attributes:
        cell: the picture.
        logit: D's output, above 0 for "real".
        probability: that it is real, by D; None for the critic of a Wasserstein GAN, whose scores only rank.
    """

    cell: Cell
    logit: float
    probability: float | None

    @property
    def score(self) -> str:
        """The probability as a percentage, or the score."""
        return f"{self.logit:.2f}" if self.probability is None else f"{self.probability:.1%}"


def rank(
    artist: TrainedGenerator,
    n: int,
    of: int = 256,
    seed: int = 0,
    label: Label | None = None,
    truncation: float = 1.0,
    *,
    best: bool = True,
) -> list[Ranked]:
    """The pictures of a seed that D finds most or least real.

    D is that of the run's newest checkpoint, in batches of training (`Critic`).

    Args:
        artist: the generator, loaded from a run or from a snapshot in one.
        n: number of pictures to return.
        of: number of pictures to choose from, at least `n` and 2.
        seed: their seed.
        label: their class; by default all classes in the proportions of the training pictures.
        truncation: factor of their latents.
        best: whether to return the most real ones, the most real first; otherwise the least real first.

    Raises:
        RunError: the snapshot is not in a run, the run has no checkpoint, or the class is unknown.
        ConfigError: classes are mixed, which D has never seen, or D returns no `Critique`.
    """
    if isinstance(label, dict):
        raise ConfigError("the discriminator has never seen a mixture of classes; name one class")
    critic = Critic.of(_home(artist))
    cells = artist.cells(range(max(of, n, 2)), seed, label, truncation)
    logits = critic.logits(artist.paint(cells), artist.labels(len(cells), label))
    order = np.argsort(-logits if best else logits, kind="stable")[:n]
    chances = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return [
        Ranked(cells[row], float(logits[row]), float(chances[row]) if critic.gives_probabilities else None)
        for row in order
    ]


def _home(artist: TrainedGenerator) -> Path:
    """The run that a snapshot lies in.

    Raises:
        RunError: it lies in none.
    """
    run = None if artist.path is None else run_of(artist.path)
    if run is None:
        raise RunError(
            f"{artist.path or 'this generator'} is not in a run, and only a run has the discriminator: give one"
        )
    return run
