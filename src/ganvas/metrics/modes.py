"""The number of known modes that a generator covers: a direct measure of mode collapse.

The embedded paintings have a known mode each, one of a few dozen combinations of subject and palette. A classifier
fitted to the real pictures names the mode of a generated one. A threshold leaves out pictures that belong to no mode.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold

from ganvas.foundation.arrays import Features, Floats, Images, Indices
from ganvas.machine.threads import one_blas_thread

# Modes are counted only if this share of held-out real pictures is classified correctly.
MIN_ACCURACY = 0.95

# The number of folds of cross-validation. A mode needs at least one real picture for each.
FOLDS = 5

# A generated picture belongs to no mode if it is further from the nearest centre than this share of held-out real
# pictures are from theirs.
GATE = 0.99

# A mode is covered if it has at least one picture, and at least this share of the pictures that it would have if modes
# were as frequent as in the dataset. The share keeps stray pictures, which are classified wrongly or lie between two
# modes, from counting as a mode.
SHARE = 0.25

_COMPONENTS = 64
_SHADES = 4


@dataclass(frozen=True)
class ModeDescriptors:
    """The descriptors of N pictures that tell modes apart.

    Attributes:
        features: float32 [N, D] of a feature network. They describe the subject, but hardly the colours.
        colours: float32 [N, 64], colour histograms.
    """

    features: Features
    colours: Features

    def __getitem__(self, rows: Indices) -> "ModeDescriptors":
        return ModeDescriptors(self.features[rows], self.colours[rows])

    def __len__(self) -> int:
        return len(self.features)


def colour_histograms(images: Images) -> Features:
    """Colour histograms with 4 x 4 x 4 bins of red, green and blue: the square roots of the shares (the Hellinger map).

    Args:
        images: uint8 [N, H, W, 3].

    Returns:
        float32 [N, 64] in [0, 1].
    """
    count, height, width, _ = images.shape
    red, green, blue = np.moveaxis(images // (256 // _SHADES), -1, 0)
    cells = (red * _SHADES + green) * _SHADES + blue
    counts = [np.bincount(picture.ravel(), minlength=_SHADES**3) for picture in cells]
    shares: Floats = np.array(counts).reshape(count, _SHADES**3) / (height * width)
    return np.sqrt(shares).astype(np.float32)


class ModeCounter:
    """Classifies pictures by mode, and counts the modes that a set of pictures covers.

    Features are reduced to principal components, joined with the colours, and projected to the linear discriminants
    between modes, in units of the spread within a mode. The mode of a picture is the one with the nearest centre.

    Attributes:
        names: the modes, sorted.
        accuracy: share of held-out real pictures that are classified correctly, in cross-validation.
    """

    @one_blas_thread()
    def __init__(self, real: ModeDescriptors, modes: NDArray[np.object_]) -> None:
        """Learn the modes of real pictures.

        Args:
            real: the real pictures.
            modes: the name of the mode of each, object [N]. At least two modes, at least `FOLDS` pictures of each.
        """
        names, numbers = np.unique(modes.astype(str), return_inverse=True)
        self.names: list[str] = names.tolist()
        self._shares = np.bincount(numbers) / len(numbers)
        self.accuracy, self._reach = _held_out(real, numbers)
        self._space = _Space.fit(real, numbers)

    @property
    def total(self) -> int:
        """The number of modes."""
        return len(self.names)

    def counts(self, pictures: ModeDescriptors) -> dict[str, int]:
        """The number of pictures of each mode, by its name. Pictures of no mode are left out."""
        numbers, distances = self._space.nearest(pictures)
        counts = np.bincount(numbers[distances <= self._reach], minlength=self.total)
        return dict(zip(self.names, counts.tolist(), strict=True))

    def covered(self, pictures: ModeDescriptors) -> int:
        """The number of modes that the pictures cover; see `SHARE`."""
        counts = np.array(list(self.counts(pictures).values()))
        enough = np.maximum(1.0, SHARE * self._shares * len(pictures))
        return int((counts >= enough).sum())


def mode_counter(real: ModeDescriptors, modes: NDArray[np.object_]) -> ModeCounter | None:
    """A counter for the modes of real pictures, or None if their modes cannot be told apart reliably.

    This is so with fewer than `FOLDS` pictures of a mode, with a single mode, and with an accuracy below
    `MIN_ACCURACY`.
    """
    _, sizes = np.unique(modes.astype(str), return_counts=True)
    if len(sizes) < 2 or sizes.min() < FOLDS:
        return None
    counter = ModeCounter(real, modes)
    return counter if counter.accuracy >= MIN_ACCURACY else None


@dataclass(frozen=True)
class _Space:
    """The space of linear discriminants, in which modes are compact and separate."""

    traits: "_Traits"
    discriminants: LinearDiscriminantAnalysis
    centres: Floats

    @classmethod
    def fit(cls, real: ModeDescriptors, numbers: Indices) -> Self:
        """Fit the space to real pictures. `numbers` are their modes, numbered from 0."""
        traits = _Traits.fit(real)
        # Ledoit-Wolf shrinkage makes the covariance usable with fewer pictures per mode than dimensions.
        discriminants = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
        places = discriminants.fit(traits.of(real), numbers).transform(traits.of(real))
        centres = np.stack([places[numbers == mode].mean(axis=0) for mode in range(numbers.max() + 1)])
        return cls(traits, discriminants, centres)

    def nearest(self, pictures: ModeDescriptors) -> tuple[Indices, Floats]:
        """The mode whose centre is nearest to each picture, and the distance from it."""
        places = self.discriminants.transform(self.traits.of(pictures))
        distances = np.linalg.norm(places[:, None] - self.centres, axis=2)
        return distances.argmin(axis=1), distances.min(axis=1)


@dataclass(frozen=True)
class _Traits:
    """Principal components of the features, joined with the colours. Both have a mean variance of 1 per dimension."""

    components: PCA
    feature_scale: float
    colour_scale: float

    @classmethod
    def fit(cls, real: ModeDescriptors) -> Self:
        count = min(_COMPONENTS, len(real) - 1)
        components = PCA(count, svd_solver="randomized", random_state=0).fit(real.features)
        scales = components.explained_variance_.mean(), real.colours.var(axis=0).mean()
        return cls(components, *(float(np.sqrt(variance)) for variance in scales))

    def of(self, pictures: ModeDescriptors) -> Floats:
        features = self.components.transform(pictures.features) / self.feature_scale
        return np.hstack([features, pictures.colours / self.colour_scale])


def _held_out(real: ModeDescriptors, numbers: Indices) -> tuple[float, float]:
    """Cross-validation: the share of correctly classified pictures, and the `GATE` quantile of their distances."""
    predicted, distances = np.empty_like(numbers), np.empty(len(numbers))
    for rest, part in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(numbers, numbers):
        predicted[part], distances[part] = _Space.fit(real[rest], numbers[rest]).nearest(real[part])
    return float((predicted == numbers).mean()), float(np.quantile(distances, GATE))
