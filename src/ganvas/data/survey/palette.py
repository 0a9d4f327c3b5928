"""The dominant colours of pictures: K-means in CIELAB, where distances are close to perceived differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.cluster
from PIL import Image, ImageCms
from threadpoolctl import threadpool_limits

from ganvas.foundation.arrays import Flags, Floats, Images, Integers

# The number of colours, and the number of pixels sampled, from at most this many pictures.
COLOURS, PIXELS, PICTURES = 8, 12_000, 300

# Clusters whose centres are closer than this (Delta E, CIE 1976) are merged: shades of one paint.
MERGE_DISTANCE = 9.0


@dataclass(frozen=True)
class Colour:
    """A colour of a palette.

    Attributes:
        code: #rrggbb, the colour of an actual pixel.
        share: the share of the pixels, above 0 and up to 1.
    """

    code: str
    share: float


def palette(images: Images, rows: Integers, seed: Sequence[int], colours: int = COLOURS) -> tuple[Colour, ...]:
    """The dominant colours of some pictures, the most common first.

    Args:
        images: uint8 [N, S, S, 3].
        rows: int64 [n], the rows of these pictures, ascending; at least one.
        seed: of the choice of pixels and of K-means.
        colours: the largest number of colours.
    """
    pixels = _pixels(images, rows, np.random.default_rng(seed))
    known, counts = np.unique(pixels, axis=0, return_counts=True)
    lab = to_lab(known)
    labels = _groups(lab, counts, min(colours, len(known)), int(np.random.default_rng(seed).integers(2**31)))
    merged = [_colour(known[members], lab[members], counts[members], len(pixels)) for members in _members(labels)]
    return tuple(sorted(merged, key=lambda colour: (-colour.share, colour.code)))


def to_lab(colours: Images) -> Floats:
    """CIELAB coordinates (D50) of sRGB colours, uint8 [n, 3]: a and b in steps of 1, L in steps of 0.4.

    Returns:
        float64 [n, 3]: L from 0 to 100, a and b from -128 to 127.
    """
    profiles = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    converted = ImageCms.profileToProfile(Image.fromarray(colours[None]), *profiles, outputMode="LAB")
    assert converted is not None  # it is None only with inPlace=True
    values = np.asarray(converted)[0]
    return np.column_stack([values[:, 0] / 2.55, values[:, 1:].view(np.int8)]).astype(np.float64)


def _pixels(images: Images, rows: Integers, random: np.random.Generator) -> Images:
    """Random pixels, equally many of each picture, uint8 [n, 3]."""
    rows = np.sort(random.choice(rows, min(len(rows), PICTURES), replace=False))
    area = images.shape[1] * images.shape[2]
    per_picture = min(area, -(-PIXELS // len(rows)))
    return np.concatenate(
        [images[row].reshape(area, 3)[random.choice(area, per_picture, replace=False)] for row in rows]
    )


def _groups(lab: Floats, counts: Integers, colours: int, seed: int) -> Integers:
    """The group of each colour, int64 [n]: clusters of K-means, of which close ones are merged."""
    if len(lab) == 1:
        return np.zeros(1, np.int64)
    # More than one thread would sum the centres in an order that differs from run to run. Colours that are equal
    # after rounding would leave clusters empty.
    with threadpool_limits(1):
        distinct = len(np.unique(lab, axis=0))
        means = sklearn.cluster.KMeans(min(colours, distinct), n_init=2, random_state=seed)
        labels: Integers = means.fit_predict(lab, sample_weight=counts).astype(np.int64)
        if len(means.cluster_centers_) > 1:
            merging = sklearn.cluster.AgglomerativeClustering(n_clusters=None, distance_threshold=MERGE_DISTANCE)
            labels = merging.fit_predict(means.cluster_centers_)[labels].astype(np.int64)
    return labels


def _members(labels: Integers) -> list[Flags]:
    return [labels == number for number in np.unique(labels)]


def _colour(known: Images, lab: Floats, counts: Integers, total: int) -> Colour:
    middle = np.average(lab, axis=0, weights=counts)
    nearest = known[np.square(lab - middle).sum(axis=1).argmin()]
    return Colour("#" + bytes(nearest).hex(), float(counts.sum() / total))
