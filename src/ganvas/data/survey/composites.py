"""Many pictures as one: the mean of a class, and the means of the groups of alike pictures in it.

"Paint by GAN" (paper 5) averages its genres, styles and artists: "a terrible generator, and a telling picture", and
wishes for the second kind: K-means first, for there may be a sweet spot in how alike the averaged pictures are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

Images = NDArray[np.uint8]
Numbers = NDArray[np.int64]

# Groups of a class at most, and the pictures that there must be for each.
GROUPS, FOR_A_GROUP = 6, 8

# Pictures are compared at this size: their composition and colours, not their details.
SIDE = 16

_CHUNK_BYTES = 2**25


@dataclass(frozen=True)
class Composite:
    """The mean of some pictures.

    Attributes:
        picture: uint8 [S, S, 3].
        count: of how many pictures.
        typical: the row of the one that is most like the mean.
    """

    picture: Images
    count: int
    typical: int


def sampled(rows: Numbers, most: int, seed: Sequence[int]) -> Numbers:
    """All rows, or so many of them chosen at random, rising."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def mean_picture(images: Images, rows: Numbers) -> Images:
    """The mean of some pictures, to the nearest whole value.

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


def composites(images: Images, rows: Numbers, seed: Sequence[int]) -> tuple[Composite, ...]:
    """Group pictures by K-means, and average each group.

    Args:
        images: uint8 [N, S, S, 3].
        rows: int64 [n], those to group, rising.
        seed: of K-means.

    Returns:
        The means, of the largest group first; none for fewer pictures than two groups need.
    """
    count = min(GROUPS, len(rows) // FOR_A_GROUP)
    if count < 2:
        return ()
    points = _reduced(images, rows)
    count = min(count, len(np.unique(points, axis=0)))
    # More than one thread would add up the centres in an order that differs from run to run.
    with threadpool_limits(1):
        number = int(np.random.default_rng(seed).integers(2**31))
        means = sklearn.cluster.KMeans(count, n_init=4, random_state=number).fit(points)
    distances = np.square(points - means.cluster_centers_[means.labels_]).sum(axis=1)
    found = []
    for label in range(count):
        members = np.flatnonzero(means.labels_ == label)
        typical = int(rows[members[distances[members].argmin()]])
        found.append(Composite(mean_picture(images, rows[members]), len(members), typical))
    return tuple(sorted(found, key=lambda each: (-each.count, each.typical)))


def _reduced(images: Images, rows: Numbers) -> NDArray[np.float32]:
    """The pictures at `SIDE`, or at their own size if that is smaller, as points, float32 [n, D]."""
    size = min(images.shape[1], SIDE)
    small = [
        np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))
        for chunk in _chunks(images, rows)
        for image in chunk
    ]
    return np.stack(small).reshape(len(rows), -1).astype(np.float32)


def _chunks(images: Images, rows: Numbers) -> Iterator[Images]:
    """The pictures, some at a time."""
    step = max(1, _CHUNK_BYTES // images[0].nbytes)
    for start in range(0, len(rows), step):
        yield images[rows[start : start + step]]
