"""Alterations of pictures that leave a copy a copy to the eye, by amounts that are drawn at random from a range."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ganvas.foundation.arrays import Floats, Images
from ganvas.metrics.outlines import ground_of

Alteration = Callable[[Images, np.random.Generator], Images]

# Lengths are given for this height and width, and scale with the picture.
_SIDE = 32


def brightness(picture: Images, random: np.random.Generator) -> Images:
    """Lighter or darker by 25 to 60 grey values."""
    return _bytes(picture + random.choice([-1, 1]) * random.uniform(25, 60))


def contrast(picture: Images, random: np.random.Generator) -> Images:
    """Contrast times 0.4 to 0.7, or 1.3 to 1.7, about the mean."""
    factor = random.uniform(0.4, 0.7) if random.random() < 0.5 else random.uniform(1.3, 1.7)
    return _bytes((picture - picture.mean()) * factor + picture.mean())


def colour(picture: Images, random: np.random.Generator) -> Images:
    """A colour cast: each channel times 0.65 to 1.35."""
    return _bytes(picture * random.uniform(0.65, 1.35, 3))


def ground(picture: Images, random: np.random.Generator) -> Images:
    """A flat ground in another tone, at least 60 grey values away. For pictures with `has_flat_ground`."""
    is_ground = ground_of(picture)
    before = np.median(picture[is_ground], axis=0)
    after = before
    while np.abs(after - before).max() < 60:
        after = random.integers(0, 256, 3).astype(np.float64)
    share = ndimage.gaussian_filter(is_ground.astype(np.float64), 0.5)[..., None]
    return _bytes(picture * (1 - share) + after * share)


def blur(picture: Images, random: np.random.Generator) -> Images:
    """A Gaussian blur with a standard deviation of 0.6 to 1.2 pixels of 32."""
    deviation = random.uniform(0.6, 1.2) * len(picture) / _SIDE
    return _bytes(ndimage.gaussian_filter(picture.astype(np.float64), (deviation, deviation, 0)))


def noise(picture: Images, random: np.random.Generator) -> Images:
    """Normal noise of 5 to 20 grey values in each channel of each pixel."""
    return _bytes(picture + random.normal(0, random.uniform(5, 20), picture.shape))


def mirror(picture: Images, random: np.random.Generator) -> Images:
    """The mirror image."""
    return picture[:, ::-1]


def shift(picture: Images, random: np.random.Generator) -> Images:
    """Moved by up to two pixels of 32 down or up, and to a side. Edges repeat."""
    most = max(1, round(2 * len(picture) / _SIDE))
    down, right = random.integers(0, 2 * most + 1, 2)
    padded = np.pad(picture, ((most, most), (most, most), (0, 0)), mode="edge")
    return padded[down : down + len(picture), right : right + len(picture)]


def several(picture: Images, random: np.random.Generator) -> Images:
    """Half of them mirrored; all moved, tinted, of another contrast and noisy; half of them blurred."""
    altered = mirror(picture, random) if random.random() < 0.5 else picture
    altered = contrast(colour(shift(altered, random), random), random)
    return noise(blur(altered, random) if random.random() < 0.5 else altered, random)


ALTERATIONS: dict[str, Alteration] = {
    "brightness": brightness,
    "contrast": contrast,
    "colour": colour,
    "ground": ground,
    "blur": blur,
    "noise": noise,
    "mirror": mirror,
    "shift": shift,
    "several": several,
}


def has_flat_ground(picture: Images) -> bool:
    """Whether a picture is a figure on a flat ground, which covers between 15 % and 75 % of it."""
    is_ground = ground_of(picture)
    return bool(0.15 <= is_ground.mean() <= 0.75 and picture[is_ground].std(axis=0).max() <= 8)


def blend(first: Images, second: Images, share: float) -> Images:
    """`share` of the first picture, and the rest of the second."""
    return _bytes(share * first.astype(np.float64) + (1 - share) * second)


def _bytes(values: Floats) -> Images:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
