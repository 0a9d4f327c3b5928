"""A trained generator: from descriptions of pictures to their pixels, and back to what a file says about them."""

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from ganvas.artist.grids import arranged
from ganvas.artist.kept_directions import read_directions
from ganvas.artist.origin import MOST_CELLS, Cell, Edit, Label, Origin, Sheet, decoded, encoded
from ganvas.artist.sampling import Classes, latents_of, mixed_labels, paint, sample_batches
from ganvas.foundation.arrays import Features, Images, Integers
from ganvas.foundation.errors import ConfigError, RunError, unknown
from ganvas.foundation.notes import note_once
from ganvas.foundation.paths import quoted
from ganvas.runs.snapshot import Card, Snapshot
from ganvas.settings.config import first_problem

# Vectors of directions, float32 [latent_dim], by name.
Directions = Mapping[str, Features]


class TrainedGenerator:
    """The generator of a snapshot. The pixels of a `Cell` are always the same.

    Attributes:
        card: the description in its snapshot.
        path: the file of the snapshot; None if it is not from a file.
        snapshot: the snapshot.
    """

    def __init__(self, snapshot: Snapshot, path: Path | None = None) -> None:
        self.snapshot, self.path = snapshot, path
        self.card: Card = snapshot.card

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
        return self.snapshot.recipe.sees_through

    @property
    def class_names(self) -> list[str]:
        """The classes that it can paint; empty if it was trained without classes."""
        return self.card.class_names

    @functools.cached_property
    def latent_dim(self) -> int:
        """Length of the latent vector z."""
        return self.snapshot.recipe.latents(1, torch.Generator().manual_seed(0)).shape[1]

    @functools.cached_property
    def directions(self) -> Directions:
        """The directions that are kept beside its snapshot.

        Raises:
            RunError: their file is damaged, or belongs to another snapshot.
        """
        kept = read_directions(self.path, self.snapshot.digest) if self.path else []
        return {direction.name: direction.values for direction in kept}

    @property
    def is_uniform(self) -> bool:
        """Whether latents are uniform in a cube; otherwise they are normal."""
        return self.card.options.get("latent") == "uniform"

    @property
    def interpolates_on_sphere(self) -> bool:
        """Whether ways between latents are spherical by default: for normal latents, but not for uniform ones."""
        return not self.is_uniform

    def paint(self, cells: Sequence[Cell], directions: Directions | None = None, *, is_preview: bool = False) -> Images:
        """Paint pictures. Each one depends on its description alone, unless it is a preview.

        Args:
            cells: N descriptions.
            directions: vectors of the directions that they name; by default those beside the snapshot.
            is_preview: paint a few pictures faster, but not to the last bit; see `sampling.paint`.

        Returns:
            uint8 [N, S, S, 3].

        Raises:
            RunError: a class or direction is unknown, a latent has another length, the generator cannot mix classes, or
                a cell shows something that no generator painted.
        """
        classes = self._classes(cells)
        latents = self.latents(cells, directions)
        if classes is None or classes.ndim == 1:
            return paint(self.snapshot.generator, latents, classes, is_preview=is_preview)
        try:
            return paint(self.snapshot.generator, latents, classes, is_preview=is_preview)
        except (RuntimeError, TypeError, IndexError) as error:  # a recipe of the user's own
            raise RunError(f"recipe {self.card.recipe} cannot mix classes; name one class") from error

    def latents(self, cells: Sequence[Cell], directions: Directions | None = None) -> Tensor:
        """What the generator gets for these pictures, float32 [N, latent_dim]; arguments and errors as for `paint`."""
        if other := next((cell.other for cell in cells if cell.other), None):
            raise RunError(f"{other} is not a picture of this generator, so it cannot be painted")
        latents = self._untouched(cells)
        latents *= torch.tensor([cell.truncation for cell in cells])[:, None]
        for row, cell in enumerate(cells):
            if cell.edits:
                latents[row] += self.offset(cell.edits, directions)
        return latents

    def offset(self, edits: Sequence[Edit], directions: Directions | None = None) -> Tensor:
        """What edits add to a latent after truncation, float32 [latent_dim]; errors as for `paint`."""
        vectors = self.directions if directions is None else directions
        total = torch.zeros(self.latent_dim)
        for edit in edits:
            total += edit.amount * self._vector(edit.direction, vectors)
        return total

    def _untouched(self, cells: Sequence[Cell]) -> Tensor:
        """The latents before truncation and edits."""
        latents = torch.empty(len(cells), self.latent_dim)
        seeded: dict[int, list[int]] = defaultdict(list)
        for row, cell in enumerate(cells):
            if cell.latent is None:
                seeded[cell.seed].append(row)
            else:
                latents[row] = self._fitting(decoded(cell.latent), "a latent")
        for seed, rows in seeded.items():
            latents[rows] = latents_of(self.snapshot.recipe, seed, [cells[row].number for row in rows])
        return latents

    def _vector(self, name: str, directions: Directions) -> Tensor:
        if name not in directions:
            hint = f"; find directions with: ganvas explore directions {quoted(self.path)}" if self.path else ""
            raise RunError(unknown("direction", name, directions) if directions else f"no direction {name!r}{hint}")
        return self._fitting(directions[name], f"direction {name!r}")

    def _fitting(self, values: Features, what: str) -> Tensor:
        if len(values) != self.latent_dim:
            raise RunError(f"{what} has {len(values)} values, but the latents of this generator have {self.latent_dim}")
        return torch.from_numpy(values)

    def _classes(self, cells: Sequence[Cell]) -> Classes | None:
        """The class numbers int64 [N], the class weights float32 [N, C] if any picture mixes classes, or None."""
        if not self.class_names:
            if any(cell.label is not None for cell in cells):
                raise self.classless()
            return None
        labels = [cell.label for cell in cells]
        if any(isinstance(label, dict) for label in labels):
            return np.stack([self._weights(label) for label in labels])
        return np.array([self.number(label) for label in labels if not isinstance(label, dict)])

    def _weights(self, label: Label | None) -> Features:
        """The weight of each class, float32 [C]."""
        weights = np.zeros(len(self.class_names), np.float32)
        if not isinstance(label, dict):
            weights[self.number(label)] = 1
            return weights
        for name, weight in label.items():
            weights[self.number(name)] = weight
        return weights

    def sheet(self, cells: Sequence[Cell], sheet: Sheet | None, directions: Directions | None = None) -> Images:
        """Paint pictures and arrange them, uint8 [H, W, 3]; without a sheet, of a single one."""
        pixels = self.paint(cells, directions)
        return pixels[0] if sheet is None else arranged(pixels, sheet)

    def origin(
        self, cells: Sequence[Cell], sheet: Sheet | None = None, directions: Directions | None = None
    ) -> Origin | None:
        """What a file says about these pictures; None, with a note, if they are too many for that.

        Args:
            cells: the pictures.
            sheet: their arrangement; None for a single picture.
            directions: vectors by name; those that no picture uses are left out.
        """
        used = {edit.direction for cell in cells for edit in cell.edits}
        known = self.directions if directions is None and used else directions or {}
        vectors = {name: encoded(vector) for name, vector in known.items() if name in used}
        try:
            return Origin(
                snapshot=self.snapshot.digest,
                recipe=self.card.recipe,
                size=self.size,
                cells=list(cells),
                sheet=sheet,
                directions=vectors,
            )
        except ValidationError:
            note_once("origin", f"the file does not say how its pictures were made: there are more than {MOST_CELLS:,}")
            return None

    def batches(
        self,
        n: int,
        seed: int = 0,
        label: Label | None = None,
        truncation: float = 1.0,
        edits: Sequence[Edit] = (),
    ) -> Iterator[Images]:
        """Generate the first `n` pictures of a seed as `Artist.sample` does, but in batches, which saves memory."""
        recipe, generator = self.snapshot.recipe, self.snapshot.generator
        offset = self.offset(edits) if edits else None
        classes = self.classes(n, label)
        return sample_batches(recipe, generator, n, seed, classes, truncation=truncation, offset=offset)

    def cells(
        self,
        numbers: Sequence[int],
        seed: int = 0,
        label: Label | None = None,
        truncation: float = 1.0,
        edits: Sequence[Edit] = (),
    ) -> list[Cell]:
        """Descriptions of pictures of a seed, as `sample` paints them.

        Args:
            numbers: their numbers.
            seed: seed of the latents.
            label: name of a class, or weights that mix classes; by default the class that `sample` gives each number.
            truncation: factor of the latents.
            edits: steps along directions.

        Raises:
            RunError: the class is unknown.
            ConfigError: a value is out of its range.
        """
        labels: Sequence[Label | None] = [label] * len(numbers)
        if label is None and (mixed := self.labels(max(numbers, default=-1) + 1)) is not None:
            labels = [self.class_names[mixed[number]] for number in numbers]
        try:
            cells = [
                Cell(seed=seed, number=number, label=each, truncation=truncation, edits=list(edits))
                for number, each in zip(numbers, labels, strict=True)
            ]
        except ValidationError as error:
            raise ConfigError(first_problem(error)) from error
        self._classes(cells[:1])  # an unknown class is told at once
        return cells

    def class_cells(self, n: int, seed: int = 0, truncation: float = 1.0, edits: Sequence[Edit] = ()) -> list[Cell]:
        """Descriptions of the pictures of `by_class`, class by class."""
        if not self.class_names:
            raise self.classless()
        each = (self.cells(range(n), seed, name, truncation, edits) for name in self.class_names)
        return [cell for cells in each for cell in cells]

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
            return np.full(n, self.number(label))
        return mixed_labels(self.card.class_shares or [1 / len(names)] * len(names), n) if names else None

    def classes(self, n: int, label: Label | None = None) -> Classes | None:
        """As `labels`, or, where `label` mixes classes, the weight of each class, float32 [n, C]."""
        if not isinstance(label, dict):
            return self.labels(n, label)
        if not self.class_names:
            raise self.classless()
        return self._weights(label)[None].repeat(n, axis=0)

    def number(self, label: str | None) -> int:
        """The number of a class.

        Raises:
            RunError: the class is unknown or not said, or the generator was trained without classes.
        """
        if not self.class_names:
            raise self.classless()
        if label is None:
            raise RunError(f"this {self.card.recipe} paints classes; choose from: {', '.join(self.class_names)}")
        if label not in self.class_names:
            raise RunError(unknown("class", label, self.class_names))
        return self.class_names.index(label)

    def classless(self) -> RunError:
        """The error that it cannot be asked for a class."""
        return RunError(f"this {self.card.recipe} was trained without classes, so it cannot be asked for one")
