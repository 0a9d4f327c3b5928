"""What the scores need to know of pictures, once they are no longer in memory themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganvas.metrics.features import FeatureNetwork, extract
from ganvas.metrics.leaks import Signs
from ganvas.metrics.memorisation import Looks, small
from ganvas.metrics.modes import Descriptors, colours

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Pictures looked at together: as doubles, with what is computed from them, they take some thirty times their memory.
PART = 32


@dataclass(frozen=True)
class Described:
    """A set of pictures as the scores see them, in no particular order.

    Attributes:
        features: float32 [N, D] of a feature network.
        small: uint8 [N, 32, 32, 3], the pictures themselves, reduced.
        colours: float32 [N, 64], their shares of colours.
        signs: what each shows of augmentation.
        labels: int64 [N], their classes; None for pictures without.
    """

    features: Floats
    small: Images
    colours: Floats
    signs: Signs
    labels: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, images: Images, extractor: FeatureNetwork) -> Self:
        """Describe pictures, uint8 [n, S, S, 3]."""
        return cls(extract(extractor, images), *_looks([images]))

    @classmethod
    def known(cls, features: Floats, images: Iterable[Images], labels: NDArray[np.int64] | None) -> Self:
        """Describe pictures whose features are known, given a part of them at a time."""
        return cls(features, *_looks(images), labels)

    @classmethod
    def together(cls, parts: list[Self], labels: NDArray[np.int64] | None) -> Self:
        """Several sets as one."""
        features, reduced, shades = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "small", "colours")
        )
        return cls(features, reduced, shades, Signs.together([part.signs for part in parts]), labels)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def pixels(self) -> Floats:
        """The reduced pictures as vectors, float32 [N, 3072], 0 to 255."""
        return self.small.reshape(len(self), -1).astype(np.float32)

    @property
    def looks(self) -> Looks:
        """What copies are told by."""
        return Looks(self.features, self.small)

    @property
    def descriptors(self) -> Descriptors:
        """What modes are told by."""
        return Descriptors(self.features, self.colours)


def _looks(slabs: Iterable[Images]) -> tuple[Images, Floats, Signs]:
    """What can be seen of pictures without a network."""
    parts = (slab[start : start + PART] for slab in slabs for start in range(0, len(slab), PART))
    reduced, shades, signs = zip(*((small(part), colours(part), Signs.of(part)) for part in parts), strict=True)
    return np.concatenate(reduced), np.concatenate(shades), Signs.together(list(signs))
