"""Prepare one item: read it, fit it to the frame, and hash it. Runs in worker processes."""

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
    """A picture as the dataset stores it.

    Attributes:
        views: uint8 [V, S, S, 3], the squares made from it.
        phashes: perceptual hash of each square, 64 bits in hexadecimal; those of near-duplicates differ in few bits.
        sha256: of the file's bytes in hexadecimal, or of the pixels where there is no file.
        content: hash of the decoded pixels, 128 bits in hexadecimal; the same for copies in any lossless format.
        width: of the upright original.
        height: of the upright original.
        stamp: the item's stamp before it was read.
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
    """An item that is left out: the reason, and what applies to this item alone."""

    reason: str
    detail: str = ""


def prepare_item(item: Item, frame: Frame) -> Prepared | LeftOut:
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
