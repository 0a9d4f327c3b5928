"""Whether generated pictures are copies of training pictures.

Each generated picture is held against its nearest training picture twice: by pixels (the mean absolute difference,
as paper 3 did, mirrored and shifted copies included) and by the features of the scores' network, which are nearly the
same for a mirrored or shifted picture. A generator that
has learnt what the pictures have in common paints pictures that are no nearer to the training pictures than real
ones it has never seen; one that copies paints nearer ones.

Where nothing was held back, each training picture stands for an unseen one, held against all the others.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.foundation.pixels import resize
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.manifold import distance_blocks
from ganvas.metrics.ranks import probability_of_less

Images = NDArray[np.uint8]
Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

# Pictures are compared at this size. Shifts by up to one pixel of it, a thirty-second of the side, count as copies.
SIDE = 32
SHIFTS = tuple(itertools.product((-1, 0, 1), repeat=2))
# So many are looked at closely, found nearest by a view so coarse that no such shift changes it.
_CANDIDATES, _COARSE = 4, 8

# A picture is a near copy if by pixels and by features it is this much nearer to a training picture than that one's
# own nearest neighbour among the training pictures is.
NEAR_PIXELS, NEAR_FEATURES = 0.5, 0.6
# Where training pictures have duplicates their neighbours are at no distance at all; at least this quantile counts.
_LEAST_QUANTILE = 0.1


@dataclass(frozen=True)
class Memorisation:
    """How near generated pictures come to the training pictures.

    Attributes:
        closer: probability that a generated picture is nearer to the training pictures, by features, than an unseen
            real one: 1/2 where there is no difference, 1 where all are copies.
        closer_se: its standard error.
        pixel_closer: the same by pixels. Blurred pictures are near to everything by pixels, copies or not.
        copies: share of generated pictures that are near copies.
        copies_se: its standard error.
        real_copies: share of unseen real pictures that would pass for near copies.
        novelty: median distance by features of a generated picture from its nearest training picture, over that of
            an unseen real one.
    """

    closer: float
    closer_se: float
    pixel_closer: float
    copies: float
    copies_se: float
    real_copies: float
    novelty: float


@dataclass(frozen=True)
class Nearest:
    """The nearest training picture of each of a set of pictures.

    Attributes:
        by_features: its number, intp [N], and distance, float64 [N].
        by_pixels: the same by pixels; distances in grey values, 0 to 255.
    """

    by_features: tuple[Numbers, Floats]
    by_pixels: tuple[Numbers, Floats]


@dataclass(frozen=True)
class Looks:
    """A set of pictures as they are compared here.

    Attributes:
        features: float32 [N, D].
        small: uint8 [N, SIDE, SIDE, 3], by `small`.
    """

    features: Features
    small: Images

    def __len__(self) -> int:
        return len(self.features)


def small(images: Images) -> Images:
    """Pictures, uint8 [N, H, W, 3], at the size they are compared at."""
    return resize(torch.from_numpy(np.ascontiguousarray(images)), SIDE).numpy()


class Memory:
    """The training pictures, and what distance from them is nothing out of the ordinary.

    Args:
        training: the training pictures.
        held_back: real pictures that were not trained on; None where there are none.
    """

    def __init__(self, training: Looks, held_back: Looks | None = None) -> None:
        self.training, self._held_back = training, held_back

    def nearest(self, pictures: Looks) -> Nearest:
        """The nearest training picture of each."""
        return self._nearest(pictures)

    @one_blas_thread()
    def memorisation(self, pictures: Looks) -> Memorisation:
        """How near generated pictures come."""
        found, unseen = self.nearest(pictures), self._unseen
        closer, closer_se = probability_of_less(found.by_features[1], unseen.by_features[1])
        copied = self.copied(found)
        return Memorisation(
            closer=closer,
            closer_se=closer_se,
            pixel_closer=probability_of_less(found.by_pixels[1], unseen.by_pixels[1])[0],
            copies=float(copied.mean()),
            copies_se=math.sqrt(copied.mean() * (1 - copied.mean()) / len(copied)),
            real_copies=float(self.copied(unseen).mean()),
            novelty=float(np.median(found.by_features[1]) / max(np.median(unseen.by_features[1]), 1e-9)),
        )

    def copied(self, found: Nearest) -> NDArray[np.bool_]:
        """Which of a set of pictures are near copies, bool [N]."""
        (feature, feature_distance), (pixel, pixel_distance) = found.by_features, found.by_pixels
        features, pixels = self._surroundings
        return (feature_distance < NEAR_FEATURES * features[feature]) & (pixel_distance < NEAR_PIXELS * pixels[pixel])

    @functools.cached_property
    def _apart(self) -> Nearest:
        """The nearest other training picture of each."""
        return self._nearest(self.training, themselves=True)

    @functools.cached_property
    def _surroundings(self) -> tuple[Floats, Floats]:
        """How far away each training picture's nearest neighbour is, by features and by pixels, float64 [M]."""
        apart = self._apart
        features, pixels = (
            np.maximum(distances, np.quantile(distances, _LEAST_QUANTILE))
            for _, distances in (apart.by_features, apart.by_pixels)
        )
        return features, pixels

    @functools.cached_property
    def _unseen(self) -> Nearest:
        return self._apart if self._held_back is None else self.nearest(self._held_back)

    def _nearest(self, pictures: Looks, *, themselves: bool = False) -> Nearest:
        """The nearest training pictures; of the training pictures themselves, the nearest other one."""
        features = _smallest(distance_blocks(pictures.features, self.training.features), 1, themselves)
        coarse = distance_blocks(_coarse(pictures.small), self._coarse_training)
        candidates, _ = _smallest((_either_way(*block) for block in coarse), _CANDIDATES, themselves)
        differences = np.stack([self._differences(pictures.small, rows) for rows in candidates.T], axis=1)
        best = differences.argmin(axis=1)[:, None]
        return Nearest(
            by_features=(features[0][:, 0], features[1][:, 0]),
            by_pixels=(
                np.take_along_axis(candidates, best, axis=1)[:, 0],
                np.take_along_axis(differences, best, axis=1)[:, 0],
            ),
        )

    @functools.cached_property
    def _coarse_training(self) -> Features:
        """The training pictures, then their mirror images, float32 [2M, P]."""
        images = self.training.small
        return _coarse(np.concatenate([images, images[:, :, ::-1]]))

    def _differences(self, pictures: Images, rows: Numbers) -> Floats:
        """Mean absolute difference of each picture from one training picture, mirrored or shifted as fits it best."""
        originals, best = self.training.small[rows].astype(np.int16), np.full(len(pictures), np.inf)
        shown = pictures.astype(np.int16)
        for original in (originals, originals[:, :, ::-1]):
            for down, right in SHIFTS:
                apart = np.abs(_shifted(shown, down, right) - _shifted(original, -down, -right))
                best = np.minimum(best, apart.mean(axis=(1, 2, 3)))
        return best


def _smallest(blocks: Iterator[tuple[slice, Floats]], count: int, themselves: bool) -> tuple[NDArray[np.intp], Floats]:
    """The columns [n, count] of each row's smallest distances, smallest first, and these.

    `themselves` leaves out the diagonal.
    """
    columns, distances = [], []
    for rows, block in blocks:
        if themselves:
            np.fill_diagonal(block[:, rows.start :], np.inf)
        few = min(count, block.shape[1] - themselves)
        found = np.argpartition(block, few - 1, axis=1)[:, :few]
        found = np.take_along_axis(found, np.take_along_axis(block, found, axis=1).argsort(axis=1), axis=1)
        columns.append(found)
        distances.append(np.take_along_axis(block, found, axis=1))
    return np.concatenate(columns), np.concatenate(distances)


def _either_way(rows: slice, block: Floats) -> tuple[slice, Floats]:
    """Distances [n, 2M] from originals and mirror images as distances [n, M] from the nearer of the two."""
    originals, mirrored = np.split(block, 2, axis=1)
    return rows, np.minimum(originals, mirrored)


def _coarse(images: Images) -> Features:
    cell = SIDE // _COARSE
    cells = images.reshape(len(images), _COARSE, cell, _COARSE, cell, 3)
    means: Features = cells.mean(axis=(2, 4), dtype=np.float32).reshape(len(images), -1)
    return means


def _shifted(images: NDArray[np.int16], down: int, right: int) -> NDArray[np.int16]:
    """What is left of pictures when they are moved; two that are moved in opposite directions match."""
    height, width = images.shape[1:3]
    return images[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
