"""Mean pictures: the mean of a class, and the means of groups of similar pictures in it.

"Paint by GAN" (paper 5) averages its genres, styles and artists: "a terrible generator, and a telling picture". As
future work it proposes to group the pictures by K-means first, because there may be a sweet spot in how similar the
averaged pictures are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.cluster
from PIL import Image
from threadpoolctl import threadpool_limits

from ganvas.foundation.arrays import Features, Images, Integers

# The largest number of groups of a class, and the number of pictures required for each.
GROUPS, FOR_A_GROUP = 6, 8

# Pictures are compared at this size in pixels, by composition and colour rather than by detail.
SIDE = 16

_CHUNK_BYTES = 2**25


@dataclass(frozen=True)
class Composite:
    """The mean of some pictures.

    Attributes:
        picture: uint8 [S, S, 3].
        count: the number of pictures in the mean.
        typical: the row of the picture nearest to the mean.
    """

    picture: Images
    count: int
    typical: int


def sampled(rows: Integers, most: int, seed: Sequence[int]) -> Integers:
    """At most `most` of the rows, chosen at random, in ascending order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def mean_picture(images: Images, rows: Integers) -> Images:
    """The mean of some pictures, rounded to whole values.

    Args:
        images: uint8 [N, S, S, 3].
        rows: int64 [n], one or more.

    Returns:
        uint8 [S, S, 3].
    """
    total = np.zeros(images.shape[1:], np.uint64)
    for chunk in _chunks(images, rows):
        total += chunk.sum(axis=0, dtype=np.uint64)
    return np.rint(total / len(rows)).astype(np.uint8)


def composites(images: Images, rows: Integers, seed: Sequence[int]) -> tuple[Composite, ...]:
    """Group pictures by K-means, and average each group.

    Args:
        images: uint8 [N, S, S, 3].
        rows: int64 [n], the rows to group, ascending.
        seed: of K-means.

    Returns:
        The means, the largest group first; empty if there are too few pictures for two groups.
    """
    count = min(GROUPS, len(rows) // FOR_A_GROUP)
    if count < 2:
        return ()
    points = _reduced(images, rows)
    count = min(count, len(np.unique(points, axis=0)))
    # More than one thread would sum the centres in an order that differs from run to run.
    with threadpool_limits(1):
        number = int(np.random.default_rng(seed).integers(2**31))
        means = sklearn.cluster.KMeans(count, n_init=4, random_state=number).fit(points)
    distances = np.square(points - means.cluster_centers_[means.labels_]).sum(axis=1)
    groups = []
    for label in range(count):
        members = np.flatnonzero(means.labels_ == label)
        typical = int(rows[members[distances[members].argmin()]])
        groups.append(Composite(mean_picture(images, rows[members]), len(members), typical))
    return tuple(sorted(groups, key=lambda group: (-group.count, group.typical)))


def _reduced(images: Images, rows: Integers) -> Features:
    """The pictures reduced to `SIDE` (never enlarged) and flattened, float32 [n, D]."""
    size = min(images.shape[1], SIDE)
    small = [
        np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))
        for chunk in _chunks(images, rows)
        for image in chunk
    ]
    return np.stack(small).reshape(len(rows), -1).astype(np.float32)


def _chunks(images: Images, rows: Integers) -> Iterator[Images]:
    """The pictures, `_CHUNK_BYTES` at a time."""
    step = max(1, _CHUNK_BYTES // images[0].nbytes)
    for start in range(0, len(rows), step):
        yield images[rows[start : start + step]]
