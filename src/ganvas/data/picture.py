"""What happens to one item on its way into a dataset: read, fit, fingerprint. Runs in worker processes."""

from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.decode import Rejected
from ganvas.data.fit import Frame, place
from ganvas.data.sources import Item


@dataclass(frozen=True)
class Prepared:
    """A picture as the dataset keeps it.

    Attributes:
        pixels: uint8 [S, S, 3].
        sha256: of the file's bytes (of the pixels where there is no file), in hexadecimal.
        phash: perceptual hash of `pixels`, 64 bits in hexadecimal; near-duplicates differ in few of them.
        width: of the upright original.
        height: of the upright original.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    phash: str
    width: int
    height: int


def make(item: Item, frame: Frame) -> Prepared | str:
    """Prepare one picture.

    Returns:
        The picture, or the reason it is left out.
    """
    try:
        picture = item.read(frame)
    except Rejected as rejected:
        return rejected.reason
    pixels = place(picture.pixels, frame)
    phash = str(imagehash.phash(Image.fromarray(pixels)))
    return Prepared(pixels, picture.sha256, phash, picture.width, picture.height)
