"""The real side of every score: the features of a dataset's training pictures, computed once and kept."""

import functools
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.cache import cache_directory, cache_path, note_unwritable
from ganvas.foundation.errors import DataError, WriteError
from ganvas.foundation.files import whole_file
from ganvas.metrics import features as networks
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.fid import Gaussian, gaussian
from ganvas.metrics.kid import Within, within
from ganvas.settings.config import MIN_SCORED

# Of a larger dataset, this many pictures stand for all: their kernel and distance matrices are quadratic in it.
MAX_REAL = 5000


@dataclass(frozen=True)
class Reference:
    """Real pictures as the scores see them.

    Attributes:
        rows: int64 [M], which pictures of the dataset these are, in a shuffled order: any first part is a fair
            sample of all.
        features: float32 [M, D], theirs.
    """

    rows: NDArray[np.int64]
    features: NDArray[np.float32]

    @functools.cached_property
    def gaussian(self) -> Gaussian:
        """Their part of FID."""
        return gaussian(self.features)

    @functools.cached_property
    def similarity(self) -> Within:
        """Their part of KID."""
        return within(self.features)


def reference(
    data: Dataset, extractor: FeatureNetwork, cache: Path | None = None, split: str = TRAIN, most: int = MAX_REAL
) -> Reference:
    """The reference of a dataset: its training pictures, or `most` of them chosen at random, always the same.

    Features are read from the cache if it has them whole, and otherwise computed and put there. A cache that cannot
    be written costs time at the next evaluation, and a note, but nothing else.

    Args:
        data: the real pictures.
        extractor: the network, on the device to use.
        cache: directory to keep features in, by default `cache_directory()`.
        split: take the pictures of another part of the dataset instead.
        most: how many at most.

    Raises:
        DataError: fewer than `MIN_SCORED` pictures there.
    """
    rows = data.rows(split)
    if len(rows) < MIN_SCORED:
        kind = "training" if split == TRAIN else split
        raise DataError(
            f"{data.path} has {len(rows)} {kind} pictures, too few to evaluate with: {MIN_SCORED} are needed"
        )
    rows = rows[np.random.default_rng(0).permutation(len(rows))[:most]]
    entry = _Entry(cache or cache_directory(), data.fingerprint, split, extractor.get_name(), len(rows))
    features = entry.read()
    if features is None:
        slabs = (data.images[rows[start : start + networks.SLAB]] for start in range(0, len(rows), networks.SLAB))
        features = np.concatenate([networks.extract(extractor, slab) for slab in slabs])
        try:
            entry.write(features)
        except WriteError as error:
            note_unwritable(entry.directory, error)
    return Reference(rows, features)


def is_kept(data: Dataset, extractor: str, cache: Path | None = None, split: str = TRAIN) -> bool:
    """Whether the features that `reference` needs are in the cache."""
    count = min(len(data.rows(split)), MAX_REAL)
    return _Entry(cache or cache_directory(), data.fingerprint, split, extractor, count).read() is not None


@dataclass(frozen=True)
class _Entry:
    """One dataset's features under one network: an array, and beside it a JSON file with what it is and its hash."""

    directory: Path
    fingerprint: str
    split: str
    extractor: str
    count: int

    @property
    def _key(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "split": self.split,
            "extractor": self.extractor,
            "version": networks.VERSION,
            "count": self.count,
        }

    def _file(self, ending: str) -> Path:
        """The note about the features (".json"), or these (".npy")."""
        digest = hashlib.sha256(json.dumps(self._key).encode()).hexdigest()
        name = f"features-{self.extractor.replace(':', '-')}-{digest[:16]}"
        # Both lie where the note does; names of networks may have dots in them.
        return cache_path(f"{name}.json", self.directory).with_name(name + ending)

    def read(self) -> NDArray[np.float32] | None:
        """The features, float32 [count, D], or None if they are not there, not these, or not whole."""
        try:
            note = json.loads(self._file(".json").read_text(encoding="utf-8"))
            content = self._file(".npy").read_bytes()
            if note != self._note(content):
                return None
            features: NDArray[np.float32] = np.load(io.BytesIO(content), allow_pickle=False)
        except (OSError, ValueError):
            return None
        return features

    def write(self, features: NDArray[np.float32]) -> None:
        """Keep the features: the array first, so that a note never speaks of one that is not there yet."""
        buffer = io.BytesIO()
        np.save(buffer, features, allow_pickle=False)
        content = buffer.getvalue()
        with whole_file(self._file(".npy")) as partial:
            partial.write_bytes(content)
        with whole_file(self._file(".json")) as partial:
            partial.write_text(json.dumps(self._note(content), indent=1), encoding="utf-8")

    def _note(self, content: bytes) -> dict[str, Any]:
        return {**self._key, "sha256": hashlib.sha256(content).hexdigest()}
