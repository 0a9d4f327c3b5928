"""The pictures of a dataset at a smaller size: what the first stage of large pictures learns from."""

from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.derived import derived
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError

# The smallest size, in pixels.
SMALLEST = 8


def reduced(data: Dataset, size: int | None) -> Dataset:
    """The dataset with its pictures reduced to `size` pixels, antialiased; unchanged for None or its own size.

    Raises:
        DataError: its pictures are smaller than that, or so small a size means nothing.
    """
    if size is None or size == data.size:
        return data
    if not SMALLEST <= size < data.size:
        raise DataError(
            f"size {size}: the pictures of {data.path} have {data.size} px; choose {SMALLEST} to {data.size}"
        )
    return derived(data, "reduced", size, lambda images: _resized(images, size))


def open_at(path: str | Path, size: int) -> Dataset:
    """Open the dataset directory that a run of this size has learnt from. Pictures larger than that are reduced.

    Raises:
        DataError: the dataset cannot be used.
    """
    data = Dataset.open(path)
    return reduced(data, size) if data.size > size else data


def _resized(images: Images, size: int) -> Images:
    import torch  # imported late: only datasets that are reduced need it

    from ganvas.foundation.pixels import resize

    resized: Images = resize(torch.from_numpy(images), size).numpy()
    return resized
