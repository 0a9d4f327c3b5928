"""Pictures from a generator: picture k of a seed is the same however many are asked for."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas.gans.recipe import Recipe, generate
from ganvas.pixels import to_uint8

# Pictures are always made in batches of this size, the last one padded: a convolution rounds differently at other
# batch sizes, and a picture must depend on nothing but its seed and number.
BATCH = 64


def paint(
    recipe: Recipe, generator: nn.Module, count: int, seed: int, classes: int = 0, device: str = "cpu"
) -> Iterator[NDArray[np.uint8]]:
    """The first `count` pictures of a seed.

    Args:
        recipe: draws the latents.
        generator: in evaluation mode, on `device`.
        count: how many pictures.
        seed: of the latents.
        classes: for a conditional generator, how many it knows; picture k is of class k modulo that.
        device: where the generator is.

    Yields:
        uint8 [N, S, S, 3], N at most `BATCH`.
    """
    random = torch.Generator().manual_seed(seed)
    for start in range(0, count, BATCH):
        latents = recipe.latents(BATCH, random).to(device)
        with torch.inference_mode():
            pictures = generate(generator, latents, _labels(start, classes, device))
        yield to_uint8(pictures)[: count - start]


def _labels(start: int, classes: int, device: str) -> Tensor | None:
    return torch.arange(start, start + BATCH, device=device) % classes if classes else None
