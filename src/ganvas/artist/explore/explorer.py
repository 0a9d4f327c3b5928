"""A trained generator that can be explored: each command of `ganvas explore` as a method."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganvas.artist.origin import Cell, Edit, Label
from ganvas.artist.trained import TrainedGenerator
from ganvas.foundation.arrays import Images
from ganvas.metrics.independence import independent_extractor
from ganvas.settings.config import DEFAULT_EXTRACTOR

if TYPE_CHECKING:
    from ganvas.artist.explore.favourites import Favourite
    from ganvas.artist.explore.fidelity import FidelityCurve
    from ganvas.artist.explore.neighbours import Neighbours
    from ganvas.artist.explore.projection import Projection
    from ganvas.artist.explore.ranking import Ranked
    from ganvas.artist.explore.smoothness import Smoothness
    from ganvas.artist.kept_directions import Direction

# A picture: its description, or a word for it such as 7, "7:12", "file.png" or the name of a favourite.
Place = Cell | str | int


class ExplorableGenerator(TrainedGenerator):
    """A trained generator in the hands of its maker. Errors are those of the functions in `ganvas.artist.explore`."""

    def place(
        self, place: Place, label: Label | None = None, truncation: float = 1.0, edits: Sequence[Edit] = ()
    ) -> Cell:
        """The picture that a place stands for; see `explore.places`. Edits need directions beside the snapshot."""
        from ganvas.artist.explore.places import find_places

        if isinstance(place, Cell):
            return place
        return find_places(self, [str(place)], label, truncation, edits)[0]

    def top(
        self, n: int = 10, of: int = 256, seed: int = 0, label: str | None = None, truncation: float = 1.0
    ) -> "list[Ranked]":
        """The pictures that the run's discriminator finds most real, of the first `of` of a seed."""
        from ganvas.artist.explore.ranking import rank

        return rank(self, n, of, seed, label, truncation)

    def bottom(
        self, n: int = 10, of: int = 256, seed: int = 0, label: str | None = None, truncation: float = 1.0
    ) -> "list[Ranked]":
        """The pictures that the run's discriminator is surest are generated, of the first `of` of a seed."""
        from ganvas.artist.explore.ranking import rank

        return rank(self, n, of, seed, label, truncation, best=False)

    def neighbours(
        self, places: Sequence[Place], data: str | Path | None = None, extractor: str = DEFAULT_EXTRACTOR
    ) -> "Neighbours":
        """The training pictures nearest to pictures, by pixels and by features."""
        from ganvas.artist.explore.neighbours import find_neighbours
        from ganvas.artist.training_data import training_data

        cells = [self.place(place) for place in places]
        return find_neighbours(self, cells, training_data(self, self._name, data), extractor=extractor)

    def between(self, places: Sequence[Place], steps: int = 8, *, spherical: bool | None = None) -> Images:
        """The ways from each picture to the next, uint8 [N - 1, steps, S, S, 3]."""
        from ganvas.artist.explore.ways import straight_ways

        cells = straight_ways(self, [self.place(place) for place in places], steps, spherical=spherical)
        return self.paint(cells).reshape(-1, steps, self.size, self.size, 3)

    def walk(self, places: Sequence[Place], frames: int = 300) -> Images:
        """A closed tour through pictures without a jerk, uint8 [frames, S, S, 3]."""
        from ganvas.artist.explore.ways import closed_walk

        return self.paint(closed_walk(self, [self.place(place) for place in places], frames))

    def find_directions(
        self, count: int = 5, method: str = "jacobian", extractor: str = DEFAULT_EXTRACTOR
    ) -> "list[Direction]":
        """The axes along which pictures change most, which are then kept beside the snapshot."""
        from ganvas.artist.explore.directions import find_directions, keep_directions

        found = find_directions(self, count, method, extractor=extractor)
        keep_directions(self, found)
        return found

    def rename_direction(self, old: str, new: str) -> None:
        """Give a direction that is kept beside the snapshot another name."""
        from ganvas.artist.explore.directions import rename_direction

        rename_direction(self, old, new)

    def project(
        self, pictures: Images | Sequence[str | Path], label: str | None = None, extractor: str = DEFAULT_EXTRACTOR
    ) -> "list[Projection]":
        """The picture of the generator that is nearest to each given one: uint8 [N, S, S, 3], or files."""
        from ganvas.artist.explore.given import read_pictures
        from ganvas.artist.explore.projection import project

        targets = pictures if isinstance(pictures, np.ndarray) else read_pictures(pictures, self.size)
        return project(self, targets, label, extractor=extractor)

    def smoothness(
        self, data: str | Path | None = None, pairs: int = 32, steps: int = 16, extractor: str = DEFAULT_EXTRACTOR
    ) -> "Smoothness":
        """How evenly pictures change between latents, beside blends of two real pictures if there are any."""
        from ganvas.artist.explore.smoothness import measure_smoothness
        from ganvas.artist.training_data import training_data
        from ganvas.foundation.errors import DataError

        try:
            real = training_data(self, self._name, data)
        except DataError:
            if data is not None:
                raise
            real = None
        return measure_smoothness(self, real, pairs=pairs, steps=steps, extractor=extractor)

    def fidelity(
        self,
        truncations: Sequence[float] | None = None,
        data: str | Path | None = None,
        samples: int = 1000,
        extractor: str | None = None,
    ) -> "FidelityCurve":
        """Precision against recall at several truncations."""
        from ganvas.artist.explore.fidelity import TRUNCATIONS, fidelity_curve
        from ganvas.artist.training_data import training_data

        return fidelity_curve(
            self,
            training_data(self, self._name, data),
            truncations or TRUNCATIONS,
            samples=samples,
            extractor=extractor or independent_extractor(self.sees_through, self.size),
        )

    @property
    def favourites(self) -> "list[Favourite]":
        """The pictures that are kept beside the snapshot."""
        from ganvas.artist.explore.favourites import read_favourites

        return read_favourites(self)

    def keep(self, name: str, place: Place) -> None:
        """Keep a picture beside the snapshot under a name."""
        from ganvas.artist.explore.favourites import keep_favourite

        keep_favourite(self, name, self.place(place))

    @property
    def _name(self) -> object:
        return self.path or "the generator"
