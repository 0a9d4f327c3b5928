"""What a page paints and asks anew: the generator of a run, a pool of its pictures, and what D says of them."""

import functools
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganvas.artist.artist import Artist, load
from ganvas.artist.critic import Critic
from ganvas.report.run.run import Run

# Pictures to choose from: of a whole run, or of each class.
POOL, CLASS_POOL = 256, 64
# More classes than this do not fit a page.
MOST_CLASSES = 12

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Pool:
    """Pictures of a generator by class, of the first latents of seed 0.

    Attributes:
        images: uint8 [C, n, S, S, 3]; pictures [:, k] share a latent. C is 1 for a generator without classes.
        names: of the C classes; empty for a generator without.
    """

    images: Images
    names: list[str]

    @property
    def mixed(self) -> Images:
        """All of them, uint8 [n * C, S, S, 3], latent by latent, each under every class."""
        return self.images.swapaxes(0, 1).reshape(-1, *self.images.shape[2:])

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """The classes of the mixed pictures, int64 [n * C]; None without classes."""
        classes, count = self.images.shape[:2]
        return np.tile(np.arange(classes), count) if self.names else None

    def caption(self, number: int) -> str:
        """What a mixed picture is called."""
        latent, kind = divmod(number, len(self.images))
        return f"picture {latent}" + (f", {self.names[kind]}" if self.names else "")

    def by_class(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """A value of each mixed picture, [n * C], by class: [C, n]."""
        return values.reshape(-1, len(self.images)).T


class Studio:
    """The networks of a run at work; each is loaded, and each picture painted, when it is first asked for.

    Attributes:
        run: whose they are.
        artist: the best snapshot of the run.
    """

    def __init__(self, run: Run, artist: Artist) -> None:
        self.run, self.artist = run, artist

    @classmethod
    def open(cls, run: Run) -> Self:
        """Load the generator.

        Raises:
            RunError: the run has no snapshot yet, or one that cannot be read.
            ConfigError: its recipe is not installed here.
        """
        return cls(run, load(run.path))

    @property
    def class_names(self) -> list[str]:
        """The classes that are shown: the first `MOST_CLASSES`; empty without."""
        return self.artist.class_names[:MOST_CLASSES]

    @property
    def hidden(self) -> int:
        """How many classes are not shown."""
        return len(self.artist.class_names) - len(self.class_names)

    @functools.cached_property
    def pool(self) -> Pool:
        """Pictures to choose from."""
        names = self.class_names
        if not names:
            return Pool(self.artist.sample(POOL)[None], [])
        # As `Artist.by_class` paints them, but of the classes that are shown alone: there may be hundreds.
        return Pool(np.stack([self.artist.sample(CLASS_POOL, label=name) for name in names]), names)

    @functools.cached_property
    def critic(self) -> Critic:
        """The discriminator of the newest checkpoint.

        Raises:
            RunError: there is no checkpoint, or one that cannot be used.
        """
        return Critic.of(self.run.path)
