"""The training pictures nearest to pictures, by pixels and by features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganvas.artist.origin import Cell, Sheet
from ganvas.artist.trained import TrainedGenerator
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Floats, Images, Integers
from ganvas.foundation.errors import DataError
from ganvas.metrics.extractors import load_extractor
from ganvas.metrics.features import extract
from ganvas.metrics.memorisation import nearest_by_features
from ganvas.metrics.nearest import nearest_by_pixels
from ganvas.metrics.reference import reference
from ganvas.settings.config import DEFAULT_EXTRACTOR


@dataclass(frozen=True)
class Matches:
    """The training picture nearest to each of N generated pictures.

    Attributes:
        rows: its row in the dataset, int64 [N].
        distances: its distance, float64 [N].
    """

    rows: Integers
    distances: Floats


def by_pixels(images: Images, data: Dataset) -> Matches:
    """The training pictures nearest to pictures, by paper 3's L1 distance (section 4, figure 9), searched exactly.

    Args:
        images: uint8 [N, S, S, 3].
        data: the dataset, of the same size. All of its training pictures are searched.

    Returns:
        The rows, with distances as mean differences per value, in grey levels of 255.
    """
    rows = data.rows(TRAIN)
    positions, distances = nearest_by_pixels(images, data.images, rows)
    return Matches(rows[positions], distances / images[0].size)


def by_features(images: Images, data: Dataset, extractor: str = DEFAULT_EXTRACTOR) -> Matches:
    """The training pictures nearest by the Euclidean distance of features, among at most `reference.MAX_REAL`.

    Raises:
        DataError: there are too few training pictures.
        ConfigError: the feature network is unknown.
    """
    network = load_extractor(extractor)
    real = reference(data, network)
    positions, distances = nearest_by_features(extract(network, images), real.features)
    return Matches(real.rows[positions], distances)


@dataclass(frozen=True)
class Neighbours:
    """Generated pictures and the training pictures nearest to them.

    Attributes:
        cells: N descriptions.
        by_pixels: nearest by pixels; distances in grey levels.
        by_features: nearest by features.
        sources: names of the training pictures' files, by row; empty where unknown.
        sheet: the arrangement of `pictures` and `described`: a row for each generated picture.
        pictures: uint8 [3 N, S, S, 3]: each generated picture, its nearest by pixels, and by features.
        described: descriptions of the same.
    """

    cells: list[Cell]
    by_pixels: Matches
    by_features: Matches
    sources: dict[int, str]
    sheet: Sheet
    pictures: Images
    described: list[Cell]

    def __str__(self) -> str:
        """A line for each picture."""
        lines = []
        for place, cell in enumerate(self.cells):
            near = [
                f"{matches.distances[place]:.2f}{unit} from {_name(int(matches.rows[place]), self.sources)}"
                for matches, unit in ((self.by_pixels, " grey levels"), (self.by_features, " (features)"))
            ]
            lines.append(f"{cell}: {'; '.join(near)}")
        return "\n".join(lines)


def find_neighbours(
    artist: TrainedGenerator,
    cells: Sequence[Cell],
    data: Dataset,
    *,
    extractor: str = DEFAULT_EXTRACTOR,
    enlarge: int = 1,
) -> Neighbours:
    """The training pictures nearest to pictures of a generator.

    Args:
        artist: the generator.
        cells: the pictures.
        data: the dataset, of the generator's size.
        extractor: name of the feature network.
        enlarge: whole factor by which pictures are enlarged on the sheet.

    Raises:
        DataError: the pictures of the dataset have another size, or are too few.
        RunError: as for `TrainedGenerator.paint`.
    """
    if data.size != artist.size:
        raise DataError(f"{data.path} has pictures of {data.size} px, and the generator paints {artist.size} px")
    images = artist.paint(cells)
    matches = by_pixels(images, data), by_features(images, data, extractor)
    rows = np.stack([each.rows for each in matches], axis=1)
    near = np.asarray(data.images[rows.ravel()]).reshape(len(images), 2, *images.shape[1:])
    sources = {int(row): str(data.index["source"].iloc[row]) for row in rows.flat} if "source" in data.index else {}
    return Neighbours(
        list(cells),
        *matches,
        sources,
        Sheet(columns=3, captions=["generated", "by pixels", "by features"] * len(cells), enlarge=enlarge),
        np.concatenate([images[:, None], near], axis=1).reshape(-1, *images.shape[1:]),
        [each for cell, pair in zip(cells, rows.tolist(), strict=True) for each in (cell, *_described(pair, sources))],
    )


def _described(rows: Sequence[int], sources: dict[int, str]) -> list[Cell]:
    return [Cell(other=_name(row, sources)) for row in rows]


def _name(row: int, sources: dict[int, str]) -> str:
    return f"training picture {row}" + (f" ({sources[row][-200:]})" if sources.get(row) else "")
