"""Pictures from a generator: picture k of a seed is the same however many are asked for."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.foundation.errors import ConfigError
from ganvas.foundation.pixels import to_uint8
from ganvas.gans.recipe import GeneratorRecipe, generate

# Pictures are always made in batches of this size, the last one padded: a convolution rounds differently at other
# batch sizes, and a picture must depend on nothing but its seed, number and class. Batches of 8, 16 and 32 were tried
# and differ from this one in the last bits for some recipes, so few pictures take as long as a whole batch.
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
    pictures = _paint_all(generator, latents, np.arange(classes).repeat(count), device)
    return pictures.reshape(classes, count, *pictures.shape[1:])


def paint_between(
    recipe: GeneratorRecipe,
    generator: nn.Module,
    rows: int,
    steps: int,
    seed: int,
    labels: NDArray[np.int64] | None = None,
    *,
    spherical: bool = True,
    device: str = "cpu",
) -> NDArray[np.uint8]:
    """Ways through the latent space: row k leads from latent 2k of a seed to latent 2k + 1.

    Latents of N(0, I) lie near a sphere, and what is between two of them on a straight line is nearer to 0 than any
    that the generator was trained with; the way along the sphere is not (White 2016, "Sampling generative networks").
    Latents of a cube have no such gap between them, and go straight.

    Args:
        recipe: draws the latents.
        generator: in evaluation mode, on `device`.
        rows: how many ways.
        steps: pictures of each, both ends included; at least 2.
        seed: of the latents.
        labels: for a conditional generator, the class of each row, int64 [rows].
        spherical: along the sphere, or else straight.
        device: where the generator is.

    Returns:
        uint8 [rows, steps, S, S, 3].
    """
    drawn = itertools.islice(_latents(recipe, seed), math.ceil(2 * rows / BATCH))
    ends = torch.cat(list(drawn))[: 2 * rows]
    between = _along_sphere if spherical else torch.lerp
    places = torch.linspace(0, 1, steps)[None, :, None]
    latents = between(ends[0::2, None], ends[1::2, None], places).flatten(0, 1)
    pictures = _paint_all(generator, latents, None if labels is None else labels.repeat(steps), device)
    return pictures.reshape(rows, steps, *pictures.shape[1:])


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


def _along_sphere(start: Tensor, end: Tensor, places: Tensor) -> Tensor:
    """Spherical interpolation (Shoemake 1985) over the last axis; straight where the two point the same way."""
    cosine = torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)[..., None]
    angle = cosine.acos()
    sine = angle.sin()
    curved = ((1 - places) * angle).sin() / sine * start + (places * angle).sin() / sine * end
    return torch.where(sine > 1e-4, curved, torch.lerp(start, end, places))


def _latents(recipe: GeneratorRecipe, seed: int) -> Iterator[Tensor]:
    """The endless latents of a seed, float [BATCH, latent_dim] at a time."""
    try:
        random = torch.Generator().manual_seed(seed)
    except (RuntimeError, ValueError, OverflowError) as error:
        raise ConfigError(f"seed {seed} is out of range; choose 0 to {2**64 - 1}") from error
    while True:
        yield recipe.latents(BATCH, random)


def _paint_all(
    generator: nn.Module, latents: Tensor, labels: NDArray[np.int64] | None, device: str
) -> NDArray[np.uint8]:
    """A picture of each of any number of latents."""
    batches = [slice(start, start + BATCH) for start in range(0, len(latents), BATCH)]
    return np.concatenate(
        [_paint(generator, latents[batch], None if labels is None else labels[batch], device) for batch in batches]
    )


def _paint(generator: nn.Module, latents: Tensor, labels: NDArray[np.int64] | None, device: str) -> NDArray[np.uint8]:
    """Up to `BATCH` pictures, made as a whole batch."""
    count = len(latents)
    latents = pad(latents, (0, 0, 0, BATCH - count)).to(device)
    classes = None if labels is None else pad(torch.from_numpy(labels), (0, BATCH - count)).to(device)
    with torch.inference_mode():
        pictures = generate(generator, latents, classes)
    return to_uint8(pictures)[:count]
