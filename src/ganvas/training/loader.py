"""Real pictures for the trainer: shuffled, endless, prefetched, and a pure function of seed and position.

Batch contents depend only on (seed, position), so a resumed run needs nothing but its counter to go on with the
very pictures that an uninterrupted run would have seen, whatever was prefetched before it stopped.
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
from ganvas.foundation.errors import DataError

# Batches ready in advance: enough to hide a slow disk read behind a step, little enough to cost no memory.
DEPTH = 3


class Order:
    """The endless order of the pictures: each epoch a permutation of its own, from the seed and its number.

    Args:
        size: how many pictures.
        seed: of the order.
        streams: numbers that tell apart orders of one seed.
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
    """An endless order in which every class comes equally often.

    An epoch shows each class as often as the largest one has pictures. The pictures of a class come in an endless
    order of their own, so those of smaller classes come again sooner.

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
    """Iterates over batches of training pictures, read ahead in a thread.

    A batch is the pictures, uint8 [B, S, S, 3], and their labels, int64 [B] or None.

    Args:
        data: the dataset; its memory map is read without loading the rest, and what is held back never.
        batch_size: pictures a batch; need not divide the dataset, nor be smaller than it.
        seed: of the order.
        position: pictures seen so far; a resumed run passes its counter.
        pin_memory: whether to put batches where a GPU copies them asynchronously.
        balanced: whether to show every class equally often; the dataset has classes then.
    """

    def __init__(
        self,
        data: Dataset,
        batch_size: int,
        seed: int,
        position: int = 0,
        pin_memory: bool = False,
        balanced: bool = False,
    ) -> None:
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
            except Exception as error:  # whatever it is must surface in the training thread, not vanish here
                item = error
            while not self._closed.is_set():
                try:
                    self._ready.put(item, timeout=0.1)
                    break
                except queue.Full:
                    continue

    def _batch(self) -> tuple[Tensor, Tensor | None]:
        rows = self._rows[self._order.indices(self._position, self._batch_size)]
        self._position += self._batch_size
        pictures = torch.from_numpy(self._data.images[rows])
        labels = None if self._labels is None else torch.from_numpy(self._labels[rows])
        return (pictures.pin_memory() if self._pin_memory else pictures), labels
