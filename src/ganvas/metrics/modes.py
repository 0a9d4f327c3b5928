"""Counting which known modes a generator has learnt: mode collapse as a plain number.

Painted datasets say of each picture which of a few dozen modes it is, a subject in a palette. A classifier fitted
to the real pictures names the mode of a generated one, and a gate keeps out what is no picture of any mode.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold

from ganvas.machine.threads import one_blas_thread

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

# Modes are counted only where held-out real pictures are named right this often.
MIN_ACCURACY = 0.95

# A mode's real pictures are split into this many parts, each held out once; it needs at least one for each.
FOLDS = 5

# A generated picture is no picture of its mode if it is further from the mode's centre than this share of held-out
# real pictures are from the centre nearest to them.
GATE = 0.99

# A mode is covered if it gets this share of the pictures it would get if modes were as frequent as in the dataset.
# At least one picture must; the rest of the rule keeps the few per cent of pictures that are named wrong, or pass
# the gate between two modes, from adding up to modes that are not there.
SHARE = 0.25

_COMPONENTS = 64
_SHADES = 4


@dataclass(frozen=True)
class Descriptors:
    """What tells modes apart in a set of pictures.

    Attributes:
        features: float32 [N, D] of a feature network, which shows what is painted but is nearly blind to colour.
        colours: float32 [N, 64] of `colours`, which make up for that.
    """

    features: NDArray[np.float32]
    colours: NDArray[np.float32]

    def __getitem__(self, rows: Numbers) -> "Descriptors":
        return Descriptors(self.features[rows], self.colours[rows])

    def __len__(self) -> int:
        return len(self.features)


def colours(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The square roots of the shares of 4 x 4 x 4 ranges of red, green and blue (the Hellinger map).

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
    """Names the modes of pictures and counts those that a set of them covers.

    Pictures lie in the space of linear discriminants: of the principal components of their features and their
    colours, those directions that separate the modes best, in units of the spread within a mode. The centre nearest
    to a picture there is its mode.

    Attributes:
        names: the modes, sorted.
        accuracy: share of real pictures whose mode was named right while they were held out.
    """

    @one_blas_thread()
    def __init__(self, real: Descriptors, modes: NDArray[np.object_]) -> None:
        """Learn the modes of real pictures.

        Args:
            real: what they look like.
            modes: the name of each one's mode [N]; at least two modes, at least `FOLDS` pictures of each.
        """
        names, numbers = np.unique(modes.astype(str), return_inverse=True)
        self.names: list[str] = names.tolist()
        self._shares = np.bincount(numbers) / len(numbers)
        self.accuracy, self._reach = _held_out(real, numbers)
        self._space = _Space.fit(real, numbers)

    @property
    def total(self) -> int:
        """How many modes there are."""
        return len(self.names)

    def counts(self, pictures: Descriptors) -> dict[str, int]:
        """How many of the pictures are of each mode; what is of none is left out."""
        numbers, distances = self._space.nearest(pictures)
        counts = np.bincount(numbers[distances <= self._reach], minlength=self.total)
        return dict(zip(self.names, counts.tolist(), strict=True))

    def covered(self, pictures: Descriptors) -> int:
        """How many modes the pictures cover: those with at least `SHARE` of the pictures they should have."""
        counts = np.array(list(self.counts(pictures).values()))
        enough = np.maximum(1.0, SHARE * self._shares * len(pictures))
        return int((counts >= enough).sum())


def mode_counter(real: Descriptors, modes: NDArray[np.object_]) -> ModeCounter | None:
    """A counter for the modes of real pictures, or None where there are too few pictures to be sure of them.

    That is with fewer than `FOLDS` pictures of some mode, with a single mode, and where the counter would name more
    than one held-out real picture in twenty wrong.
    """
    _, sizes = np.unique(modes.astype(str), return_counts=True)
    if len(sizes) < 2 or sizes.min() < FOLDS:
        return None
    counter = ModeCounter(real, modes)
    return counter if counter.accuracy >= MIN_ACCURACY else None


@dataclass(frozen=True)
class _Space:
    """The space in which modes are compact and apart."""

    traits: "_Traits"
    discriminants: LinearDiscriminantAnalysis
    centres: Floats

    @classmethod
    def fit(cls, real: Descriptors, numbers: Numbers) -> Self:
        """Find the space for real pictures of known mode, numbered from 0."""
        traits = _Traits.fit(real)
        # Ledoit and Wolf's shrinkage makes the covariance usable with fewer pictures a mode than dimensions.
        discriminants = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
        places = discriminants.fit(traits.of(real), numbers).transform(traits.of(real))
        centres = np.stack([places[numbers == mode].mean(axis=0) for mode in range(numbers.max() + 1)])
        return cls(traits, discriminants, centres)

    def nearest(self, pictures: Descriptors) -> tuple[Numbers, Floats]:
        """The number of the mode whose centre is nearest to each picture, and how far away it is."""
        places = self.discriminants.transform(self.traits.of(pictures))
        distances = np.linalg.norm(places[:, None] - self.centres, axis=2)
        return distances.argmin(axis=1), distances.min(axis=1)


@dataclass(frozen=True)
class _Traits:
    """Principal components of the features, and the colours, each block scaled to a variance of 1 a dimension."""

    components: PCA
    feature_scale: float
    colour_scale: float

    @classmethod
    def fit(cls, real: Descriptors) -> Self:
        count = min(_COMPONENTS, len(real) - 1)
        components = PCA(count, svd_solver="randomized", random_state=0).fit(real.features)
        scales = components.explained_variance_.mean(), real.colours.var(axis=0).mean()
        return cls(components, *(float(np.sqrt(variance)) for variance in scales))

    def of(self, pictures: Descriptors) -> Floats:
        features = self.components.transform(pictures.features) / self.feature_scale
        return np.hstack([features, pictures.colours / self.colour_scale])


def _held_out(real: Descriptors, numbers: Numbers) -> tuple[float, float]:
    """How often real pictures that a space was not fitted to are named right, and how far from a centre they lie."""
    named, distances = np.empty_like(numbers), np.empty(len(numbers))
    for rest, part in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(numbers, numbers):
        named[part], distances[part] = _Space.fit(real[rest], numbers[rest]).nearest(real[part])
    return float((named == numbers).mean()), float(np.quantile(distances, GATE))
