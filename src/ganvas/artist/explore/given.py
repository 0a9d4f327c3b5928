"""Pictures of the user's own, cropped to squares of a generator's size as `ganvas prepare` does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ganvas.artist.trained import TrainedGenerator
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.pictures.fit import place
from ganvas.data.pictures.frame import frame_like
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources import PictureFile
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import user_path


def read_pictures(paths: Sequence[str | Path], size: int, options: Mapping[str, object] | None = None) -> Images:
    """Read picture files of any format, mode and size.

    Args:
        paths: the files.
        size: height and width of the result in pixels.
        options: those of the dataset that the generator was trained on, so that pictures become square in the same way.

    Returns:
        uint8 [N, size, size, 3].

    Raises:
        DataError: a file does not exist, or is not a picture that can be read.
    """
    frame, pictures = frame_like(options or {}, size), []
    for path in map(user_path, paths):
        try:
            pictures.append(place(PictureFile(str(path), str(path), {}).read(frame).pixels, frame))
        except Rejected as error:
            raise DataError(f"{path} cannot be used: {error}; give a picture file") from error
    return np.stack(pictures)


def trained_framing(artist: TrainedGenerator) -> Mapping[str, object]:
    """How the pictures that a generator learned from became square: its dataset's options, if that is still there."""
    try:
        return Dataset.open(artist.data).info.options
    except DataError:
        return {}
