"""Looking at what a generator has learnt: the samples of a seed, and the ways between them."""

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.artist.grids import class_grid, grid, write_png
from ganvas.artist.sampling import mixed_labels, paint, paint_between, paint_by_class
from ganvas.foundation.errors import RunError, unknown
from ganvas.foundation.files import whole_directory
from ganvas.foundation.paths import is_directory, is_file, new_path, user_path
from ganvas.runs.directory import RunDirectory, is_run
from ganvas.runs.snapshot import Card, Snapshot

# Letters of a class name that a file name takes over.
LONGEST_NAME = 60


class Artist:
    """A trained generator that paints by number: picture k of seed s is always the same.

    A conditional one paints the class it is told, or all of them, each as often as it was among its training pictures.

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

    @property
    def sees_through(self) -> tuple[str, ...]:
        """Names of the feature networks that the discriminator it learnt from saw pictures through."""
        return self._recipe.sees_through

    @property
    def class_names(self) -> list[str]:
        """The classes it can be asked for; empty if it was trained without."""
        return self.card.class_names

    def sample(self, n: int, seed: int = 0, label: str | None = None) -> NDArray[np.uint8]:
        """The first `n` pictures of a seed, of the class called `label` or of all, uint8 [n, S, S, 3].

        Raises:
            RunError: it knows no such class.
        """
        return np.concatenate(list(self.batches(n, seed, label)))

    def batches(self, n: int, seed: int = 0, label: str | None = None) -> Iterator[NDArray[np.uint8]]:
        """The same pictures in batches, for when they should not all be in memory."""
        return paint(self._recipe, self._generator, n, seed, self.labels(n, label))

    def by_class(self, n: int, seed: int = 0) -> NDArray[np.uint8]:
        """The first `n` latents of a seed under every label in turn, uint8 [C, n, S, S, 3].

        Raises:
            RunError: it was trained without classes.
        """
        if not self.class_names:
            raise self._classless()
        return paint_by_class(self._recipe, self._generator, len(self.class_names), n, seed)

    def interpolate(self, rows: int, steps: int, seed: int = 0, label: str | None = None) -> NDArray[np.uint8]:
        """Ways from one picture to another: row k leads from latent 2k of a seed to latent 2k + 1.

        Along the sphere for normal latents, straight for uniform ones. A conditional artist paints a row in one class:
        the one called `label`, or all of them in turn.

        Args:
            rows: how many ways.
            steps: pictures of each, both ends included; at least 2.
            seed: of the latents.
            label: the class of all rows.

        Returns:
            uint8 [rows, steps, S, S, 3].

        Raises:
            RunError: it knows no such class.
        """
        if label is not None:
            labels: NDArray[np.int64] | None = np.full(rows, self._number(label))
        else:
            labels = np.arange(rows) % len(self.class_names) if self.class_names else None
        spherical = self.card.options.get("latent") != "uniform"
        return paint_between(self._recipe, self._generator, rows, steps, seed, labels, spherical=spherical)

    def labels(self, n: int, label: str | None = None) -> NDArray[np.int64] | None:
        """The class of each of the first `n` pictures of any seed, int64 [n]; None if it was trained without classes.

        Raises:
            RunError: it knows no class called `label`.
        """
        names = self.class_names
        if label is not None:
            return np.full(n, self._number(label))
        return mixed_labels(self.card.class_shares or [1 / len(names)] * len(names), n) if names else None

    def _number(self, label: str) -> int:
        if not self.class_names:
            raise self._classless()
        if label not in self.class_names:
            raise RunError(unknown("class", label, self.class_names))
        return self.class_names.index(label)

    def _classless(self) -> RunError:
        return RunError(f"this {self.card.recipe} was trained without classes, so it cannot be asked for one")


def load(path: str | Path) -> Artist:
    """Open a run directory (its best snapshot, else its last) or a snapshot file.

    Raises:
        RunError: no run, no snapshot in it yet, or a file that cannot be read.
    """
    return Artist(Snapshot.load(find_snapshot(user_path(path))))


def find_snapshot(path: Path) -> Path:
    """The snapshot that `path` stands for: itself, or the best of a run, or the last where none was measured."""
    if is_file(path):
        return path
    if not is_directory(path):
        raise RunError(f"{path} does not exist; give a run directory or a snapshot (.safetensors)")
    if not is_run(path):
        raise RunError(f"{path} is no run directory; give one, or a snapshot (.safetensors)")
    run = RunDirectory.open(path)
    for name in ("best", "last"):
        if is_file(file := run.snapshot(name)):
            return file
    raise RunError(f"{path} holds no snapshot yet: it was stopped before its first one")


def write_samples(artist: Artist, out: Path, n: int, seed: int, label: str | None = None) -> None:
    """Write `n` pictures of a seed: one grid if `out` ends in .png, else a new directory of single pictures.

    Without `label`, the grid of a conditional artist has a row a class, with the same latents in every row; the rows
    are whole, so there may be a few pictures more. Single pictures have their class in their name.

    Raises:
        RunError: `out` ends like a picture of another kind, or the artist knows no class called `label`.
        GanvasError: the directory exists already, or the file system refused.
    """
    out = new_path(out)
    if out.suffix.lower() == ".png":
        write_png(out, _sheet(artist, n, seed, label))
        return
    if out.suffix.lower() in Image.registered_extensions():
        raise RunError(f"{out}: a grid is written as .png, and a name without an ending is a directory of pictures")
    labels = artist.labels(n, label)
    with whole_directory(out) as directory:
        numbers = itertools.count()
        for batch in artist.batches(n, seed, label):
            for image in batch:
                number = next(numbers)
                kind = "" if labels is None else f"-{in_file_name(artist.class_names[labels[number]])}"
                Image.fromarray(image).save(directory / f"seed{seed}-{number:05d}{kind}.png")


def _sheet(artist: Artist, n: int, seed: int, label: str | None) -> NDArray[np.uint8]:
    if label is not None or not artist.class_names:
        return grid(artist.sample(n, seed, label))
    return class_grid(artist.by_class(math.ceil(n / len(artist.class_names)), seed), artist.class_names)


def in_file_name(name: str) -> str:
    """A class name without what some file system might refuse."""
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST_NAME]
