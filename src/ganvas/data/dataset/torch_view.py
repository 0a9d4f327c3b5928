"""A dataset as torch's loaders read it: pairs of a picture and its class, fetched when they are asked for."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils import data as torch_data

from ganvas.data.dataset.dataset import TRAIN, Dataset
from ganvas.foundation.pixels import to_float

Pair: TypeAlias = tuple[Tensor, int]

# The label of a picture without a class; a class that no loss function would take for one.
NO_CLASS = -1


class TorchPictures(torch_data.Dataset[Pair]):
    """The pictures of a dataset, or of one of its splits, as pairs (picture, label).

    A picture is float32 [3, S, S] in [-1, 1]; its label is the place of its class in `class_names`, or -1 for pictures
    without classes. Pictures are read from the memory map when they are asked for. Worker processes of a `DataLoader`
    get the path of the dataset, not its pictures.

    Attributes:
        rows: int64 [n], which pictures of the dataset these are.
        labels: int64 [n].
        class_names: of the labels; empty without classes.

    Args:
        data: the dataset.
        split: "train", "validation" or "test"; None for all pictures.
        transform: applied to every picture, for example to augment it.

    Raises:
        DataError: there is no such split.
    """

    def __init__(
        self, data: Dataset, split: str | None = TRAIN, transform: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        self.rows: NDArray[np.int64] = np.arange(len(data)) if split is None else data.rows(split)
        self.labels = np.full(len(data), NO_CLASS)[self.rows] if data.labels is None else data.labels[self.rows]
        self.class_names = data.class_names
        self._path, self._images, self._transform = data.path, data.images, transform

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Pair:
        return self.__getitems__([place])[0]

    def __getitems__(self, places: Sequence[int]) -> list[Pair]:
        """Several pairs at once, which is how a `DataLoader` asks for a batch."""
        floats = to_float(torch.from_numpy(self._images[self.rows[list(places)]]))
        pictures = floats if self._transform is None else map(self._transform, floats)
        return list(zip(pictures, self.labels[list(places)].tolist(), strict=True))

    def __getstate__(self) -> dict[str, Any]:
        # A memory map would be sent to a worker with all that it maps.
        return {**self.__dict__, "_images": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._images = Dataset.open(self._path).images
