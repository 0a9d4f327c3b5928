"""How a recipe draws its latents, found out by drawing some, and as source code that draws the same without ganvas."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.artist.sampling import BATCH
from ganvas.gans.recipe import GeneratorRecipe


@dataclass(frozen=True)
class Drawing:
    """A way to draw latents.

    Attributes:
        distribution: of each value, for people.
        is_normal: whether it is the normal one, so that latents lie near a sphere.
        source: an expression of torch for `BATCH` latents of length `{dim}` from the generator `random`.
        draw: the same as a function.
    """

    distribution: str
    is_normal: bool
    source: str
    draw: Callable[[tuple[int, int], torch.Generator], Tensor]


KNOWN = (
    Drawing(
        "N(0, 1)",
        True,
        f"torch.randn({BATCH}, {{dim}}, generator=random)",
        lambda shape, random: torch.randn(shape, generator=random),
    ),
    Drawing(
        "U(-1, 1)",
        False,
        f"torch.rand({BATCH}, {{dim}}, generator=random) * 2 - 1",
        lambda shape, random: torch.rand(shape, generator=random) * 2 - 1,
    ),
)


def drawing_of(recipe: GeneratorRecipe) -> Drawing | None:
    """How a recipe draws its latents; None if it has a way of its own."""
    drawn = recipe.latents(BATCH, _random())
    return next((each for each in KNOWN if torch.equal(each.draw((BATCH, drawn.shape[1]), _random()), drawn)), None)


def _random() -> torch.Generator:
    return torch.Generator().manual_seed(0)
