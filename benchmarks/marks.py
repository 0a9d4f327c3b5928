"""Pictures of a generator at marks in minutes of training, which `quality.py` scores.

A folder has a file for each mark, such as `20m.npy`, uint8 [N, S, S, 3].
"""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ganvas.foundation.arrays import Images
from ganvas.foundation.files import whole_file

# The default number of pictures that are kept at a mark.
SAMPLES = 4000


def pictures_at(folder: Path, mark: float) -> Path:
    """The file of a mark in minutes, which may not exist."""
    return folder / f"{mark:g}m.npy"


def keep(folder: Path, mark: float, batches: Iterable[Images], samples: int = SAMPLES) -> None:
    """Write the first `samples` of the pictures, uint8 [N, S, S, 3] each."""
    pictures = np.concatenate(list(batches))[:samples]
    with whole_file(pictures_at(folder, mark)) as partial, partial.open("wb") as file:
        np.save(file, pictures)


def train_to_marks(
    folder: Path,
    marks: list[float],
    step: Callable[[], int],
    paint: Callable[[], Iterable[Images]],
    samples: int = SAMPLES,
) -> None:
    """Train, and keep pictures at every mark; only the time of the steps counts.

    Args:
        folder: where to keep the pictures.
        marks: minutes of training, ascending.
        step: trains for a moment and returns the number of real pictures that D saw.
        paint: returns batches of at least `samples` pictures of the current generator.
        samples: number of pictures to keep.
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
