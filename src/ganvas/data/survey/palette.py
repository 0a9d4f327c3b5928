"""The dominant colours of pictures: K-means in CIELAB, where distances are about what an eye makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray
from PIL import Image, ImageCms
from threadpoolctl import threadpool_limits

Images = NDArray[np.uint8]
Numbers = NDArray[np.int64]

# Colours that are told apart, and the pixels, of so many pictures, that are asked.
COLOURS, PIXELS, PICTURES = 8, 12_000, 300

# Groups of pixels whose middles are nearer than this (Delta E of 1976) are one colour: two shades of a grain of paint.
ALIKE = 9.0


@dataclass(frozen=True)
class Colour:
    """A colour of a palette.

    Attributes:
        code: as #rrggbb; a colour that one of the pixels really has.
        share: of the pixels, above 0 and up to 1.
    """

    code: str
    share: float


def palette(images: Images, rows: Numbers, seed: Sequence[int], colours: int = COLOURS) -> tuple[Colour, ...]:
    """The dominant colours of some pictures, the commonest first.

    Args:
        images: uint8 [N, S, S, 3].
        rows: int64 [n], those to look at, rising; one or more.
        seed: of the choice of pixels, and of K-means.
        colours: at most so many.
    """
    pixels = _pixels(images, rows, np.random.default_rng(seed))
    known, counts = np.unique(pixels, axis=0, return_counts=True)
    lab = to_lab(known)
    labels = _groups(lab, counts, min(colours, len(known)), int(np.random.default_rng(seed).integers(2**31)))
    found = [_colour(known[members], lab[members], counts[members], len(pixels)) for members in _members(labels)]
    return tuple(sorted(found, key=lambda colour: (-colour.share, colour.code)))


def to_lab(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIELAB coordinates (D50) of sRGB colours, uint8 [n, 3], to the nearest whole number or, of L, to 0.4.

    Returns:
        float64 [n, 3]: L from 0 to 100, a and b from -128 to 127.
    """
    profiles = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    converted = ImageCms.profileToProfile(Image.fromarray(colours[None]), *profiles, outputMode="LAB")
    assert converted is not None  # None only comes of inPlace=True
    values = np.asarray(converted)[0]
    return np.column_stack([values[:, 0] / 2.55, values[:, 1:].view(np.int8)]).astype(np.float64)


def _pixels(images: Images, rows: Numbers, random: np.random.Generator) -> NDArray[np.uint8]:
    """Pixels from all over the pictures, as many of each, uint8 [n, 3]."""
    rows = np.sort(random.choice(rows, min(len(rows), PICTURES), replace=False))
    area = images.shape[1] * images.shape[2]
    each = min(area, -(-PIXELS // len(rows)))
    return np.concatenate([images[row].reshape(area, 3)[random.choice(area, each, replace=False)] for row in rows])


def _groups(lab: NDArray[np.float64], counts: Numbers, colours: int, seed: int) -> Numbers:
    """The group of each colour, int64 [n]: K-means, then those that are alike together."""
    if len(lab) == 1:
        return np.zeros(1, np.int64)
    # More than one thread would add up the centres in an order that differs from run to run. Colours that are equal
    # once they are rounded leave groups empty.
    with threadpool_limits(1):
        distinct = len(np.unique(lab, axis=0))
        means = sklearn.cluster.KMeans(min(colours, distinct), n_init=2, random_state=seed)
        labels: Numbers = means.fit_predict(lab, sample_weight=counts).astype(np.int64)
        if len(means.cluster_centers_) > 1:
            alike = sklearn.cluster.AgglomerativeClustering(n_clusters=None, distance_threshold=ALIKE)
            labels = alike.fit_predict(means.cluster_centers_)[labels].astype(np.int64)
    return labels


def _members(labels: Numbers) -> list[NDArray[np.bool_]]:
    return [labels == number for number in np.unique(labels)]


def _colour(known: NDArray[np.uint8], lab: NDArray[np.float64], counts: Numbers, total: int) -> Colour:
    middle = np.average(lab, axis=0, weights=counts)
    nearest = known[np.square(lab - middle).sum(axis=1).argmin()]
    return Colour("#" + bytes(nearest).hex(), float(counts.sum() / total))
