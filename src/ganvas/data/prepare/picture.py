"""What happens to one item on its way into a dataset: read, fit, fingerprint. Runs in worker processes."""

import hashlib
from dataclasses import dataclass

import imagehash
import numpy as np
from PIL import Image

from ganvas.data.pictures.fit import views
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources import Item
from ganvas.foundation.arrays import Images


@dataclass(frozen=True)
class Prepared:
    """A picture as the dataset keeps it.

    Attributes:
        views: uint8 [V, S, S, 3], the squares that became of it.
        phashes: perceptual hash of each, 64 bits in hexadecimal; near-duplicates differ in few of them.
        sha256: of the file's bytes (of the pixels where there is no file), in hexadecimal.
        content: of the decoded pixels, 128 bits in hexadecimal; the same for copies in any lossless coding.
        width: of the upright original.
        height: of the upright original.
        stamp: the item's, from before it was read.
    """

    views: Images
    phashes: list[str]
    sha256: str
    content: str
    width: int
    height: int
    stamp: str


@dataclass(frozen=True)
class LeftOut:
    """An item that is no picture: the reason, and what is to be said of it alone."""

    reason: str
    detail: str = ""


def make(item: Item, frame: Frame) -> Prepared | LeftOut:
    """Prepare one picture.

    Returns:
        The picture, or why it is left out.
    """
    stamp = item.stamp
    try:
        picture = item.read(frame)
    except Rejected as rejected:
        return LeftOut(rejected.reason, rejected.detail)
    squares = views(picture.pixels, frame)
    phashes = [str(imagehash.phash(Image.fromarray(square))) for square in squares]
    shape = repr(picture.pixels.shape).encode()
    content = hashlib.blake2b(np.ascontiguousarray(picture.pixels).data, digest_size=16, key=shape).hexdigest()
    return Prepared(squares, phashes, picture.sha256, content, picture.width, picture.height, stamp)
