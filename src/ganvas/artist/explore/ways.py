"""Ways between pictures: from one to the next, and closed tours whose speed has no jumps.

Classes are mixed on the way, since a generator takes a class as a vector. Latents are those that the generator gets,
after truncation and edits.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from ganvas.artist.origin import Cell, Label, encoded
from ganvas.artist.sampling import between
from ganvas.artist.trained import Directions, TrainedGenerator
from ganvas.foundation.arrays import Floats
from ganvas.foundation.errors import ConfigError

# Radii below this have no direction.
SMALLEST_RADIUS = 1e-6


def straight_ways(
    artist: TrainedGenerator,
    cells: Sequence[Cell],
    steps: int,
    directions: Directions | None = None,
    *,
    spherical: bool | None = None,
) -> list[Cell]:
    """Interpolate from each picture to the next.

    Args:
        artist: the generator.
        cells: N pictures, at least 2.
        steps: pictures on each way, including both ends; at least 2.
        directions: vectors of the directions that they name.
        spherical: on the sphere (`sampling.between`), or else linearly; by default on the sphere for normal latents.

    Returns:
        (N - 1) * steps descriptions, way by way.

    Raises:
        ConfigError: there are fewer than two pictures or steps.
        RunError: as for `TrainedGenerator.paint`.
    """
    if len(cells) < 2 or steps < 2:
        raise ConfigError(f"a way needs two pictures and two steps; these are {len(cells)} and {steps}")
    latents = artist.latents(cells, directions)
    is_spherical = artist.interpolates_on_sphere if spherical is None else spherical
    ways = between(latents[:-1], latents[1:], steps, spherical=is_spherical).flatten(0, 1)
    shares = np.linspace(0, 1, steps)
    labels = [
        mixed(start.label, end.label, share) for start, end in itertools.pairwise(cells) for share in shares.tolist()
    ]
    return _cells(ways, labels)


def closed_walk(
    artist: TrainedGenerator, cells: Sequence[Cell], frames: int, directions: Directions | None = None
) -> list[Cell]:
    """A closed tour: through each picture in turn, at even times, and back to the first.

    The latents lie on a periodic cubic spline, whose first two derivatives have no jumps. For normal latents, the
    spline goes through the points' directions and is put onto the sphere; a spline through the logarithms of their
    radii gives the radius. Classes are mixed by 3 t^2 - 2 t^3, whose derivative is 0 at each picture.

    Args:
        artist: the generator.
        cells: N pictures, at least 2.
        frames: number of pictures to make, at least N.
        directions: vectors of the directions that they name.

    Returns:
        `frames` descriptions. The first is at the first picture; after the last comes the first again.

    Raises:
        ConfigError: there are fewer than two pictures, or fewer frames than pictures.
        RunError: as for `TrainedGenerator.paint`.
    """
    if not 2 <= len(cells) <= frames:
        raise ConfigError(
            f"a walk goes through at least 2 pictures in as many frames; these are {len(cells)}, {frames}"
        )
    times = np.arange(frames) * len(cells) / frames
    points = artist.latents(cells, directions).double().numpy()
    latents = torch.from_numpy(closed_curve(points, times, spherical=artist.interpolates_on_sphere)).float()
    labels = []
    for time in times.tolist():
        place, part = int(time), time % 1
        start, end = cells[place].label, cells[(place + 1) % len(cells)].label
        labels.append(mixed(start, end, part * part * (3 - 2 * part)))
    return _cells(latents, labels)


def closed_curve(points: Floats, times: Floats, *, spherical: bool) -> Floats:
    """The closed curve of `closed_walk`.

    Args:
        points: float64 [N, D]; the curve is at point k at time k, and at point 0 again at time N.
        times: float64 [T], 0 to N.
        spherical: whether directions and radii have curves of their own.

    Returns:
        float64 [T, D].
    """
    radii = np.linalg.norm(points, axis=1, keepdims=True)
    if not spherical or radii.min() < SMALLEST_RADIUS:
        return _periodic(points, times)
    units = _periodic(points / radii, times)
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), SMALLEST_RADIUS)
    return units * np.exp(_periodic(np.log(radii), times))


def _periodic(points: Floats, times: Floats) -> Floats:
    closed = np.concatenate([points, points[:1]])
    curve: Floats = CubicSpline(np.arange(len(closed)), closed, bc_type="periodic")(times)
    return curve


def mixed(start: Label | None, end: Label | None, share: float) -> Label | None:
    """The class at a share of the way from one class, or mixture, to another."""
    if start is None or end is None or start == end:
        return start
    weights: dict[str, float] = {}
    for label, part in ((start, 1 - share), (end, share)):
        for name, weight in label.items() if isinstance(label, dict) else [(label, 1.0)]:
            weights[name] = weights.get(name, 0.0) + part * weight
    weights = {name: weight for name, weight in weights.items() if weight}
    (first, *others) = weights.items()
    return first[0] if not others and first[1] == 1 else weights


def _cells(latents: Tensor, labels: Sequence[Label | None]) -> list[Cell]:
    return [Cell(latent=encoded(z), label=label) for z, label in zip(latents.numpy(), labels, strict=True)]
