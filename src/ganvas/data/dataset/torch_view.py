"""A dataset for torch's `DataLoader`: pairs of a picture and its class, read on demand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils import data as torch_data

from ganvas.data.dataset.layout import map_images
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.pixels import to_float

Pair: TypeAlias = tuple[Tensor, int]

# The label of a picture without a class. No loss function accepts it as a class.
NO_CLASS = -1


class TorchPictures(torch_data.Dataset[Pair]):
    """The pictures of a dataset, or of one of its splits, as pairs (picture, label).

    A picture is float32 [3, S, S] in [-1, 1]. Its label is the position of its class in `class_names`, or -1 without
    classes. Pictures are read on demand. Worker processes of a `DataLoader` get the path of the dataset, not its
    pictures.

    Attributes:
        rows: int64 [n], the rows of the dataset that these pictures are.
        labels: int64 [n], class numbers, or -1 without classes.
        class_names: the names of the class numbers; empty without classes.

    Args:
        file: the `images.npy` that holds all pictures.
        images: the same, uint8 [N, S, S, 3], opened as a memory map.
        rows: int64 [n], the rows to use.
        labels: int64 [n], the classes of these rows; None without classes.
        class_names: the names of the class numbers.
        transform: applied to every picture, for example to augment it.
    """

    def __init__(
        self,
        file: Path,
        images: Images,
        rows: Integers,
        labels: Integers | None,
        class_names: list[str],
        transform: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.rows, self.class_names = rows, class_names
        self.labels = np.full(len(rows), NO_CLASS) if labels is None else labels
        self._file, self._images, self._transform = file, images, transform

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Pair:
        return self.__getitems__([place])[0]

    def __getitems__(self, places: Sequence[int]) -> list[Pair]:
        """Several pairs at once; a `DataLoader` fetches batches this way."""
        floats = to_float(torch.from_numpy(self._images[self.rows[list(places)]]))
        pictures = floats if self._transform is None else map(self._transform, floats)
        return list(zip(pictures, self.labels[list(places)].tolist(), strict=True))

    def __getstate__(self) -> dict[str, object]:
        # A memory map would be sent to a worker with all its pictures.
        return {**self.__dict__, "_images": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._images = map_images(self._file)
