"""Smoothness: how evenly pictures change on the way between two latents, measured in the features of a network.

A generator that has learned how pictures vary changes them evenly. One that has memorised some jumps between them,
which paper 3 reads from its interpolations. With features f_0 ... f_n of the pictures on a way,

    length = sum_k |f_k - f_(k-1)|    detour = length / |f_n - f_0|    largest = max_k |f_k - f_(k-1)| / (length / n)

Pictures are not rounded to bytes, since steps are small, and everything is float32. Real pictures do not lie on ways;
the yardstick is the same for straight blends of two of them, pixel by pixel.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from ganvas.artist.explore.ways import straight_ways
from ganvas.artist.trained import TrainedGenerator
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Floats
from ganvas.foundation.pixels import to_float
from ganvas.gans.recipe import generate
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import FeatureNetwork
from ganvas.settings.config import DEFAULT_EXTRACTOR

PAIRS, STEPS = 32, 16


@dataclass(frozen=True)
class Ways:
    """The ways between pairs of pictures: means over them, with standard errors.

    Attributes:
        length: sum of the distances between neighbours on a way.
        length_se: its standard error.
        per_step: length divided by the number of steps.
        detour: length divided by the distance between the ends; 1 is straight.
        detour_se: its standard error.
        largest: the largest step divided by the mean one; 1 is even.
        largest_se: its standard error.
    """

    length: float
    length_se: float
    per_step: float
    detour: float
    detour_se: float
    largest: float
    largest_se: float

    @classmethod
    def of(cls, steps: Floats, ends: Floats) -> "Ways":
        """From the lengths of steps, float64 [N, n], and the distances between ends, float64 [N]."""
        lengths, count = steps.sum(1), steps.shape[1]
        figures = lengths, lengths / np.maximum(ends, 1e-12), steps.max(1) * count / np.maximum(lengths, 1e-12)
        (length, length_se), (detour, detour_se), (largest, largest_se) = (
            (float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))) for values in figures
        )
        return cls(length, length_se, length / count, detour, detour_se, largest, largest_se)


@dataclass(frozen=True)
class Smoothness:
    """Ways between generated pictures, beside blends of real ones.

    Attributes:
        generated: ways between latents.
        real: straight blends of training pictures; None without a dataset.
        pairs: number of ways.
        steps: steps of each.
        ends: where the ways begin and end.
        path: "sphere" or "line", the way of the latents.
        extractor: name of the feature network.
    """

    generated: Ways
    real: Ways | None
    pairs: int
    steps: int
    ends: str
    path: str
    extractor: str

    def record(self) -> dict[str, object]:
        """All figures as a JSON object."""
        return asdict(self)

    def __str__(self) -> str:
        """A table of the figures, and how they were measured."""
        lines = [f"{'':24} {'length':>16} {'per step':>9} {'detour':>14} {'largest step':>14}"]
        for name, ways in (("between latents", self.generated), ("blends of real pictures", self.real)):
            if ways is not None:
                lines.append(
                    f"{name:24} {ways.length:9.3f} ± {ways.length_se:4.3f} {ways.per_step:9.4f} "
                    f"{ways.detour:7.2f} ± {ways.detour_se:4.2f} {ways.largest:7.2f} ± {ways.largest_se:4.2f}"
                )
        how = "on the sphere" if self.path == "sphere" else "in a straight line"
        lines += [
            "",
            f"{self.pairs} ways of {self.steps} steps {how} between {self.ends}; features of {self.extractor}.",
        ]
        return "\n".join(lines)


def measure_smoothness(
    artist: TrainedGenerator,
    data: Dataset | None = None,
    *,
    pairs: int = PAIRS,
    steps: int = STEPS,
    extractor: str = DEFAULT_EXTRACTOR,
    seed: int = 0,
) -> Smoothness:
    """Measure ways between pairs of latents of a seed, each in one class.

    Args:
        artist: the generator.
        data: the dataset whose training pictures are blended, of the generator's size; None for no comparison.
        pairs: number of ways, at least 2.
        steps: steps of each, at least 2.
        extractor: name of the feature network.
        seed: seed of the latents, and of the choice of pictures.

    Raises:
        ConfigError: the feature network is unknown, or takes bytes only.
    """
    network = load_extractor(extractor)
    real = None if data is None else _measured(network, _blends(data, pairs, steps, seed))
    return Smoothness(
        generated=_measured(network, _ways(artist, pairs, steps, seed)),
        real=real,
        pairs=pairs,
        steps=steps,
        ends=f"the latents 2k and 2k + 1 of seed {seed}",
        path="sphere" if artist.interpolates_on_sphere else "line",
        extractor=network.get_name(),
    )


def _ways(artist: TrainedGenerator, pairs: int, steps: int, seed: int) -> Iterator[Tensor]:
    """The pictures of each way, float [steps + 1, 3, S, S]."""
    cells = artist.cells(range(2 * pairs), seed)
    for first, second in zip(cells[0::2], cells[1::2], strict=True):
        way = straight_ways(artist, [first, second.model_copy(update={"label": first.label})], steps + 1)
        classes = None if first.label is None else torch.full((len(way),), artist.number(str(first.label)))
        yield generate(artist.snapshot.generator, artist.latents(way), classes)


def _blends(data: Dataset, pairs: int, steps: int, seed: int) -> Iterator[Tensor]:
    """Blends of two training pictures each, chosen at random, float [steps + 1, 3, S, S]."""
    rows = np.random.default_rng(seed).choice(data.rows(TRAIN), (pairs, 2))
    positions = torch.linspace(0, 1, steps + 1)[:, None, None, None]
    for pair in rows:
        first, second = to_float(torch.from_numpy(np.ascontiguousarray(data.images[pair])))
        yield torch.lerp(first[None], second[None], positions)


def _measured(network: FeatureNetwork, ways: Iterator[Tensor]) -> Ways:
    steps, ends = [], []
    with torch.no_grad():
        for pictures in ways:
            features = network.differentiable(pictures)
            steps.append((features[1:] - features[:-1]).norm(dim=1).double().numpy())
            ends.append(float((features[-1] - features[0]).norm()))
    return Ways.of(np.stack(steps), np.array(ends))
