"""Pictures of a generator after so many minutes of training: what every method of `quality.py` leaves behind.

A folder holds a file a mark, `20m.npy`, uint8 [N, S, S, 3].
"""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.foundation.files import whole_file

# How many pictures are kept at a mark, unless asked for otherwise.
SAMPLES = 4000


def pictures_at(folder: Path, mark: float) -> Path:
    """The file of a mark in minutes, there or not."""
    return folder / f"{mark:g}m.npy"


def keep(folder: Path, mark: float, batches: Iterable[NDArray[np.uint8]], samples: int = SAMPLES) -> None:
    """Write the first `samples` of the pictures, uint8 [N, S, S, 3] each."""
    pictures = np.concatenate(list(batches))[:samples]
    with whole_file(pictures_at(folder, mark)) as partial, partial.open("wb") as file:
        np.save(file, pictures)


def train_to_marks(
    folder: Path,
    marks: list[float],
    step: Callable[[], int],
    paint: Callable[[], Iterable[NDArray[np.uint8]]],
    samples: int = SAMPLES,
) -> None:
    """Train, and keep pictures at every mark; the time is that of the steps alone.

    Args:
        folder: for the pictures.
        marks: minutes of training, the least first.
        step: trains a little; returns how many real pictures D has seen in it.
        paint: at least `samples` pictures of the generator as it is.
        samples: how many to keep.
    """
    folder.mkdir(exist_ok=True)
    seconds, seen, waiting = 0.0, 0, list(marks)
    while waiting:
        started = time.perf_counter()
        seen += step()
        seconds += time.perf_counter() - started
        due = [mark for mark in waiting if seconds >= 60 * mark]
        pictures = list(paint()) if due else []
        for mark in due:
            keep(folder, mark, pictures, samples)
            print(f"{folder.name}: {seconds / 60:.1f} minutes, {seen / 1000:.1f} kimg", file=sys.stderr)
        waiting = waiting[len(due) :]
