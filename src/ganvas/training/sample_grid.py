"""The sample grid of a run, and what its file says about it. All grids of a run show the same latents."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ganvas.artist.grids import class_grid, grid
from ganvas.artist.origin import Origin, Sheet
from ganvas.artist.sampling import sample_batches, sample_by_class
from ganvas.artist.sheets import row_names
from ganvas.artist.trained import TrainedGenerator
from ganvas.data.dataset.dataset import Dataset
from ganvas.gans.recipe import Recipe
from ganvas.runs.snapshot import Snapshot
from ganvas.settings.config import Settings

# Added to the run's seed, so that the latents of grids differ from those of training.
GRID_SEED = 1


def sample_grid(
    recipe: Recipe, generator: nn.Module, data: Dataset, settings: Settings, device: str
) -> NDArray[np.uint8]:
    """Generate a square of samples, or one row per class if the generator takes a class.

    Args:
        recipe: draws the latents.
        generator: in evaluation mode, on `device`.
        data: what it learns from.
        settings: the seed, and the number of columns.
        device: where the generator is.

    Returns:
        uint8 [H, W, 3].
    """
    names, side, seed = data.class_names, settings.grid_size, settings.seed + GRID_SEED
    if names and recipe.effective_class_use.conditions_generator:
        return class_grid(sample_by_class(recipe, generator, len(names), side, seed, device), names)
    return grid(np.concatenate(list(sample_batches(recipe, generator, side * side, seed, device=device))), side)


def grid_origin(snapshot: Snapshot, settings: Settings) -> Origin | None:
    """How the pictures of `sample_grid` are made, by the snapshot that this generator would have."""
    artist, side, seed = TrainedGenerator(snapshot), settings.grid_size, settings.seed + GRID_SEED
    if names := artist.class_names:
        return artist.origin(artist.class_cells(side, seed), Sheet(columns=side, rows=row_names(names)))
    return artist.origin(artist.cells(range(side * side), seed), Sheet(columns=side))
