"""Projection: the latent whose picture is nearest to a given picture.

Many restarts run as one batch of a gradient descent on z (Lipton and Tripathi 2017, "Precise recovery of latent vectors
from generative adversarial networks"). All of them first compare pixels, at three sizes, since a coarse picture leads
further. The best go on with the features of a network as well.

Latents stay where those of training lie. Normal ones keep a radius between two quantiles of its distribution, which is
chi's. Uniform ones stay in the cube; a value that leaves it is drawn anew, as in that paper.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganvas.artist.grids import arranged
from ganvas.artist.origin import Cell, Sheet, encoded
from ganvas.artist.png import write_painted
from ganvas.artist.sampling import latents_of
from ganvas.artist.trained import TrainedGenerator
from ganvas.foundation.arrays import Floats, Images
from ganvas.foundation.errors import RunError
from ganvas.foundation.files import whole_directory
from ganvas.foundation.pixels import to_float
from ganvas.gans.recipe import generate
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import FeatureNetwork, extract
from ganvas.settings.config import DEFAULT_EXTRACTOR

# Random pictures among which the starts are chosen, starts, and how many of them go on to the features.
CANDIDATES, RESTARTS, FINALISTS = 512, 16, 4
# Steps of each of the two parts, and the learning rates at the beginning and end of each.
STEPS, RATES = 200, (0.1, 0.005)
# The weight of the features, whose squared distance is divided by the target's squared norm.
FEATURE_WEIGHT = 0.1
# Quantiles of the radius of normal latents.
RADII = (0.001, 0.999)
# Rows of a batch.
ROWS = 256
# The files of a directory of projections: the sheet, and each picture that was found, by its number.
COMPARISON, FOUND = "comparison.png", "found-{:03d}.png"


@dataclass(frozen=True)
class Projection:
    """The picture of a generator that is nearest to a given picture.

    Attributes:
        cell: how the generator paints it.
        target: the given picture, uint8 [S, S, 3].
        found: the nearest, uint8 [S, S, 3].
        pixels: mean absolute difference of both, in grey levels of 255.
        features: distance of their features.
        typical_pixels: mean of the same difference between the given picture and random ones of the generator.
        typical_features: the same for features.
        extractor: name of the feature network.
    """

    cell: Cell
    target: Images
    found: Images
    pixels: float
    features: float
    typical_pixels: float
    typical_features: float
    extractor: str

    def __str__(self) -> str:
        """The difference that remains, beside that of random pictures."""
        return (
            f"{self.pixels:.2f} grey levels away (random pictures: {self.typical_pixels:.2f}), {self.features:.3f} in "
            f"features of {self.extractor} (random: {self.typical_features:.3f})"
        )


def project(
    artist: TrainedGenerator,
    targets: Images,
    label: str | None = None,
    *,
    restarts: int = RESTARTS,
    steps: int = STEPS,
    extractor: str = DEFAULT_EXTRACTOR,
    seed: int = 0,
) -> list[Projection]:
    """Find the picture of a generator that is nearest to each given picture.

    Args:
        artist: the generator.
        targets: uint8 [N, S, S, 3], of the generator's size.
        label: name of the class; by default the class is searched too.
        restarts: starts for each picture.
        steps: steps of each of the two parts of the search.
        extractor: name of the feature network.
        seed: seed of the starts.

    Raises:
        RunError: the size is another one, or the class is unknown.
        ConfigError: the feature network is unknown, or has no derivative.
    """
    if targets.shape[1:3] != (artist.size, artist.size):
        raise RunError(
            f"pictures of {targets.shape[2]} x {targets.shape[1]} pixels; expected {artist.size} of each side"
        )
    network = load_extractor(extractor)
    candidates = _Candidates.of(artist, label, seed)
    found = []
    for start in range(0, len(targets), max(1, ROWS // restarts)):
        chunk = targets[start : start + max(1, ROWS // restarts)]
        found += _search(artist, network, candidates, chunk, restarts, steps, seed)
    return _measured(artist, network, targets, found, candidates)


@dataclass(frozen=True)
class _Candidates:
    """Random pictures of a generator: latents [M, D], class numbers [M] if any, pictures float [M, 3, S, S]."""

    latents: Tensor
    classes: Tensor | None
    pictures: Tensor

    @classmethod
    def of(cls, artist: TrainedGenerator, label: str | None, seed: int) -> "_Candidates":
        latents = latents_of(artist.snapshot.recipe, seed, range(CANDIDATES))
        labels = artist.labels(CANDIDATES, label)
        classes = None if labels is None else torch.from_numpy(labels)
        return cls(latents, classes, _pictures(artist, latents, classes))

    def nearest(self, target: Tensor, count: int) -> Tensor:
        """The rows of those nearest to a target [3, S, S]; of each class at least one, if there are as many starts."""
        order = ((self.pictures - target) ** 2).mean((1, 2, 3)).argsort()
        if self.classes is None:
            return order[:count]
        nearest_of: dict[int, int] = {}
        for row in order.tolist():
            nearest_of.setdefault(int(self.classes[row]), row)
        first = list(nearest_of.values())
        return torch.tensor([*first, *(row for row in order.tolist() if row not in first)][:count])


def _search(
    artist: TrainedGenerator,
    network: FeatureNetwork,
    candidates: _Candidates,
    targets: Images,
    restarts: int,
    steps: int,
    seed: int,
) -> list[Cell]:
    """The best cell for each target."""
    pictures = to_float(torch.from_numpy(np.ascontiguousarray(targets)))
    rows = torch.cat([candidates.nearest(picture, restarts) for picture in pictures])
    of = torch.arange(len(pictures)).repeat_interleave(len(rows) // len(pictures))
    latents = candidates.latents[rows].clone()
    classes = None if candidates.classes is None else candidates.classes[rows]
    keep = _Bounds(artist, seed)

    latents, losses = _descend(artist, latents, classes, pictures[of], None, steps, keep)
    best = _best_of_each(losses, of, FINALISTS)
    of, latents, classes = of[best], latents[best], None if classes is None else classes[best]
    latents, losses = _descend(artist, latents, classes, pictures[of], network, steps, keep)
    winners = _best_of_each(losses, of, 1)
    labels = [artist.class_names[int(classes[row])] if classes is not None else None for row in winners]
    return [Cell(latent=encoded(z.numpy()), label=label) for z, label in zip(latents[winners], labels, strict=True)]


def _best_of_each(losses: Tensor, of: Tensor, count: int) -> Tensor:
    """The rows with the smallest losses, `count` for each target."""
    order = losses.argsort()
    return torch.cat([order[of[order] == target][:count] for target in range(int(of.max()) + 1)])


class _Bounds:
    """Keeps latents where those of training lie."""

    def __init__(self, artist: TrainedGenerator, seed: int) -> None:
        self._is_uniform = artist.is_uniform
        self._radii = [float(radius) for radius in scipy.stats.chi.ppf(RADII, artist.latent_dim)]
        self._random = torch.Generator().manual_seed(seed)

    def __call__(self, latents: Tensor) -> None:
        """Move latents [N, D] back, in place."""
        if self._is_uniform:
            drawn = torch.rand(latents.shape, generator=self._random) * 2 - 1
            latents.copy_(torch.where(latents.abs() > 1, drawn, latents))
            return
        radii = latents.norm(dim=1, keepdim=True).clamp_min(1e-12)
        latents.mul_(radii.clamp(*self._radii) / radii)


def _descend(
    artist: TrainedGenerator,
    latents: Tensor,
    classes: Tensor | None,
    targets: Tensor,
    network: FeatureNetwork | None,
    steps: int,
    keep: _Bounds,
) -> tuple[Tensor, Tensor]:
    """Adam on each latent. Returns the best latents that were met [N, D], and their losses [N]."""
    latents = latents.clone().requires_grad_()
    wanted = None if network is None else network.differentiable(targets)
    optimiser = torch.optim.Adam([latents], lr=RATES[0], betas=(0.9, 0.99))
    best, least = latents.detach().clone(), torch.full((len(latents),), torch.inf)
    for step in range(steps + 1):
        pictures = generate(artist.snapshot.generator, latents, classes)
        losses = pixel_distances(pictures, targets)
        if network is not None and wanted is not None:
            squares = ((network.differentiable(pictures) - wanted) ** 2).sum(1)
            losses = losses + FEATURE_WEIGHT * squares / (wanted**2).sum(1).clamp_min(1e-12)
        with torch.no_grad():
            better = losses < least
            best[better], least[better] = latents.detach()[better], losses.detach()[better]
        if step == steps or not losses.requires_grad:
            break
        (latents.grad,) = torch.autograd.grad(losses.sum(), latents)
        optimiser.param_groups[0]["lr"] = _rate(step / steps)
        optimiser.step()
        with torch.no_grad():
            keep(latents)
    return best, least


def _rate(done: float) -> float:
    """The learning rate after a share of the steps: a half cosine from the first of `RATES` to the last."""
    first, last = RATES
    return last + (first - last) * (1 + math.cos(math.pi * done)) / 2


def pixel_distances(pictures: Tensor, targets: Tensor) -> Tensor:
    """Mean squared differences of pictures [N, 3, S, S] in [-1, 1] at full, half and quarter size, added: [N]."""
    total = ((pictures - targets) ** 2).mean((1, 2, 3))
    for factor in (2, 4):
        if pictures.shape[2] % factor == 0:
            total = total + ((avg_pool2d(pictures, factor) - avg_pool2d(targets, factor)) ** 2).mean((1, 2, 3))
    return total


def _pictures(artist: TrainedGenerator, latents: Tensor, classes: Tensor | None) -> Tensor:
    with torch.no_grad():
        parts = [
            generate(artist.snapshot.generator, latents[rows], None if classes is None else classes[rows])
            for rows in (slice(start, start + ROWS) for start in range(0, len(latents), ROWS))
        ]
    return torch.cat(parts)


def _measured(
    artist: TrainedGenerator,
    network: FeatureNetwork,
    targets: Images,
    cells: Sequence[Cell],
    candidates: _Candidates,
) -> list[Projection]:
    """The projections with what remains of the difference, beside that of random pictures."""
    found, random = artist.paint(cells), artist.paint(_random_cells(artist, candidates))
    wanted, got, others = (extract(network, images).astype(np.float64) for images in (targets, found, random))
    return [
        Projection(
            cell=cell,
            target=targets[row],
            found=found[row],
            pixels=float(_grey_levels(found[row : row + 1], targets[row]).mean()),
            features=float(np.linalg.norm(got[row] - wanted[row])),
            typical_pixels=float(_grey_levels(random, targets[row]).mean()),
            typical_features=float(np.linalg.norm(others - wanted[row], axis=1).mean()),
            extractor=network.get_name(),
        )
        for row, cell in enumerate(cells)
    ]


def _random_cells(artist: TrainedGenerator, candidates: _Candidates) -> list[Cell]:
    names, classes = artist.class_names, candidates.classes
    labels: Sequence[str | None] = [None] * RESTARTS
    if classes is not None:
        labels = [names[int(number)] for number in classes[:RESTARTS]]
    rows = candidates.latents[:RESTARTS].numpy()
    return [Cell(latent=encoded(z), label=label) for z, label in zip(rows, labels, strict=True)]


def _grey_levels(images: Images, target: Images) -> Floats:
    """Mean absolute differences of pictures from a target, float64 [N]."""
    levels: Floats = np.abs(images.astype(np.float64) - target).mean((1, 2, 3))
    return levels


def write_projections(
    artist: TrainedGenerator,
    out: Path,
    projections: Sequence[Projection],
    names: Sequence[str],
    enlarge: int = 1,
    *,
    metadata: bool = True,
) -> None:
    """Write what was found to a new directory: each picture that was found, and a sheet of all comparisons.

    A row of the sheet is the given picture, the found one, and their difference.

    Args:
        artist: the generator.
        out: the directory.
        projections: what was found.
        names: what the given pictures are called.
        enlarge: whole factor by which pictures are enlarged on the sheet.
        metadata: whether the files say how they were made.

    Raises:
        GanvasError: the directory exists already, or cannot be written.
    """
    cells, pictures, captions = [], [], []
    for name, each in zip(names, projections, strict=True):
        difference = np.abs(each.target.astype(np.int16) - each.found).astype(np.uint8)
        cells += [Cell(other=f"a picture that was given ({name[-200:]})"), each.cell, Cell(other="a difference")]
        pictures += [each.target, each.found, difference]
        captions += ["given", "found", f"{each.pixels:.1f} levels"]
    sheet = Sheet(columns=3, captions=captions, enlarge=enlarge)
    with whole_directory(out) as directory:
        for number, each in enumerate(projections):
            origin = artist.origin([each.cell]) if metadata else None
            write_painted(directory / FOUND.format(number), each.found, origin, metadata=metadata)
        origin = artist.origin(cells, sheet) if metadata else None
        write_painted(directory / COMPARISON, arranged(np.stack(pictures), sheet), origin, metadata=metadata)
