"""The trained models of a run, as its page uses them: generator, discriminator, and samples."""

import functools
from dataclasses import dataclass
from typing import Self

import numpy as np

from ganvas.artist.artist import Artist, load
from ganvas.artist.critic import Critic
from ganvas.foundation.arrays import Floats, Images, Integers
from ganvas.report.run.run import Run

# The number of samples that sections choose from: of a run without classes, and of each class.
SAMPLES, CLASS_SAMPLES = 256, 64
# The largest number of classes to show.
MOST_CLASSES = 12


@dataclass(frozen=True)
class Samples:
    """Generated pictures by class, of the first latents of seed 0.

    Attributes:
        images: uint8 [C, n, S, S, 3]. Pictures [:, k] share a latent. C is 1 for a generator without classes.
        names: names of the C classes; empty for a generator without classes.
    """

    images: Images
    names: list[str]

    @property
    def interleaved(self) -> Images:
        """All pictures, uint8 [n * C, S, S, 3], sorted by latent, then by class."""
        return self.images.swapaxes(0, 1).reshape(-1, *self.images.shape[2:])

    @property
    def labels(self) -> Integers | None:
        """The class numbers of the interleaved pictures, int64 [n * C]; None without classes."""
        classes, count = self.images.shape[:2]
        return np.tile(np.arange(classes), count) if self.names else None

    def caption(self, number: int) -> str:
        """The caption of an interleaved picture."""
        latent, label = divmod(number, len(self.images))
        return f"picture {latent}" + (f", {self.names[label]}" if self.names else "")

    def by_class(self, values: Floats) -> Floats:
        """Arrange values of the interleaved pictures, float64 [n * C], by class, float64 [C, n]."""
        return values.reshape(-1, len(self.images)).T


class RunModels:
    """The trained models of a run. Samples and the discriminator are loaded on first use.

    Attributes:
        run: the run.
        artist: the generator, from the best snapshot.
    """

    def __init__(self, run: Run, artist: Artist) -> None:
        self.run, self.artist = run, artist

    @classmethod
    def open(cls, run: Run) -> Self:
        """Load the generator of a run.

        Raises:
            RunError: the run has no snapshot yet, or it cannot be read.
            ConfigError: the recipe is not installed.
        """
        return cls(run, load(run.path))

    @property
    def class_names(self) -> list[str]:
        """The classes to show: the first `MOST_CLASSES`; empty without classes."""
        return self.artist.class_names[:MOST_CLASSES]

    @property
    def hidden_classes(self) -> int:
        """The number of classes that are not shown."""
        return len(self.artist.class_names) - len(self.class_names)

    @functools.cached_property
    def samples(self) -> Samples:
        """The samples that sections choose from."""
        names = self.class_names
        if not names:
            return Samples(self.artist.sample(SAMPLES)[None], [])
        # `Artist.by_class` would generate all classes, of which there may be hundreds.
        return Samples(np.stack([self.artist.sample(CLASS_SAMPLES, label=name) for name in names]), names)

    @functools.cached_property
    def critic(self) -> Critic:
        """The discriminator in the newest checkpoint.

        Raises:
            RunError: there is no checkpoint, or it cannot be used.
        """
        return Critic.of(self.run.path)
