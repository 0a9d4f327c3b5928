"""Small pictures of runs and datasets, kept in memory while their files stay the same."""

import io
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.foundation.errors import GanvasError
from ganvas.report.html import read_picture

# The longest side in pixels; and how many are kept, of about 30 kB each.
SIDE, KEPT = 480, 300
# The pictures of a dataset on a side of its thumbnail, and those of a sample grid, which are GAP pixels apart.
MOSAIC, COLUMNS, GAP = 6, 4, 2


class Thumbnails:
    """Makes each thumbnail once."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def of_grid(self, file: Path, size: int) -> bytes:
        """A sample grid in small, as WebP: a square of its pictures, which are then large enough to see.

        Args:
            file: the grid.
            size: height and width of its pictures in pixels.

        Raises:
            GanvasError: it cannot be read.
        """

        def make() -> Image.Image:
            picture = read_picture(file)
            if picture is None:
                raise GanvasError(f"{file.name} cannot be read as a picture")
            width, height = picture.size
            rows = (height + GAP) // (size + GAP)
            side = min(rows, COLUMNS) * (size + GAP) - GAP
            # Names of classes are on the left, so the square is at the right.
            return picture.crop((width - side, 0, width, side)) if 0 < side <= width else picture

        return self._kept(("grid", file, file.stat().st_mtime_ns), make)

    def of_dataset(self, path: Path) -> bytes:
        """A square of pictures of a dataset, evenly spaced.

        Raises:
            DataError: it cannot be read.
        """

        def make() -> Image.Image:
            pictures = Dataset.open(path).examples("train", MOSAIC**2)
            side = max(1, math.isqrt(len(pictures)))
            return Image.fromarray(grid(pictures[: side * side], side))

        return self._kept(("dataset", path, (path / "dataset.json").stat().st_mtime_ns), make)

    def _kept(self, key: tuple[object, ...], make: Callable[[], Image.Image]) -> bytes:
        with self._lock:
            if key not in self._made:
                picture, file = make(), io.BytesIO()
                picture.thumbnail((SIDE, SIDE))
                picture.save(file, "WEBP", quality=88)
                self._made[key] = file.getvalue()
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return self._made[key]
