"""Looking at what a generator has learnt: the samples of a seed."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.errors import RunError
from ganvas.files import whole_directory
from ganvas.grids import grid, write_png
from ganvas.sampling import paint
from ganvas.snapshot import Card, Snapshot
from ganvas.training.directory import RunDirectory, is_run


class Artist:
    """A trained generator that paints by number: picture k of seed s is always the same.

    Attributes:
        card: what its snapshot says about it.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.card: Card = snapshot.card
        self._recipe, self._generator = snapshot.recipe, snapshot.generator

    @property
    def size(self) -> int:
        """Height and width of the pictures in pixels."""
        return self.card.size

    @property
    def data(self) -> Path:
        """The dataset directory it was trained on."""
        return Path(self.card.data)

    def sample(self, n: int, seed: int = 0) -> NDArray[np.uint8]:
        """The first `n` pictures of a seed, uint8 [n, S, S, 3]."""
        return np.concatenate(list(self.batches(n, seed)))

    def batches(self, n: int, seed: int = 0) -> Iterator[NDArray[np.uint8]]:
        """The same pictures in batches, for when they should not all be in memory."""
        return paint(self._recipe, self._generator, n, seed, len(self.card.class_names))


def load(path: str | Path) -> Artist:
    """Open a run directory (its best snapshot, else its last) or a snapshot file.

    Raises:
        RunError: no run, no snapshot in it yet, or a file that cannot be read.
    """
    return Artist(Snapshot.load(find_snapshot(Path(path))))


def find_snapshot(path: Path) -> Path:
    """The snapshot that `path` stands for: itself, or the best of a run, or the last where none was measured."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise RunError(f"{path} does not exist; give a run directory or a snapshot (.safetensors)")
    if not is_run(path):
        raise RunError(f"{path} is no run directory; give one, or a snapshot (.safetensors)")
    run = RunDirectory.open(path)
    for name in ("best", "last"):
        if (file := run.snapshot(name)).is_file():
            return file
    raise RunError(f"{path} holds no snapshot yet: it was stopped before its first one")


def write_samples(artist: Artist, out: Path, n: int, seed: int) -> None:
    """Write `n` pictures of a seed: one grid if `out` ends in .png, else a new directory of single pictures.

    Raises:
        RunError: `out` ends like a picture of another kind.
        GanvasError: the directory exists already, or the file system refused.
    """
    if out.suffix.lower() == ".png":
        write_png(out, grid(artist.sample(n, seed)))
        return
    if out.suffix.lower() in Image.registered_extensions():
        raise RunError(f"{out}: a grid is written as .png, and a name without an ending is a directory of pictures")
    with whole_directory(out) as directory:
        numbers = itertools.count()
        for batch in artist.batches(n, seed):
            for image in batch:
                Image.fromarray(image).save(directory / f"seed{seed}-{next(numbers):05d}.png")
