"""Sampling from a trained generator."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.artist.explore.explorer import ExplorableGenerator
from ganvas.artist.notebook import figure
from ganvas.artist.origin import Cell, Edit, Label, Sheet, encoded
from ganvas.artist.png import write_painted
from ganvas.artist.sampling import between, latents_of
from ganvas.artist.sheets import png_path, row_names, write_sheet
from ganvas.artist.wall import wall
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import RunError, unknown
from ganvas.foundation.files import whole_directory
from ganvas.foundation.paths import is_directory, is_file, new_path, user_path
from ganvas.runs.directory import RunDirectory, is_run
from ganvas.runs.snapshot import Snapshot

# The largest number of characters of a class name in a file name.
LONGEST_NAME = 60
# Kinds of interpolation, and whether they are spherical.
INTERPOLATIONS = {"linear": False, "spherical": True}
# Pictures in a row of an interpolation, including both ends.
STEPS = 8


class Artist(ExplorableGenerator):
    """A trained generator, as `load` returns it. Picture k of a seed is always the same.

    A conditional generator paints one class, a mixture, or all classes in the proportions of its training pictures.
    """

    def sample(
        self,
        n: int,
        seed: int = 0,
        label: Label | None = None,
        truncation: float = 1.0,
        edits: Sequence[Edit] = (),
    ) -> Images:
        """Generate the first `n` pictures of a seed.

        Args:
            n: number of pictures.
            seed: seed of the latents.
            label: name of the class, or weights of classes to mix; by default all classes in the proportions of the
                training pictures.
            truncation: factor of the latents; below 1, pictures are more typical and less varied.
            edits: steps along directions that are kept beside the snapshot.

        Returns:
            uint8 [n, S, S, 3].

        Raises:
            RunError: the class or a direction is unknown.
        """
        return np.concatenate(list(self.batches(n, seed, label, truncation, edits)))

    def by_class(self, n: int, seed: int = 0, truncation: float = 1.0) -> Images:
        """Generate the first `n` latents of a seed once for each class.

        Args:
            n: number of latents.
            seed: seed of the latents.
            truncation: factor of the latents.

        Returns:
            uint8 [C, n, S, S, 3] for C classes.

        Raises:
            RunError: the generator was trained without classes.
        """
        cells = self.class_cells(n, seed, truncation)
        pictures = self.paint(cells)
        return pictures.reshape(-1, n, *pictures.shape[1:])

    def interpolate(
        self,
        rows: int,
        steps: int,
        seed: int = 0,
        label: Label | None = None,
        truncation: float = 1.0,
        *,
        spherical: bool | None = None,
    ) -> Images:
        """Interpolate between latents: row k leads from latent 2k of a seed to latent 2k + 1.

        A conditional generator paints each row in one class.

        Args:
            rows: number of rows.
            steps: pictures per row, including both ends; at least 2.
            seed: seed of the latents.
            label: name of the class of all rows, or a mixture; by default the rows take the classes in turn.
            truncation: factor of the latents.
            spherical: interpolate on the sphere, or else linearly in each dimension, as paper 3 does; by default on the
                sphere for normal latents and linearly for uniform ones.

        Returns:
            uint8 [rows, steps, S, S, 3].

        Raises:
            RunError: the class is unknown.
        """
        cells = self.interpolation_cells(rows, steps, seed, label, truncation, spherical=spherical)
        pictures = self.paint(cells)
        return pictures.reshape(rows, steps, *pictures.shape[1:])

    def interpolation_cells(
        self,
        rows: int,
        steps: int,
        seed: int = 0,
        label: Label | None = None,
        truncation: float = 1.0,
        *,
        spherical: bool | None = None,
    ) -> list[Cell]:
        """Descriptions of the pictures of `interpolate`, row by row."""
        ends = latents_of(self.snapshot.recipe, seed, range(2 * rows))
        is_spherical = self.interpolates_on_sphere if spherical is None else spherical
        latents = between(ends[0::2], ends[1::2], steps, spherical=is_spherical)
        names = self.class_names
        labels = [label or (names[row % len(names)] if names else None) for row in range(rows)]
        return [
            Cell(latent=encoded(latent), label=each, truncation=truncation)
            for row, each in zip(latents.numpy(), labels, strict=True)
            for latent in row
        ]

    def _repr_html_(self) -> str:
        own = self.card
        classes = f", {len(own.class_names)} classes" if own.class_names else ""
        caption = (
            f"{own.recipe} on {self.data.name}{classes}, {own.size} x {own.size} pixels, after {own.kimg:,.1f} kimg"
        )
        return figure(self.sheet(*wall(self)), caption)


def load(path: str | Path) -> Artist:
    """Load a generator.

    Args:
        path: a snapshot, or a run directory, of which the best snapshot is loaded, or else the last.

    Raises:
        RunError: there is no run or snapshot, or it cannot be read.
    """
    file = find_snapshot(user_path(path))
    return Artist(Snapshot.load(file), file)


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


def write_samples(
    artist: Artist,
    out: Path,
    n: int,
    seed: int,
    label: Label | None = None,
    truncation: float = 1.0,
    edits: Sequence[Edit] = (),
    *,
    metadata: bool = True,
) -> None:
    """Write `n` pictures of a seed to a grid or to single files.

    The grid of a conditional generator has a row for each class, with the same latents in each row. Rows are filled, so
    there may be a few more pictures. Single files have their class in the name.

    Args:
        artist: the generator.
        out: a `.png` file for a grid, or else a new directory for single pictures.
        n: number of pictures.
        seed: seed of the latents.
        label: name of the class, or weights of classes to mix; by default all classes.
        truncation: factor of the latents.
        edits: steps along directions.
        metadata: whether the files say how they were made.

    Raises:
        RunError: `out` has the ending of another picture format, or the class or a direction is unknown.
        GanvasError: the directory exists already, or cannot be written.
    """
    out = new_path(out)
    if is_png(out):
        if label is not None or not artist.class_names:
            cells = artist.cells(range(n), seed, label, truncation, edits)
            sheet = Sheet(columns=math.ceil(math.sqrt(n)))
        else:
            columns = math.ceil(n / len(artist.class_names))
            cells = artist.class_cells(columns, seed, truncation, edits)
            sheet = Sheet(columns=columns, rows=row_names(artist.class_names))
        write_sheet(artist, out, cells, sheet, metadata=metadata)
        return
    each = iter(artist.cells(range(n), seed, label, truncation, edits))
    with whole_directory(out) as directory:
        for batch in artist.batches(n, seed, label, truncation, edits):
            for image, cell in zip(batch, each, strict=False):
                suffix = f"-{in_file_name(cell.label)}" if isinstance(cell.label, str) else ""
                origin = artist.origin([cell]) if metadata else None
                write_painted(directory / f"seed{seed}-{cell.number:05d}{suffix}.png", image, origin, metadata=metadata)


def write_interpolations(
    artist: Artist,
    out: Path,
    n: int,
    kind: str,
    seed: int = 0,
    label: Label | None = None,
    truncation: float = 1.0,
    *,
    metadata: bool = True,
) -> None:
    """Write a grid of `n` pictures, whose rows of `STEPS` lead from one latent of a seed to another.

    Rows are filled, so there may be a few more pictures.

    Args:
        artist: the generator.
        out: a `.png` file.
        n: number of pictures.
        kind: one of `INTERPOLATIONS`; see `Artist.interpolate`.
        seed: seed of the latents.
        label: name of the class, or weights of classes to mix; by default the rows take the classes in turn.
        truncation: factor of the latents.
        metadata: whether the file says how it was made.

    Raises:
        RunError: the kind or the class is unknown, or `out` does not end in `.png`.
        GanvasError: the file cannot be written.
    """
    if kind not in INTERPOLATIONS:
        raise RunError(unknown("interpolation", kind, INTERPOLATIONS))
    out = png_path(out)
    rows = math.ceil(n / STEPS)
    cells = artist.interpolation_cells(rows, STEPS, seed, label, truncation, spherical=INTERPOLATIONS[kind])
    write_sheet(artist, out, cells, Sheet(columns=STEPS), metadata=metadata)


def is_png(out: Path) -> bool:
    """Whether a path names a `.png` file; otherwise it is the name of a directory.

    Raises:
        RunError: it has the ending of another picture format.
    """
    if out.suffix.lower() == ".png":
        return True
    if out.suffix.lower() in Image.registered_extensions():
        raise RunError(f"{out}: choose a name that ends in .png for a grid, or without an ending for a directory")
    return False


def in_file_name(name: str) -> str:
    """A class name without characters that a file system may refuse."""
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST_NAME]
