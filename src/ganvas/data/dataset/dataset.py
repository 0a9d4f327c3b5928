"""The dataset: pictures of one size in a memory map, and a table that describes them."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganvas.data.dataset.checksums import require_whole_info
from ganvas.data.dataset.layout import IMAGES, INDEX, INFO, SPLITS, TRAIN, Info, map_images, read_info
from ganvas.data.dataset.table import Table
from ganvas.foundation.arrays import Images, Integers, evenly_spaced
from ganvas.foundation.errors import DataError, unknown
from ganvas.foundation.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Callable

    import datasets
    from torch import Tensor

    from ganvas.data.dataset.torch_view import TorchPictures


class Dataset:
    """A prepared dataset, opened without reading its pictures into memory.

    Attributes:
        path: the dataset directory.
        info: the content of `dataset.json`.
        images: uint8 [N, S, S, 3], a read-only memory map.
        table: the columns of the index, which are read when they are asked for.
    """

    def __init__(self, path: Path, info: Info, images: Images, index: "pd.DataFrame | Table") -> None:
        self.path, self.info, self.images = path, info, images
        self.table = index if isinstance(index, Table) else Table.of(index)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the dataset directory that `ganvas prepare` wrote.

        Raises:
            DataError: the directory does not exist, has another schema version, or has a file that is missing, cut
                short or changed.
        """
        path = user_path(path)
        info = read_info(path)
        images, index = map_images(path / IMAGES), Table.open(path / INDEX)
        expected = (info.count, info.size, info.size, 3)
        if images.shape != expected or images.dtype != np.uint8 or len(index) != info.count:
            raise DataError(
                f"{path} does not match its {INFO}: expected uint8 {expected}, found {images.dtype} "
                f"{images.shape} and {len(index)} index rows; prepare the dataset again"
            )
        for column in filter(None, [info.label_column, info.mode_column]):
            if column not in index.columns:
                raise DataError(
                    f"{path / INDEX} lacks the column {column!r} that {INFO} names; prepare the dataset again"
                )
        require_whole_info(path / INFO)  # last, because the checks above say more
        return cls(path, info, images, index)

    def __len__(self) -> int:
        return self.info.count

    @property
    def index(self) -> pd.DataFrame:
        """The table of pictures, with one row each, in the order of `images`.

        It is read as a whole when it is first asked for, with all names and hashes. `labels`, `rows` and `modes` read
        the columns that they need.

        Raises:
            DataError: it cannot be read.
        """
        return self.table.whole

    @property
    def size(self) -> int:
        """Height and width of every picture in pixels."""
        return self.info.size

    @property
    def fingerprint(self) -> str:
        """The sha256 that identifies this content."""
        return self.info.fingerprint

    @property
    def class_names(self) -> list[str]:
        """Class names in the order of the label numbers; empty for pictures without classes."""
        return self.info.class_names

    @functools.cached_property
    def labels(self) -> Integers | None:
        """int64 [N], the position of each picture's class in `class_names`; None without classes.

        Raises:
            DataError: the index holds a class that `dataset.json` does not name.
        """
        if self.info.label_column is None:
            return None
        numbers = {name: number for number, name in enumerate(self.class_names)}
        try:
            names = self.table.column(self.info.label_column).astype(str)
            return np.fromiter((numbers[name] for name in names), np.int64, len(names))
        except KeyError as error:
            unlisted = error.args[0]
            raise DataError(f"{self.path / INDEX} holds the class {unlisted!r}, which {INFO} does not name") from error

    def rows(self, split: str) -> Integers:
        """The rows of the pictures in "train", "validation" or "test", int64, in ascending order; may be empty.

        In a dataset without splits, all pictures are in "train". Models learn from these rows only.

        Raises:
            DataError: the split is not one of the three, or the index holds an unknown split.
        """
        if split not in SPLITS:
            raise DataError(unknown("split", split, SPLITS))
        return self._rows[split]

    def examples(self, split: str, most: int) -> Images:
        """At most `most` pictures of a split, evenly spaced over its rows; uint8 [N, S, S, 3].

        Raises:
            DataError: there is no such split, or the index holds one.
        """
        rows = self.rows(split)
        return self.images[rows[evenly_spaced(len(rows), most)]]

    @functools.cached_property
    def class_counts(self) -> Integers:
        """The number of training pictures of each class, int64 [C]; empty without classes."""
        if self.labels is None:
            return np.empty(0, np.int64)
        return np.bincount(self.labels[self.rows(TRAIN)], minlength=len(self.class_names))

    @property
    def class_shares(self) -> list[float]:
        """The share of each class among the training pictures, in the order of the class names."""
        total = int(self.class_counts.sum())
        return [int(count) / total for count in self.class_counts]

    @property
    def splits(self) -> dict[str, int]:
        """The number of pictures in "train", "validation" and "test".

        Raises:
            DataError: the index holds an unknown split.
        """
        return {split: len(self._rows[split]) for split in SPLITS}

    @functools.cached_property
    def _rows(self) -> dict[str, Integers]:
        if "split" not in self.table.columns:
            return {split: np.arange(len(self) if split == TRAIN else 0) for split in SPLITS}
        column = self.table.column("split")
        if len(invalid := column[~column.isin(SPLITS)]):
            raise DataError(
                f"{self.path / INDEX} holds the split {invalid.iloc[0]!r}; expected one of {', '.join(SPLITS)}"
            )
        return {split: np.flatnonzero(column == split) for split in SPLITS}

    @property
    def modes(self) -> NDArray[np.object_] | None:
        """The known mode of each picture [N], for painted data; None if modes are not known."""
        return None if self.info.mode_column is None else self.table.column(self.info.mode_column).to_numpy(object)

    def as_torch(
        self, split: str | None = TRAIN, transform: "Callable[[Tensor], Tensor] | None" = None
    ) -> "TorchPictures":
        """The pictures for a `DataLoader`: pairs of float32 [3, S, S] in [-1, 1] and a class number.

        Args:
            split: "train", "validation" or "test"; None for all pictures.
            transform: applied to every picture.

        Raises:
            DataError: the split is unknown.
        """
        from ganvas.data.dataset.torch_view import TorchPictures

        rows = self._selected(split)
        return TorchPictures(self.path / IMAGES, self.images, rows, self._labels_of(rows), self.class_names, transform)

    def to_hf(self, split: str | None = None, image: str = "image") -> "datasets.Dataset":
        """The pictures for the `datasets` library of Hugging Face, with the columns of the index.

        Args:
            split: "train", "validation" or "test"; None for all pictures.
            image: the name of the column of pictures.

        Raises:
            DataError: that library is not installed, the split holds no pictures, or the index has a column `image`.
        """
        from ganvas.data.dataset.hugging_face_view import to_hf

        rows = self._selected(split)
        if not len(rows):
            raise DataError(f"{self.path} has no pictures in its split {split!r}")
        return to_hf(
            self.path, self.info, rows, self.index.iloc[rows].reset_index(drop=True), self._labels_of(rows), image
        )

    def _selected(self, split: str | None) -> Integers:
        return np.arange(len(self)) if split is None else self.rows(split)

    def _labels_of(self, rows: Integers) -> Integers | None:
        return None if self.labels is None else self.labels[rows]
