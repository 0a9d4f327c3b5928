"""Sampling from a generator. Picture k of a seed does not depend on the number of pictures."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.pixels import to_uint8
from ganvas.gans.recipe import GeneratorRecipe, generate

# All batches have this size; the last one is padded. A convolution rounds differently at other batch sizes, and a
# picture must depend on its seed, number and class only. Batches of 8, 16 and 32 differ from this size in the last bits
# for some recipes, so a few pictures take as long as a whole batch.
BATCH = 64
# Any number of multiples of this, modulo 1, fill the interval [0, 1) evenly.
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


def sample_batches(
    recipe: GeneratorRecipe,
    generator: nn.Module,
    count: int,
    seed: int,
    labels: Integers | None = None,
    device: str = "cpu",
) -> Iterator[Images]:
    """Generate the first `count` pictures of a seed in batches.

    Args:
        recipe: draws the latents.
        generator: the network in evaluation mode, on `device`.
        count: number of pictures.
        seed: seed of the latents.
        labels: the class of each picture, int64 [count], for a conditional generator.
        device: device of the generator.

    Yields:
        uint8 [N, S, S, 3], N at most `BATCH`.
    """
    for start, latents in zip(range(0, count, BATCH), _latents(recipe, seed), strict=False):
        yield _generate(generator, latents[: count - start], None if labels is None else labels[start:][:BATCH], device)


def sample_by_class(
    recipe: GeneratorRecipe, generator: nn.Module, classes: int, count: int, seed: int, device: str = "cpu"
) -> Images:
    """Generate the first `count` latents of a seed once for each class, as in paper 3.

    Returns:
        uint8 [classes, count, S, S, 3]; pictures [:, k] share a latent.
    """
    drawn = itertools.islice(_latents(recipe, seed), math.ceil(count / BATCH))
    latents = torch.cat(list(drawn))[:count].repeat(classes, 1)
    pictures = _generate_all(generator, latents, np.arange(classes).repeat(count), device)
    return pictures.reshape(classes, count, *pictures.shape[1:])


def sample_interpolations(
    recipe: GeneratorRecipe,
    generator: nn.Module,
    rows: int,
    steps: int,
    seed: int,
    labels: Integers | None = None,
    *,
    spherical: bool = True,
    device: str = "cpu",
) -> Images:
    """Interpolate between latents: row k leads from latent 2k of a seed to latent 2k + 1.

    Latents from N(0, I) lie near a sphere. Linear interpolation leads through points nearer to 0 than any in training;
    spherical interpolation does not (White 2016, "Sampling generative networks"). Uniform latents fill a cube, where
    linear interpolation stays in the distribution.

    Args:
        recipe: draws the latents.
        generator: the network in evaluation mode, on `device`.
        rows: number of rows.
        steps: pictures per row, including both ends; at least 2.
        seed: seed of the latents.
        labels: the class of each row, int64 [rows], for a conditional generator.
        spherical: interpolate on the sphere; otherwise linearly.
        device: device of the generator.

    Returns:
        uint8 [rows, steps, S, S, 3].
    """
    drawn = itertools.islice(_latents(recipe, seed), math.ceil(2 * rows / BATCH))
    ends = torch.cat(list(drawn))[: 2 * rows]
    interpolate = _along_sphere if spherical else torch.lerp
    positions = torch.linspace(0, 1, steps)[None, :, None]
    latents = interpolate(ends[0::2, None], ends[1::2, None], positions).flatten(0, 1)
    pictures = _generate_all(generator, latents, None if labels is None else labels.repeat(steps), device)
    return pictures.reshape(rows, steps, *pictures.shape[1:])


def mixed_labels(shares: Sequence[float], count: int) -> Integers:
    """Classes for the pictures of a seed. Any first part of them has about the given shares.

    The interval [0, 1) is divided by the shares. Picture k has the class of the part that contains k times the golden
    ratio, modulo 1. The number of pictures of a class is not random, so it adds no noise to scores.

    Args:
        shares: share of each class; they sum to 1.
        count: number of labels.

    Returns:
        int64 [count].
    """
    positions = (0.5 + np.arange(count) * GOLDEN_RATIO) % 1
    return np.searchsorted(np.cumsum(shares)[:-1], positions, side="right")


def _along_sphere(start: Tensor, end: Tensor, positions: Tensor) -> Tensor:
    """Spherical interpolation (Shoemake 1985) over the last axis; linear if both have the same direction."""
    cosine = torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)[..., None]
    angle = cosine.acos()
    sine = angle.sin()
    curved = ((1 - positions) * angle).sin() / sine * start + (positions * angle).sin() / sine * end
    return torch.where(sine > 1e-4, curved, torch.lerp(start, end, positions))


def _latents(recipe: GeneratorRecipe, seed: int) -> Iterator[Tensor]:
    """All latents of a seed, without end, as float [BATCH, latent_dim]."""
    try:
        random = torch.Generator().manual_seed(seed)
    except (RuntimeError, ValueError, OverflowError) as error:
        raise ConfigError(f"seed {seed} is out of range; choose 0 to {2**64 - 1}") from error
    while True:
        yield recipe.latents(BATCH, random)


def _generate_all(generator: nn.Module, latents: Tensor, labels: Integers | None, device: str) -> Images:
    """Generate any number of pictures, one for each latent."""
    batches = [slice(start, start + BATCH) for start in range(0, len(latents), BATCH)]
    return np.concatenate(
        [_generate(generator, latents[batch], None if labels is None else labels[batch], device) for batch in batches]
    )


def _generate(generator: nn.Module, latents: Tensor, labels: Integers | None, device: str) -> Images:
    """Generate up to `BATCH` pictures as a full batch."""
    count = len(latents)
    latents = pad(latents, (0, 0, 0, BATCH - count)).to(device)
    classes = None if labels is None else pad(torch.from_numpy(labels), (0, BATCH - count)).to(device)
    with torch.inference_mode():
        pictures = generate(generator, latents, classes)
    return to_uint8(pictures)[:count]
