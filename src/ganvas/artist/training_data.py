"""The dataset that a generator was trained on."""

from pathlib import Path

from ganvas.artist.trained import TrainedGenerator
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.reduced import open_at
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import is_directory


def training_data(artist: TrainedGenerator, name: object, data: str | Path | None = None) -> Dataset:
    """Open the dataset that a generator was trained on, or another one.

    Args:
        artist: the generator.
        name: what the user calls it, for messages.
        data: the other dataset.

    Raises:
        DataError: it is gone, or has changed since, or cannot be read.
    """
    if data is not None:
        return Dataset.open(data)
    if not is_directory(artist.data):
        raise DataError(f"{name} was trained on {artist.data}, which is gone; name its dataset with --data")
    real = open_at(artist.data, artist.size)
    if real.fingerprint != artist.card.fingerprint:
        raise DataError(f"{artist.data} has changed since {name} was trained on it; name a dataset with --data")
    return real
