"""The features of a dataset's training pictures, computed once and cached."""

import functools
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.arrays import Features, Integers
from ganvas.foundation.cache import cache_directory, cache_path, note_unwritable
from ganvas.foundation.errors import DataError, WriteError
from ganvas.foundation.files import whole_file
from ganvas.metrics import features as networks
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.fid import Gaussian, gaussian
from ganvas.metrics.kid import Within, within
from ganvas.settings.config import MIN_SCORED

# The largest number of pictures to use, because the size of kernel and distance matrices is quadratic in it.
MAX_REAL = 5000


@dataclass(frozen=True)
class Reference:
    """The features of real pictures.

    Attributes:
        rows: rows of the pictures in the dataset, int64 [M]. They are shuffled, so the first of them are a random
            sample.
        features: float32 [M, D].
    """

    rows: Integers
    features: Features

    @functools.cached_property
    def gaussian(self) -> Gaussian:
        """The Gaussian for FID."""
        return gaussian(self.features)

    @functools.cached_property
    def similarity(self) -> Within:
        """The kernel statistics for KID."""
        return within(self.features)


class RealFeatures:
    """The features of the pictures of a split, computed when they are needed.

    Features are read from the cache. When all are computed, they are cached. If the cache is not writable, a warning is
    logged, and the next process computes them again.

    Args:
        data: the dataset.
        extractor: the feature network, on the device to use.
        cache: the cache; by default `cache_directory()`.
        split: the split, by default the training pictures.
        most: the largest number of pictures. From more, a fixed random choice is made.

    Attributes:
        rows: the rows of all pictures in the dataset, int64 [M], in the order of `first`.

    Raises:
        DataError: the split has fewer than `MIN_SCORED` pictures.
    """

    def __init__(
        self,
        data: Dataset,
        extractor: FeatureNetwork,
        cache: Path | None = None,
        split: str = TRAIN,
        most: int = MAX_REAL,
    ) -> None:
        rows = data.rows(split)
        if len(rows) < MIN_SCORED:
            kind = "training" if split == TRAIN else split
            raise DataError(
                f"{data.path} has {len(rows)} {kind} pictures, too few to evaluate with: {MIN_SCORED} are needed"
            )
        self.rows = rows[np.random.default_rng(0).permutation(len(rows))[:most]]
        self._data, self._extractor = data, extractor
        name = extractor.get_name()
        self._entry = _Entry(cache or cache_directory(), data.fingerprint, split, name, len(self.rows))
        kept = self._entry.read()
        self._parts = [] if kept is None else [kept]

    def first(self, count: int | None = None) -> Reference:
        """The features of the first `count` pictures, a random sample; by default of all."""
        count = len(self.rows) if count is None else min(count, len(self.rows))
        known = sum(map(len, self._parts))
        for start in range(known, count, networks.SLAB):
            slab = self._data.images[self.rows[start : min(start + networks.SLAB, count)]]
            self._parts.append(networks.extract(self._extractor, slab))
        features = np.concatenate(self._parts)
        self._parts = [features]
        if known < count == len(self.rows):
            try:
                self._entry.write(features)
            except WriteError as error:
                note_unwritable(self._entry.directory, error)
        return Reference(self.rows[:count], features[:count])


def reference(
    data: Dataset, extractor: FeatureNetwork, cache: Path | None = None, split: str = TRAIN, most: int = MAX_REAL
) -> Reference:
    """The features of all pictures of a split, at most `most`. See `RealFeatures`."""
    return RealFeatures(data, extractor, cache, split, most).first()


def is_kept(data: Dataset, extractor: str, cache: Path | None = None, split: str = TRAIN) -> bool:
    """Whether the cache has the features that `reference` needs."""
    count = min(len(data.rows(split)), MAX_REAL)
    return _Entry(cache or cache_directory(), data.fingerprint, split, extractor, count).read() is not None


@dataclass(frozen=True)
class _Entry:
    """The cached features of a dataset and a network: an array, and a JSON file with its key and sha256."""

    directory: Path
    fingerprint: str
    split: str
    extractor: str
    count: int

    @property
    def _key(self) -> dict[str, object]:
        return {
            "fingerprint": self.fingerprint,
            "split": self.split,
            "extractor": self.extractor,
            "version": networks.VERSION,
            "count": self.count,
        }

    def _file(self, ending: str) -> Path:
        """The path of the array (".npy") or of the JSON file (".json")."""
        digest = hashlib.sha256(json.dumps(self._key).encode()).hexdigest()
        name = f"features-{self.extractor.replace(':', '-')}-{digest[:16]}"
        # Names of networks may contain dots, so `with_suffix` would not do. Both files are in the same directory.
        return cache_path(f"{name}.json", self.directory).with_name(name + ending)

    def read(self) -> Features | None:
        """The features, float32 [count, D]; None if they are missing, of another key, or damaged."""
        try:
            description = json.loads(self._file(".json").read_text(encoding="utf-8"))
            content = self._file(".npy").read_bytes()
            if description != self._description(content):
                return None
            features: Features = np.load(io.BytesIO(content), allow_pickle=False)
        except (OSError, ValueError):
            return None
        return features

    def write(self, features: Features) -> None:
        """Write the features to the cache. The array comes first, so the JSON file never describes a missing one."""
        buffer = io.BytesIO()
        np.save(buffer, features, allow_pickle=False)
        content = buffer.getvalue()
        with whole_file(self._file(".npy")) as partial:
            partial.write_bytes(content)
        with whole_file(self._file(".json")) as partial:
            partial.write_text(json.dumps(self._description(content), indent=1), encoding="utf-8")

    def _description(self, content: bytes) -> dict[str, object]:
        return {**self._key, "sha256": hashlib.sha256(content).hexdigest()}
