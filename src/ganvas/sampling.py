"""Pictures from a generator: picture k of a seed is the same however many are asked for."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.gans.recipe import GeneratorRecipe, generate
from ganvas.pixels import to_uint8

# Pictures are always made in batches of this size, the last one padded: a convolution rounds differently at other
# batch sizes, and a picture must depend on nothing but its seed, number and class.
BATCH = 64
# Multiples of this, modulo 1, fill the interval evenly however many there are.
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


def paint(
    recipe: GeneratorRecipe,
    generator: nn.Module,
    count: int,
    seed: int,
    labels: NDArray[np.int64] | None = None,
    device: str = "cpu",
) -> Iterator[NDArray[np.uint8]]:
    """The first `count` pictures of a seed.

    Args:
        recipe: draws the latents.
        generator: in evaluation mode, on `device`.
        count: how many pictures.
        seed: of the latents.
        labels: for a conditional generator, the class of each picture, int64 [count].
        device: where the generator is.

    Yields:
        uint8 [N, S, S, 3], N at most `BATCH`.
    """
    for start, latents in zip(range(0, count, BATCH), _latents(recipe, seed), strict=False):
        yield _paint(generator, latents[: count - start], None if labels is None else labels[start:][:BATCH], device)


def paint_by_class(
    recipe: GeneratorRecipe, generator: nn.Module, classes: int, count: int, seed: int, device: str = "cpu"
) -> NDArray[np.uint8]:
    """The first `count` latents of a seed under every label in turn, as paper 3 compares them.

    Returns:
        uint8 [classes, count, S, S, 3]; pictures [:, k] share a latent.
    """
    drawn = itertools.islice(_latents(recipe, seed), math.ceil(count / BATCH))
    latents = torch.cat(list(drawn))[:count].repeat(classes, 1)
    labels = np.arange(classes).repeat(count)
    batches = [slice(start, start + BATCH) for start in range(0, len(labels), BATCH)]
    pictures = np.concatenate([_paint(generator, latents[batch], labels[batch], device) for batch in batches])
    return pictures.reshape(classes, count, *pictures.shape[1:])


def mixed_labels(shares: Sequence[float], count: int) -> NDArray[np.int64]:
    """Classes for the pictures of a seed, each about as often as its share says, wherever one stops counting.

    Picture k is of the class in whose part of [0, 1) the number k times the golden ratio, modulo 1, falls: no draw of
    luck decides how many of a class there are, so scores do not suffer from it.

    Args:
        shares: of the classes in order, summing to 1.
        count: how many labels.

    Returns:
        int64 [count].
    """
    places = (0.5 + np.arange(count) * GOLDEN_RATIO) % 1
    return np.searchsorted(np.cumsum(shares)[:-1], places, side="right")


def _latents(recipe: GeneratorRecipe, seed: int) -> Iterator[Tensor]:
    """The endless latents of a seed, float [BATCH, latent_dim] at a time."""
    random = torch.Generator().manual_seed(seed)
    while True:
        yield recipe.latents(BATCH, random)


def _paint(generator: nn.Module, latents: Tensor, labels: NDArray[np.int64] | None, device: str) -> NDArray[np.uint8]:
    """Up to `BATCH` pictures, made as a whole batch."""
    count = len(latents)
    latents = pad(latents, (0, 0, 0, BATCH - count)).to(device)
    classes = None if labels is None else pad(torch.from_numpy(labels), (0, BATCH - count)).to(device)
    with torch.inference_mode():
        pictures = generate(generator, latents, classes)
    return to_uint8(pictures)[:count]
