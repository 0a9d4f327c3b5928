"""The embedded painter as a source."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.data.pictures.decode import Picture
from ganvas.data.pictures.frame import Frame
from ganvas.data.sources.source import Request, Source, Value
from ganvas.foundation.errors import DataError

if TYPE_CHECKING:
    from ganvas.data.painter import Mode

DEFAULT_PAINTINGS = 2_000
MOST_PAINTINGS = 100_000


@dataclass(frozen=True)
class Painting:
    """A painting that is painted when it is read."""

    index: int
    seed: int
    labels: Mapping[str, Value]
    stamp: str = ""

    @property
    def name(self) -> str:
        """The number of the painting, as a name that sorts."""
        return f"painting-{self.index:06d}"

    def read(self, frame: Frame) -> Picture:
        """Paint it at the frame's own size."""
        from ganvas.data import painter  # imported here because other sources do not need it

        pixels = painter.paint(self.index, self.seed, frame.size)
        return Picture(pixels, frame.size, frame.size, hashlib.sha256(pixels.tobytes()).hexdigest())


def open_named(argument: str, request: Request) -> Source:
    """Open the embedded paintings; labels: genre, palette, composition, and the mode, which combines these three.

    Raises:
        DataError: `argument` is neither "" nor a count in range.
    """
    if not re.fullmatch("[0-9]*", argument) or not 0 < int(argument or DEFAULT_PAINTINGS) <= MOST_PAINTINGS:
        raise DataError(
            f"cannot read painter:{argument}; write painter: for {DEFAULT_PAINTINGS:,} paintings, or a count up to "
            f"{MOST_PAINTINGS:,} as in painter:500"
        )
    if request.seed < 0:
        raise DataError(f"seed {request.seed} is out of range; choose 0 or more")
    request.refuse_level("the painter")
    from ganvas.data import painter

    count = int(argument or DEFAULT_PAINTINGS)
    modes = [painter.mode_of(index, request.seed) for index in range(count)]
    smallest, largest = painter.SIZES
    return Source(
        title=f"painter:{count}",
        items=[Painting(index, request.seed, _mode_labels(mode)) for index, mode in enumerate(modes)],
        label_column="genre" if request.classes == "folders" else None,
        mode_column="mode",
        sizes=range(smallest, largest + 1),
        remedy=f"ask for more paintings, as in painter:{DEFAULT_PAINTINGS}",
        parallel_from=20,  # painting takes far longer than reading a file
    )


def _mode_labels(mode: "Mode") -> dict[str, Value]:
    return {"genre": mode.genre, "palette": mode.palette, "composition": mode.composition, "mode": mode.name}
