"""The sample grid of a run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ganvas.artist.grids import class_grid, grid
from ganvas.artist.sampling import paint, paint_by_class
from ganvas.gans.recipe import Recipe


def sheet(
    recipe: Recipe, generator: nn.Module, names: Sequence[str], side: int, seed: int, device: str
) -> NDArray[np.uint8]:
    """A square of samples, or for a generator that is told classes a row of them a class.

    Args:
        recipe: draws the latents.
        generator: in evaluation mode, on `device`.
        names: of the classes that it is told of; empty if it paints without.
        side: rows and columns; of classes, columns alone.
        seed: of the latents: the same seed, the same latents.
        device: where the generator is.

    Returns:
        uint8 [H, W, 3].
    """
    if names:
        return class_grid(paint_by_class(recipe, generator, len(names), side, seed, device), names)
    return grid(np.concatenate(list(paint(recipe, generator, side * side, seed, device=device))), side)
