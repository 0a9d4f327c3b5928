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

from ganvas.data.dataset import Dataset
from ganvas.errors import DataError

# Batches ready in advance: enough to hide a slow disk read behind a step, little enough to cost no memory.
DEPTH = 3


class Order:
    """The endless order of the pictures: each epoch a permutation of its own, from the seed and its number."""

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed
        self._epoch, self._permutation = -1, np.empty(0, dtype=np.int64)

    def indices(self, position: int, count: int) -> NDArray[np.int64]:
        """The dataset rows at `position` to `position + count` of the endless order, int64 [count]."""
        parts: list[NDArray[np.int64]] = []
        while count:
            epoch, offset = divmod(position, self._size)
            part = self._of_epoch(epoch)[offset : offset + count]
            parts.append(part)
            position, count = position + len(part), count - len(part)
        return np.concatenate(parts)

    def _of_epoch(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = np.random.default_rng([self._seed, epoch]).permutation(self._size)
        return self._permutation


class Loader:
    """Iterates over batches of (pictures uint8 [B, S, S, 3], labels int64 [B] or None), read ahead in a thread.

    Args:
        data: the dataset; its memory map is read without loading the rest.
        batch_size: pictures a batch; need not divide the dataset, nor be smaller than it.
        seed: of the order.
        position: pictures seen so far; a resumed run passes its counter.
        pin_memory: whether to put batches where a GPU copies them asynchronously.
    """

    def __init__(self, data: Dataset, batch_size: int, seed: int, position: int = 0, pin_memory: bool = False) -> None:
        self._data, self._batch_size, self._pin_memory = data, batch_size, pin_memory
        self._labels = data.labels
        self._order, self._position = Order(len(data), seed), position
        self._ready: queue.Queue[tuple[Tensor, Tensor | None] | Exception] = queue.Queue(DEPTH)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read_ahead, name="ganvas-loader", daemon=True)

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
        rows = self._order.indices(self._position, self._batch_size)
        self._position += self._batch_size
        pictures = torch.from_numpy(self._data.images[rows])
        labels = None if self._labels is None else torch.from_numpy(self._labels[rows])
        return (pictures.pin_memory() if self._pin_memory else pictures), labels
