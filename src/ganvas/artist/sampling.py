"""Sampling from a generator. Picture k of a seed does not depend on the number of pictures."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ganvas.foundation.arrays import Features, Images, Integers
from ganvas.foundation.errors import ConfigError
from ganvas.foundation.pixels import to_uint8
from ganvas.gans.recipe import GeneratorRecipe, generate

# All batches have this size; the last one is padded. A convolution rounds differently at other batch sizes, and a
# picture must depend on its seed, number and class only. Batches of 8, 16 and 32 differ from this size in the last bits
# for some recipes, so a few pictures take as long as a whole batch. A generator of large pictures has a smaller size of
# its own, its attribute `batch`.
BATCH = 64
# The classes of pictures: numbers, int64 [N], or weights that mix classes, float32 [N, C].
Classes: TypeAlias = Integers | Features
# Any number of multiples of this, modulo 1, fill the interval [0, 1) evenly.
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


def sample_batches(
    recipe: GeneratorRecipe,
    generator: nn.Module,
    count: int,
    seed: int,
    labels: Classes | None = None,
    device: str = "cpu",
    truncation: float = 1.0,
    offset: Tensor | None = None,
) -> Iterator[Images]:
    """Generate the first `count` pictures of a seed in batches.

    Args:
        recipe: draws the latents.
        generator: the network in evaluation mode, on `device`.
        count: number of pictures.
        seed: seed of the latents.
        labels: the class of each picture, for a conditional generator: numbers int64 [count], or weights that mix
            classes, float32 [count, C].
        device: device of the generator.
        truncation: factor of the latents; see `truncated`.
        offset: what is added to each latent after that, float [latent_dim].

    Yields:
        uint8 [N, S, S, 3], N at most `BATCH`.
    """
    for start, drawn in zip(range(0, count, BATCH), _latents(recipe, seed), strict=False):
        latents = truncated(drawn[: count - start], truncation)
        latents = latents if offset is None else latents + offset
        yield paint(generator, latents, None if labels is None else labels[start:][:BATCH], device)


def sample_by_class(
    recipe: GeneratorRecipe,
    generator: nn.Module,
    classes: int,
    count: int,
    seed: int,
    device: str = "cpu",
) -> Images:
    """Generate the first `count` latents of a seed once for each class, as in paper 3.

    Returns:
        uint8 [classes, count, S, S, 3]; pictures [:, k] share a latent.
    """
    latents = latents_of(recipe, seed, range(count)).repeat(classes, 1)
    pictures = paint(generator, latents, np.arange(classes).repeat(count), device)
    return pictures.reshape(classes, count, *pictures.shape[1:])


def between(starts: Tensor, ends: Tensor, steps: int, *, spherical: bool) -> Tensor:
    """Latents on the ways from some latents to others.

    Latents from N(0, I) lie near a sphere. Linear interpolation leads through points nearer to 0 than any in training;
    spherical interpolation does not (White 2016, "Sampling generative networks"). Uniform latents fill a cube, where
    linear interpolation stays in the distribution.

    Args:
        starts: float [N, D].
        ends: float [N, D].
        steps: latents on each way, including both ends; at least 2.
        spherical: interpolate on the sphere; otherwise linearly.

    Returns:
        float [N, steps, D].
    """
    positions = torch.linspace(0, 1, steps)[None, :, None]
    return (_along_sphere if spherical else torch.lerp)(starts[:, None], ends[:, None], positions)


def truncated(latents: Tensor, truncation: float) -> Tensor:
    """Latents pulled towards the origin: times a factor, below 1 for more typical and less varied pictures.

    Brock et al. 2019 draw from a truncated normal distribution. Scaling has the same effect, and a number of a seed
    shows the same picture at every truncation, only nearer to the typical one. Uniform latents fill a smaller cube.
    """
    return latents if truncation == 1 else latents * truncation


def latents_of(recipe: GeneratorRecipe, seed: int, numbers: Sequence[int]) -> Tensor:
    """The latents of a seed with these numbers, float [N, latent_dim]."""
    last, wanted = max(numbers) // BATCH, {number // BATCH for number in numbers}
    drawn = zip(range(last + 1), _latents(recipe, seed), strict=False)
    batches = {place: latents for place, latents in drawn if place in wanted}
    return torch.stack([batches[number // BATCH][number % BATCH] for number in numbers])


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


def paint(
    generator: nn.Module,
    latents: Tensor,
    classes: Classes | None = None,
    device: str = "cpu",
    *,
    is_preview: bool = False,
) -> Images:
    """Generate any number of pictures, one for each latent.

    Args:
        generator: the network in evaluation mode, on `device`.
        latents: float [N, latent_dim].
        classes: for a conditional generator: class numbers, int64 [N], or weights that mix classes, float32 [N, C].
        device: device of the generator.
        is_preview: paint the last batch without filling it up, which is faster for a few pictures. Their last bits then
            depend on their number, so what is kept is not painted like this.

    Returns:
        uint8 [N, S, S, 3].
    """
    size = getattr(generator, "batch", BATCH)
    parts = [slice(start, start + size) for start in range(0, len(latents), size)]
    filled = 0 if is_preview else size
    return np.concatenate(
        [_batch(generator, latents[part], None if classes is None else classes[part], device, filled) for part in parts]
    )


def _batch(generator: nn.Module, latents: Tensor, classes: Classes | None, device: str, size: int) -> Images:
    """Generate a batch, filled up to `size` pictures."""
    with torch.inference_mode():
        given = None if classes is None else _filled(torch.from_numpy(classes), size).to(device)
        pictures = generate(generator, _filled(latents, size).to(device), given)
    return to_uint8(pictures)[: len(latents)]


def _filled(rows: Tensor, size: int) -> Tensor:
    """Rows [N, ...] with zeros after them up to [size, ...], if there are fewer."""
    return pad(rows, [*[0] * (2 * rows.dim() - 1), max(0, size - len(rows))])
