"""Datasets whose pictures are made from those of another, once, and kept in the cache."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganvas.data.dataset.checksums import checksums_file
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import map_images
from ganvas.data.dataset.writing import ImagesFile
from ganvas.foundation.arrays import Images
from ganvas.foundation.cache import cache_path
from ganvas.foundation.errors import DataError
from ganvas.foundation.files import whole_file

# Pictures to make at a time, which bounds the memory.
CHUNK = 64
_ADVICE = "remove that file, and it is made again"


def derived(data: Dataset, name: str, size: int, make: Callable[[Images], Images], each: int = 1) -> Dataset:
    """A dataset with pictures made from those of another, with their classes and splits.

    Args:
        data: the other dataset.
        name: what is made of them, as a part of a file name.
        size: height and width of the new pictures in pixels.
        make: makes them from some pictures, uint8 [n, S, S, 3] -> [n * each, size, size, 3].
        each: new pictures for each picture.

    Raises:
        DataError: the pictures cannot be read.
        WriteError: there is no place to keep the new ones.
    """
    fingerprint = hashlib.sha256(f"{data.fingerprint} {name} {size}".encode()).hexdigest()
    file = cache_path(f"{name}-{size}-{fingerprint[:16]}.npy")
    shape = (len(data) * each, size, size, 3)
    images = _kept(file, shape)
    if images is None:
        _write(file, data, size, make)
        images = map_images(file, _ADVICE)
    index = data.index.loc[data.index.index.repeat(each)].reset_index(drop=True)
    info = data.info.model_copy(update={"size": size, "count": shape[0], "fingerprint": fingerprint})
    return Dataset(data.path, info, images, index)


def _kept(file: Path, shape: tuple[int, ...]) -> Images | None:
    """The pictures in a file of the cache; None if there is none, or one that is damaged."""
    try:
        images = map_images(file, _ADVICE)
    except DataError:
        return None
    return images if images.shape == shape and images.dtype == np.uint8 else None


def _write(file: Path, data: Dataset, size: int, make: Callable[[Images], Images]) -> None:
    with whole_file(file) as partial, partial.open("wb") as opened:
        images = ImagesFile(opened, size)
        for start in range(0, len(data), CHUNK):
            for picture in make(data.images[start : start + CHUNK]):
                images.append(picture)
        images.finish()
    with whole_file(checksums_file(file)) as partial:
        images.write_checksums(partial)
