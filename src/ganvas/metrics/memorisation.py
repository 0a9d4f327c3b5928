"""Whether a generator repeats its training pictures: the share of copies, and how near its pictures come.

Copies are told by outlines (`ganvas.metrics.copies`). The nearness is told by the features of the scores' network: the
pictures of a generator that generalises are as far from the training pictures as unseen real pictures are.

The unseen real pictures are the held-back ones. If there are none, each training picture is compared with all others.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from ganvas.foundation.arrays import Features, Floats, Images, Indices
from ganvas.machine.threads import one_blas_thread
from ganvas.metrics.copies import CopyDetector
from ganvas.metrics.mann_whitney import probability_of_less
from ganvas.metrics.outlines import Outlines
from ganvas.metrics.precision_recall import distance_blocks


@dataclass(frozen=True)
class Memorisation:
    """How near generated pictures are to the training pictures.

    Attributes:
        closer: the probability that a generated picture is nearer to the training pictures, by features, than an unseen
            real one: 1/2 if there is no difference, 1 if all are copies.
        closer_se: its standard error.
        copies: share of generated pictures that are copies.
        copies_se: its standard error.
        real_copies: share of unseen real pictures that meet the criterion for copies.
        novelty: median feature distance of a generated picture to its nearest training picture, divided by that of an
            unseen real picture.
    """

    closer: float
    closer_se: float
    copies: float
    copies_se: float
    real_copies: float
    novelty: float


class Memory:
    """The training pictures, which a generator may have learned by heart.

    Args:
        training: features of training pictures, float32 [M, D].
        held_back: features of real pictures that were held back from training, float32 [K, D]; None without them.
        copies: the detector of copies.
    """

    def __init__(self, training: Features, held_back: Features | None, copies: CopyDetector) -> None:
        self._training, self._held_back, self._copies = training, held_back, copies

    @one_blas_thread()
    def memorisation(self, features: Features, small: Images) -> Memorisation:
        """Measure how near generated pictures are to the training pictures.

        Args:
            features: of the generated pictures, float32 [N, D].
            small: their thumbnails, uint8 [N, SIDE, SIDE, 3].
        """
        _, distances = nearest_by_features(features, self._training)
        closer, closer_se = probability_of_less(distances, self._unseen_distances)
        is_copy = self._copies.is_copy(self._copies.matches(Outlines.of(small)))
        return Memorisation(
            closer=closer,
            closer_se=closer_se,
            copies=float(is_copy.mean()),
            copies_se=math.sqrt(is_copy.mean() * (1 - is_copy.mean()) / len(is_copy)),
            real_copies=float(self._copies.is_copy(self._copies.unseen).mean()),
            novelty=float(np.median(distances) / max(np.median(self._unseen_distances), 1e-9)),
        )

    @functools.cached_property
    def _unseen_distances(self) -> Floats:
        """The feature distance of each unseen real picture to its nearest training picture, float64 [K]."""
        if self._held_back is None:
            return nearest_by_features(self._training, self._training, exclude_self=True)[1]
        return nearest_by_features(self._held_back, self._training)[1]


def nearest_by_features(
    pictures: Features, training: Features, *, exclude_self: bool = False
) -> tuple[Indices, Floats]:
    """Find the nearest training picture of each picture.

    Args:
        pictures: float32 [N, D].
        training: float32 [M, D].
        exclude_self: skip the picture itself. `pictures` and `training` are the same then.

    Returns:
        Its position, intp [N], and its Euclidean distance, float64 [N].
    """
    rows, distances = np.empty(len(pictures), np.intp), np.empty(len(pictures))
    for chosen, block in distance_blocks(pictures, training):
        if exclude_self:
            np.fill_diagonal(block[:, chosen.start :], np.inf)
        rows[chosen] = block.argmin(axis=1)
        distances[chosen] = block.min(axis=1)
    return rows, distances
