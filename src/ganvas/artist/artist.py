"""Sampling from a trained generator."""

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.artist.grids import class_grid, grid, write_png
from ganvas.artist.sampling import mixed_labels, sample_batches, sample_by_class, sample_interpolations
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import RunError, unknown
from ganvas.foundation.files import whole_directory
from ganvas.foundation.paths import is_directory, is_file, new_path, user_path
from ganvas.runs.directory import RunDirectory, is_run
from ganvas.runs.snapshot import Card, Snapshot

# The largest number of characters of a class name in a file name.
LONGEST_NAME = 60
# Kinds of interpolation, and whether they are spherical.
INTERPOLATIONS = {"linear": False, "spherical": True}
# Pictures in a row of an interpolation, including both ends.
STEPS = 8


class Artist:
    """A trained generator. Picture k of a seed is always the same.

    A conditional generator paints one class, or all classes in the proportions of its training pictures.

    Attributes:
        card: the description in its snapshot.
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
        """The dataset directory that the generator was trained on."""
        return Path(self.card.data)

    @property
    def sees_through(self) -> tuple[str, ...]:
        """Names of the feature networks through which its discriminator saw pictures."""
        return self._recipe.sees_through

    @property
    def class_names(self) -> list[str]:
        """The classes that it can paint; empty if it was trained without classes."""
        return self.card.class_names

    def sample(self, n: int, seed: int = 0, label: str | None = None) -> Images:
        """Generate the first `n` pictures of a seed.

        Args:
            n: number of pictures.
            seed: seed of the latents.
            label: name of the class; by default all classes in the proportions of the training pictures.

        Returns:
            uint8 [n, S, S, 3].

        Raises:
            RunError: the class is unknown.
        """
        return np.concatenate(list(self.batches(n, seed, label)))

    def batches(self, n: int, seed: int = 0, label: str | None = None) -> Iterator[Images]:
        """Generate the same pictures as `sample`, but in batches, which saves memory."""
        return sample_batches(self._recipe, self._generator, n, seed, self.labels(n, label))

    def by_class(self, n: int, seed: int = 0) -> Images:
        """Generate the first `n` latents of a seed once for each class.

        Args:
            n: number of latents.
            seed: seed of the latents.

        Returns:
            uint8 [C, n, S, S, 3] for C classes.

        Raises:
            RunError: the generator was trained without classes.
        """
        if not self.class_names:
            raise self._classless()
        return sample_by_class(self._recipe, self._generator, len(self.class_names), n, seed)

    @property
    def interpolates_on_sphere(self) -> bool:
        """Whether `interpolate` is spherical by default: for normal latents, but not for uniform ones."""
        return self.card.options.get("latent") != "uniform"

    def interpolate(
        self, rows: int, steps: int, seed: int = 0, label: str | None = None, *, spherical: bool | None = None
    ) -> Images:
        """Interpolate between latents: row k leads from latent 2k of a seed to latent 2k + 1.

        A conditional generator paints each row in one class.

        Args:
            rows: number of rows.
            steps: pictures per row, including both ends; at least 2.
            seed: seed of the latents.
            label: name of the class of all rows; by default the rows take the classes in turn.
            spherical: interpolate on the sphere, or else linearly in each dimension, as paper 3 does; by default on the
                sphere for normal latents and linearly for uniform ones.

        Returns:
            uint8 [rows, steps, S, S, 3].

        Raises:
            RunError: the class is unknown.
        """
        if label is not None:
            labels: Integers | None = np.full(rows, self._number(label))
        else:
            labels = np.arange(rows) % len(self.class_names) if self.class_names else None
        if spherical is None:
            spherical = self.interpolates_on_sphere
        return sample_interpolations(self._recipe, self._generator, rows, steps, seed, labels, spherical=spherical)

    def labels(self, n: int, label: str | None = None) -> Integers | None:
        """The class number of each of the first `n` pictures of any seed, int64 [n]; None without classes.

        Args:
            n: number of pictures.
            label: name of the class; by default all classes in the proportions of the training pictures.

        Raises:
            RunError: the class is unknown.
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
    """Load a generator.

    Args:
        path: a snapshot, or a run directory, of which the best snapshot is loaded, or else the last.

    Raises:
        RunError: there is no run or snapshot, or it cannot be read.
    """
    return Artist(Snapshot.load(find_snapshot(user_path(path))))


def find_snapshot(path: Path) -> Path:
    """The snapshot file for `load`.

    Raises:
        RunError: there is none.
    """
    if is_file(path):
        return path
    if not is_directory(path):
        raise RunError(f"{path} does not exist; give a run directory or a snapshot (.safetensors)")
    if not is_run(path):
        raise RunError(f"{path} is not a run directory; give one, or a snapshot (.safetensors)")
    run = RunDirectory.open(path)
    for name in ("best", "last"):
        if is_file(file := run.snapshot(name)):
            return file
    raise RunError(f"{path} has no snapshot yet: it was stopped before its first one")


def write_samples(artist: Artist, out: Path, n: int, seed: int, label: str | None = None) -> None:
    """Write `n` pictures of a seed to a grid or to single files.

    The grid of a conditional generator has a row for each class, with the same latents in each row. Rows are filled, so
    there may be a few more pictures. Single files have their class in the name.

    Args:
        artist: the generator.
        out: a `.png` file for a grid, or else a new directory for single pictures.
        n: number of pictures.
        seed: seed of the latents.
        label: name of the class; by default all classes.

    Raises:
        RunError: `out` has the ending of another picture format, or the class is unknown.
        GanvasError: the directory exists already, or cannot be written.
    """
    out = new_path(out)
    if out.suffix.lower() == ".png":
        write_png(out, _grid(artist, n, seed, label))
        return
    if out.suffix.lower() in Image.registered_extensions():
        raise RunError(f"{out}: choose a name that ends in .png for a grid, or without an ending for a directory")
    labels = artist.labels(n, label)
    with whole_directory(out) as directory:
        numbers = itertools.count()
        for batch in artist.batches(n, seed, label):
            for image in batch:
                number = next(numbers)
                suffix = "" if labels is None else f"-{in_file_name(artist.class_names[labels[number]])}"
                Image.fromarray(image).save(directory / f"seed{seed}-{number:05d}{suffix}.png")


def write_interpolations(artist: Artist, out: Path, n: int, kind: str, seed: int = 0, label: str | None = None) -> None:
    """Write a grid of `n` pictures, whose rows of `STEPS` lead from one latent of a seed to another.

    Rows are filled, so there may be a few more pictures.

    Args:
        artist: the generator.
        out: a `.png` file.
        n: number of pictures.
        kind: one of `INTERPOLATIONS`; see `Artist.interpolate`.
        seed: seed of the latents.
        label: name of the class; by default the rows take the classes in turn.

    Raises:
        RunError: the kind or the class is unknown, or `out` does not end in `.png`.
        GanvasError: the file cannot be written.
    """
    if kind not in INTERPOLATIONS:
        raise RunError(unknown("interpolation", kind, INTERPOLATIONS))
    out = new_path(out)
    if out.suffix.lower() != ".png":
        raise RunError(f"{out}: interpolations are written as a grid; choose a name that ends in .png")
    rows = artist.interpolate(math.ceil(n / STEPS), STEPS, seed, label, spherical=INTERPOLATIONS[kind])
    write_png(out, grid(rows.reshape(-1, *rows.shape[2:]), STEPS))


def _grid(artist: Artist, n: int, seed: int, label: str | None) -> Images:
    if label is not None or not artist.class_names:
        return grid(artist.sample(n, seed, label))
    return class_grid(artist.by_class(math.ceil(n / len(artist.class_names)), seed), artist.class_names)


def in_file_name(name: str) -> str:
    """A class name without characters that a file system may refuse."""
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST_NAME]
