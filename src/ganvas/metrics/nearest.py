"""The nearest pictures by pixels, searched exactly: every picture is compared at its full size.

The distance is L1, the sum of absolute differences over all pixels and colours, by which paper 3 looks for copies
(section 4, figure 9).
"""

import numpy as np

from ganvas.foundation.arrays import Images, Indices, Integers

# Bytes of pictures to compare at a time. They are read again for each query, so they should stay in a core's cache.
SLAB_BYTES = 2**19


def nearest_by_pixels(queries: Images, pictures: Images, rows: Integers | None = None) -> tuple[Indices, Integers]:
    """Find the nearest picture of each query.

    The cost is `len(queries) * len(rows) * H * W * 3` differences of bytes. Memory does not grow with the number of
    pictures, so they may be a memory map of any length. `docs/performance.md` has the time.

    Args:
        queries: uint8 [Q, H, W, 3].
        pictures: uint8 [N, H, W, 3], of the same height and width.
        rows: the pictures to search, int64 [M], at least one; None for all.

    Returns:
        The position of the nearest picture in `rows`, intp [Q], and its L1 distance, int64 [Q]. Of several at the same
        distance, the first counts.

    Raises:
        ValueError: there is nothing to search, or the sizes differ.
    """
    count = len(pictures) if rows is None else len(rows)
    if not count or queries.shape[1:] != pictures.shape[1:]:
        raise ValueError(f"cannot search {count} pictures of shape {pictures.shape[1:]} for {queries.shape[1:]}")
    flat = queries.reshape(len(queries), -1)
    nearest, smallest = np.zeros(len(flat), np.intp), np.full(len(flat), np.iinfo(np.int64).max)
    step = max(1, SLAB_BYTES // flat.shape[1])
    for start in range(0, count, step):
        chosen = slice(start, start + step)
        slab = np.asarray(pictures[chosen if rows is None else rows[chosen]])
        distances = _l1(flat, slab.reshape(len(slab), -1))
        best = distances.argmin(axis=1)
        least = np.take_along_axis(distances, best[:, None], axis=1)[:, 0]
        nearer = least < smallest
        nearest[nearer], smallest[nearer] = start + best[nearer], least[nearer]
    return nearest, smallest


def _l1(first: Images, second: Images) -> Integers:
    """L1 distances, int64 [n, m], of uint8 [n, P] and uint8 [m, P].

    |a - b| = 2 max(a, b) - a - b. The maximum of two bytes is a byte, so nothing is converted to a wider type but sums.
    """
    largest, buffer = np.empty((len(first), len(second)), np.int64), np.empty_like(second)
    for row, picture in enumerate(first):
        largest[row] = np.maximum(second, picture, out=buffer).sum(axis=1, dtype=np.uint32)
    sums = (values.sum(axis=1, dtype=np.int64) for values in (first, second))
    distances: Integers = 2 * largest - np.add.outer(*sums)
    return distances
