"""Directions: the axes of the latent space along which pictures change most.

Two ways find them. Both are eigenvectors of a symmetric matrix, sorted by their eigenvalues:

    jacobian   M = E_z [J^T J],  J = d f(G(z)) / d z      (Wang and Ponce 2021, "The geometry of deep generative image
                                                          models", section 2), with features f
    sefa       M = A^T A,  G's first layer is A z + b     (Shen and Zhou 2021, "Closed-form factorization of latent
                                                          semantics in GANs", equation 4)

An eigenvector has no sign; the component that is largest in magnitude is made positive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganvas.artist.kept_directions import Direction, read_directions, write_directions
from ganvas.artist.origin import Cell, Edit, Sheet, encoded
from ganvas.artist.sampling import latents_of
from ganvas.artist.trained import TrainedGenerator
from ganvas.foundation.arrays import Features
from ganvas.foundation.errors import ConfigError, RunError, unknown
from ganvas.gans.recipe import generate
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import FeatureNetwork, extract
from ganvas.settings.config import DEFAULT_EXTRACTOR

METHODS = ("jacobian", "sefa")
# Latents over which J^T J is averaged, at a time and in all, and random projections of the features for each.
BATCH, SAMPLES, PROBES = 16, 64, 8
# Pictures by which the change along a direction is measured.
MEASURED = 16
# Layers that can be the first of a generator.
LAYERS = (nn.Linear, nn.ConvTranspose2d, nn.Conv2d)


def find_directions(
    artist: TrainedGenerator,
    count: int = 5,
    method: str = "jacobian",
    *,
    extractor: str = DEFAULT_EXTRACTOR,
    samples: int = SAMPLES,
    seed: int = 0,
) -> list[Direction]:
    """The axes along which pictures change most, the strongest first, named such as `jacobian-1`.

    Args:
        artist: the generator.
        count: number of directions, at most the length of the latents.
        method: "jacobian" or "sefa".
        extractor: name of the feature network of the Jacobian, and of the measured change.
        samples: latents over which the Jacobian is averaged.
        seed: seed of these latents.

    Raises:
        ConfigError: the method or feature network is unknown, or cannot be used with this generator.
    """
    if method not in METHODS:
        raise ConfigError(unknown("method", method, METHODS))
    network = load_extractor(extractor)
    matrix = metric_tensor(artist, network, samples, seed) if method == "jacobian" else first_layer_gram(artist)
    values, vectors = axes(matrix)
    return [
        _measured(artist, network, f"{method}-{number + 1}", method, float(values[number]), vectors[number])
        for number in range(min(count, artist.latent_dim))
    ]


def axes(matrix: Tensor) -> tuple[Tensor, Features]:
    """Eigenvalues, the largest first, and unit eigenvectors with fixed signs of a symmetric matrix.

    Args:
        matrix: float64 [D, D].

    Returns:
        float64 [D], and float32 [D, D], a vector in each row.
    """
    values, columns = torch.linalg.eigh(matrix)
    rows = columns.flip(1).T
    largest = rows.abs().argmax(dim=1, keepdim=True)
    signs = torch.sign(rows.gather(1, largest))
    return values.flip(0), (rows * signs).float().numpy()


def metric_tensor(artist: TrainedGenerator, network: FeatureNetwork, samples: int = SAMPLES, seed: int = 0) -> Tensor:
    """The mean of J^T J over latents, float64 [latent_dim, latent_dim].

    J has a row for each of a thousand features. With w ~ N(0, I), E[J^T w w^T J] = J^T J, so a few random projections
    of the features for each latent give the mean without bias, at the cost of a backward pass each.
    """
    random = torch.Generator().manual_seed(seed)
    total = torch.zeros(artist.latent_dim, artist.latent_dim, dtype=torch.float64)
    latents, labels = latents_of(artist.snapshot.recipe, seed, range(samples)), artist.labels(samples)
    for start in range(0, samples, BATCH):
        z = latents[start : start + BATCH].clone().requires_grad_()
        classes = None if labels is None else torch.from_numpy(labels[start : start + BATCH])
        features = network.differentiable(generate(artist.snapshot.generator, z, classes))
        if not features.requires_grad:
            raise ConfigError(
                f"the pictures of recipe {artist.card.recipe} do not depend on z: there are no directions"
            )
        for probe in range(PROBES):
            weights = torch.randn(features.shape, generator=random)
            (rows,) = torch.autograd.grad(features, z, weights, retain_graph=probe < PROBES - 1)
            total += rows.double().T @ rows.double()
    return total / (samples * PROBES)


def first_layer_gram(artist: TrainedGenerator) -> Tensor:
    """A^T A of the generator's first layer over z, float64 [latent_dim, latent_dim].

    The layer is affine, so its outputs for the unit vectors, less that for 0, are the columns of A. What it does with
    the class is in neither.

    Raises:
        ConfigError: the generator has no such layer.
    """
    generator, size = artist.snapshot.generator, artist.latent_dim
    seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        seen.append(output.flatten(1).double())

    hooks = [module.register_forward_hook(keep) for module in generator.modules() if isinstance(module, LAYERS)]
    latents = torch.cat([torch.zeros(1, size), torch.eye(size)])
    classes = torch.zeros(len(latents), dtype=torch.int64) if artist.class_names else None
    try:
        with torch.no_grad():
            generate(generator, latents, classes)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        raise ConfigError(f"sefa needs a generator that starts with a linear layer; {artist.card.recipe} does not")
    columns = seen[0][1:] - seen[0][:1]
    return columns @ columns.T


def _measured(
    artist: TrainedGenerator, network: FeatureNetwork, name: str, method: str, strength: float, vector: Features
) -> Direction:
    """A direction with the mean change of pictures over a unit step, half of it to either side."""
    cells = artist.cells(range(MEASURED))
    ends = [artist.paint([_moved(each, name, amount) for each in cells], {name: vector}) for amount in (-0.5, 0.5)]
    before, after = (extract(network, images) for images in ends)
    return Direction(
        name=name,
        vector=encoded(vector),
        method="jacobian" if method == "jacobian" else "sefa",
        strength=strength,
        pixels=float(np.abs(ends[1].astype(np.float64) - ends[0]).mean()),
        features=float(np.linalg.norm(after.astype(np.float64) - before, axis=1).mean()),
        extractor=network.get_name(),
    )


def keep_directions(artist: TrainedGenerator, directions: Sequence[Direction]) -> list[Direction]:
    """Keep directions beside the snapshot, with those that are there under other names. Returns all of them.

    Directions of another snapshot, which an earlier file of this name had, are dropped.

    Raises:
        RunError: the generator is not from a file.
        WriteError: the file system refused to write. What was there stays.
    """
    if artist.path is None:
        raise RunError("directions are kept beside a snapshot, and this generator is not from a file")
    new = {each.name for each in directions}
    try:
        kept = _kept(artist)
    except RunError:
        kept = []
    every = [*directions, *(each for each in kept if each.name not in new)]
    write_directions(artist.path, artist.snapshot.digest, every)
    artist.__dict__.pop("directions", None)  # the generator reads them again
    return every


def rename_direction(artist: TrainedGenerator, old: str, new: str) -> list[Direction]:
    """Give a direction that is kept beside the snapshot another name. Returns all directions.

    Raises:
        RunError: there is none of that name, or the new name is taken or empty.
    """
    kept = _kept(artist)
    names = [each.name for each in kept]
    if old not in names:
        raise RunError(unknown("direction", old, names) if names else "no directions are kept beside this snapshot yet")
    if new in names or not new.strip() or "=" in new:
        raise RunError(f"a direction cannot be called {new!r}: the name is taken, empty, or has a '='")
    assert artist.path is not None
    every = [each.model_copy(update={"name": new}) if each.name == old else each for each in kept]
    write_directions(artist.path, artist.snapshot.digest, every)
    artist.__dict__.pop("directions", None)
    return every


def _kept(artist: TrainedGenerator) -> list[Direction]:
    return read_directions(artist.path, artist.snapshot.digest) if artist.path else []


@dataclass(frozen=True)
class Strip:
    """A sheet with a row for each direction.

    Attributes:
        cells: the pictures, row by row.
        sheet: their arrangement.
    """

    cells: list[Cell]
    sheet: Sheet


def strip(cell: Cell, directions: Sequence[str], reach: float = 3.0, steps: int = 7, enlarge: int = 1) -> Strip:
    """A picture at even steps along each direction, from `-reach` to `reach`.

    Args:
        cell: the picture, which is in the middle of each row if `steps` is odd.
        directions: names of the directions.
        reach: the furthest step, in units of the latents.
        steps: pictures in a row, at least 2.
        enlarge: whole factor by which pictures are enlarged.
    """
    amounts = np.linspace(-reach, reach, steps).tolist()
    cells = [_moved(cell, name, amount) for name in directions for amount in amounts]
    return Strip(cells, Sheet(columns=steps, rows=list(directions), enlarge=enlarge))


def _moved(cell: Cell, direction: str, amount: float) -> Cell:
    return cell.model_copy(update={"edits": [*cell.edits, Edit(direction=direction, amount=amount)]})
