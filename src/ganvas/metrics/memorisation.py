"""Whether generated pictures are copies of training pictures.

For each generated picture, the nearest training picture is found in two ways: by the features of the scores' network,
and by pixels. The pixel distance is the mean absolute difference, as in paper 3, and also covers mirrored and shifted
copies. Features are almost the same for these. Pictures of a generator that generalises are as far from the training
pictures as unseen real pictures are. Copies are nearer.

The unseen real pictures are the held-back ones. If there are none, each training picture is compared with all others.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.foundation.arrays import Features, Flags, Floats, Images, Indices
from ganvas.foundation.pixels import resize
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.mann_whitney import probability_of_less
from ganvas.metrics.precision_recall import distance_blocks

# Height and width of the thumbnails that are compared. Shifts by up to one of their pixels count as copies.
SIDE = 32
SHIFTS = tuple(itertools.product((-1, 0, 1), repeat=2))
# The number of candidates that are compared pixel by pixel, and the size of the pictures that they are chosen by, which
# is so coarse that a shift does not matter.
_CANDIDATES, _COARSE = 4, 8

# A near copy is nearer to a training picture than these shares of the distance from that picture to its own nearest
# neighbour among the training pictures.
NEAR_PIXELS, NEAR_FEATURES = 0.5, 0.6
# Duplicates in the training pictures are at distance 0. At least this quantile of the distances counts.
_LEAST_QUANTILE = 0.1


@dataclass(frozen=True)
class Memorisation:
    """How near generated pictures are to the training pictures.

    Attributes:
        closer: the probability that a generated picture is nearer to the training pictures, by features, than an unseen
            real one: 1/2 if there is no difference, 1 if all are copies.
        closer_se: its standard error.
        pixel_closer: the same by pixels. Blurred pictures are near to all others by pixels, copies or not.
        copies: share of generated pictures that are near copies.
        copies_se: its standard error.
        real_copies: share of unseen real pictures that meet the criterion for near copies.
        novelty: median feature distance of a generated picture to its nearest training picture, divided by that of an
            unseen real picture.
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
    """The nearest training picture of each of N pictures.

    Attributes:
        by_features: its position among the training pictures, intp [N], and the distance, float64 [N].
        by_pixels: the same by pixels. Distances are in grey values, 0 to 255.
    """

    by_features: tuple[Indices, Floats]
    by_pixels: tuple[Indices, Floats]


@dataclass(frozen=True)
class CopyDescriptors:
    """The descriptors of N pictures that copies are found by.

    Attributes:
        features: float32 [N, D].
        thumbnails: uint8 [N, SIDE, SIDE, 3].
    """

    features: Features
    thumbnails: Images

    def __len__(self) -> int:
        return len(self.features)


def thumbnails(images: Images) -> Images:
    """Reduce pictures, uint8 [N, H, W, 3], to uint8 [N, SIDE, SIDE, 3]."""
    return resize(torch.from_numpy(np.ascontiguousarray(images)), SIDE).numpy()


class CopyDetector:
    """Finds near copies of training pictures.

    Args:
        training: the training pictures.
        held_back: real pictures that were held back from training; None if there are none.
    """

    def __init__(self, training: CopyDescriptors, held_back: CopyDescriptors | None = None) -> None:
        self.training, self._held_back = training, held_back

    def nearest(self, pictures: CopyDescriptors) -> Nearest:
        """The nearest training picture of each picture."""
        return self._nearest(pictures)

    @one_blas_thread()
    def memorisation(self, pictures: CopyDescriptors) -> Memorisation:
        """Measure how near generated pictures are to the training pictures."""
        nearest, unseen = self.nearest(pictures), self._unseen
        closer, closer_se = probability_of_less(nearest.by_features[1], unseen.by_features[1])
        is_copy = self.near_copies(nearest)
        return Memorisation(
            closer=closer,
            closer_se=closer_se,
            pixel_closer=probability_of_less(nearest.by_pixels[1], unseen.by_pixels[1])[0],
            copies=float(is_copy.mean()),
            copies_se=math.sqrt(is_copy.mean() * (1 - is_copy.mean()) / len(is_copy)),
            real_copies=float(self.near_copies(unseen).mean()),
            novelty=float(np.median(nearest.by_features[1]) / max(np.median(unseen.by_features[1]), 1e-9)),
        )

    def near_copies(self, nearest: Nearest) -> Flags:
        """Which pictures are near copies, bool [N].

        Args:
            nearest: their nearest training pictures.
        """
        (feature_rows, feature_distances), (pixel_rows, pixel_distances) = nearest.by_features, nearest.by_pixels
        features, pixels = self._neighbour_distances
        return (feature_distances < NEAR_FEATURES * features[feature_rows]) & (
            pixel_distances < NEAR_PIXELS * pixels[pixel_rows]
        )

    @functools.cached_property
    def _training_neighbours(self) -> Nearest:
        """The nearest other training picture of each training picture."""
        return self._nearest(self.training, exclude_self=True)

    @functools.cached_property
    def _neighbour_distances(self) -> tuple[Floats, Floats]:
        """The distance of each training picture to its nearest neighbour, by features and by pixels, float64 [M]."""
        neighbours = self._training_neighbours
        features, pixels = (
            np.maximum(distances, np.quantile(distances, _LEAST_QUANTILE))
            for _, distances in (neighbours.by_features, neighbours.by_pixels)
        )
        return features, pixels

    @functools.cached_property
    def _unseen(self) -> Nearest:
        return self._training_neighbours if self._held_back is None else self.nearest(self._held_back)

    def _nearest(self, pictures: CopyDescriptors, *, exclude_self: bool = False) -> Nearest:
        """The nearest training pictures. With `exclude_self`, `pictures` are the training pictures themselves."""
        features = _smallest(distance_blocks(pictures.features, self.training.features), 1, exclude_self)
        coarse = distance_blocks(_coarse(pictures.thumbnails), self._coarse_training)
        candidates, _ = _smallest((_nearer_of_mirrored(*block) for block in coarse), _CANDIDATES, exclude_self)
        differences = np.stack([self._differences(pictures.thumbnails, rows) for rows in candidates.T], axis=1)
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
        """The training pictures, followed by their mirror images, float32 [2M, P]."""
        images = self.training.thumbnails
        return _coarse(np.concatenate([images, images[:, :, ::-1]]))

    def _differences(self, pictures: Images, rows: Indices) -> Floats:
        """The mean absolute difference of each picture from one training picture: the smallest over all transforms."""
        originals, best = self.training.thumbnails[rows].astype(np.int16), np.full(len(pictures), np.inf)
        signed = pictures.astype(np.int16)
        for original in (originals, originals[:, :, ::-1]):
            for down, right in SHIFTS:
                difference = np.abs(_shifted(signed, down, right) - _shifted(original, -down, -right))
                best = np.minimum(best, difference.mean(axis=(1, 2, 3)))
        return best


def _smallest(blocks: Iterator[tuple[slice, Floats]], count: int, exclude_self: bool) -> tuple[Indices, Floats]:
    """The `count` smallest distances of each row in ascending order: their columns and values, [n, count] each.

    Args:
        blocks: a distance matrix in blocks of rows.
        count: how many distances to return.
        exclude_self: skip the diagonal.
    """
    columns, distances = [], []
    for rows, block in blocks:
        if exclude_self:
            np.fill_diagonal(block[:, rows.start :], np.inf)
        few = min(count, block.shape[1] - exclude_self)
        nearest = np.argpartition(block, few - 1, axis=1)[:, :few]
        nearest = np.take_along_axis(nearest, np.take_along_axis(block, nearest, axis=1).argsort(axis=1), axis=1)
        columns.append(nearest)
        distances.append(np.take_along_axis(block, nearest, axis=1))
    return np.concatenate(columns), np.concatenate(distances)


def _nearer_of_mirrored(rows: slice, block: Floats) -> tuple[slice, Floats]:
    """Distances [n, 2M] to originals and mirror images, reduced to the smaller of both [n, M]."""
    originals, mirrored = np.split(block, 2, axis=1)
    return rows, np.minimum(originals, mirrored)


def _coarse(images: Images) -> Features:
    cell = SIDE // _COARSE
    cells = images.reshape(len(images), _COARSE, cell, _COARSE, cell, 3)
    means: Features = cells.mean(axis=(2, 4), dtype=np.float32).reshape(len(images), -1)
    return means


def _shifted(images: NDArray[np.int16], down: int, right: int) -> NDArray[np.int16]:
    """Crop pictures to what a shift leaves in view. Two pictures that are shifted in opposite directions match."""
    height, width = images.shape[1:3]
    return images[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
