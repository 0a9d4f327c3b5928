"""Real pictures for the trainer: shuffled, endless and prefetched.

The pictures of a batch depend only on the seed and the position. So a resumed run, which knows its position, sees the
same pictures as an uninterrupted one, whatever was prefetched before it stopped.
"""

import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.distributed.part import Part
from ganvas.foundation.errors import DataError

# Number of prefetched batches: enough to hide slow reads, and few enough to use little memory.
DEPTH = 3


class Order:
    """An endless order of pictures. Each epoch is a permutation that depends on the seed and its number.

    Args:
        size: number of pictures.
        seed: of the order.
        streams: numbers that distinguish orders of the same seed.
    """

    def __init__(self, size: int, seed: int, *streams: int) -> None:
        self._size, self._seeds = size, (seed, *streams)
        self._epoch, self._permutation = -1, np.empty(0, dtype=np.int64)

    def indices(self, position: int, count: int) -> NDArray[np.int64]:
        """The pictures at `position` to `position + count` of the endless order, int64 [count] from 0 to size - 1."""
        parts: list[NDArray[np.int64]] = []
        while count:
            epoch, offset = divmod(position, self._size)
            part = self._of_epoch(epoch)[offset : offset + count]
            parts.append(part)
            position, count = position + len(part), count - len(part)
        return np.concatenate(parts)

    def _of_epoch(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            self._epoch, self._permutation = epoch, self._shuffled(epoch)
        return self._permutation

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([*self._seeds, epoch]).permutation(self._size)


class BalancedOrder(Order):
    """An endless order in which all classes are equally frequent.

    An epoch holds as many pictures of each class as the largest class has. Each class has an endless order of its own,
    so the pictures of smaller classes repeat sooner.

    Args:
        labels: the class of every picture, int64 [N].
        seed: of the order.
    """

    def __init__(self, labels: NDArray[np.int64], seed: int) -> None:
        self._members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        self._orders = [Order(len(members), seed, number) for number, members in enumerate(self._members)]
        self._each = max(map(len, self._members))
        super().__init__(self._each * len(self._members), seed)

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        drawn = [order.indices(epoch * self._each, self._each) for order in self._orders]
        pictures = np.concatenate([members[part] for members, part in zip(self._members, drawn, strict=True)])
        return pictures[super()._shuffled(epoch)]


class Loader:
    """Iterates over batches of training pictures, which a thread reads ahead.

    A batch is a pair: pictures, uint8 [B, S, S, 3], and labels, int64 [B] or None.

    Args:
        data: the dataset. Only its training pictures are read.
        batch_size: pictures per batch. It may be larger than the dataset and need not divide its size.
        seed: of the order.
        position: number of pictures that the run has seen.
        pin_memory: whether to use pinned memory, from which a GPU copies asynchronously.
        balanced: whether all classes are shown equally often. This needs a dataset with classes.
        part: the part of each batch to read; by default all of it.
    """

    def __init__(
        self,
        data: Dataset,
        batch_size: int,
        seed: int,
        position: int = 0,
        pin_memory: bool = False,
        balanced: bool = False,
        part: Part | None = None,
    ) -> None:
        self._own = slice(part.start, part.start + part.count) if part else slice(None)
        self._data, self._batch_size, self._pin_memory = data, batch_size, pin_memory
        self._labels = data.labels
        self._rows = data.rows(TRAIN)
        self._order, self._position = self._endless(seed, balanced), position
        self._ready: queue.Queue[tuple[Tensor, Tensor | None] | Exception] = queue.Queue(DEPTH)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read_ahead, name="ganvas-loader", daemon=True)

    def _endless(self, seed: int, balanced: bool) -> Order:
        if balanced and self._labels is not None:
            return BalancedOrder(self._labels[self._rows], seed)
        return Order(len(self._rows), seed)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        while True:
            item = self._ready.get()
            if isinstance(item, DataError):
                raise item
            if isinstance(item, Exception):
                raise DataError(f"{self._data.path}: reading pictures failed: {item}") from item
            yield item

    def _read_ahead(self) -> None:
        while not self._closed.is_set():
            try:
                item: tuple[Tensor, Tensor | None] | Exception = self._batch()
            except Exception as error:  # every error must reach the training thread
                item = error
            while not self._closed.is_set():
                try:
                    self._ready.put(item, timeout=0.1)
                    break
                except queue.Full:
                    continue

    def _batch(self) -> tuple[Tensor, Tensor | None]:
        rows = self._rows[self._order.indices(self._position, self._batch_size)[self._own]]
        self._position += self._batch_size
        pictures = torch.from_numpy(self._data.images[rows])
        labels = None if self._labels is None else torch.from_numpy(self._labels[rows])
        return (pictures.pin_memory() if self._pin_memory else pictures), labels
