"""Measuring generated pictures against a dataset: the one way in for the command line and for training."""

import functools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.data.dataset import INFO, Dataset
from ganvas.data.decode import Rejected
from ganvas.data.fit import Frame, place
from ganvas.data.sources import Item, open_source
from ganvas.errors import DataError
from ganvas.metrics.features import DEFAULT_EXTRACTOR, SLAB, EfficientNetLite, extract, load_extractor
from ganvas.metrics.modes import Descriptors, ModeCounter, colours, mode_counter
from ganvas.metrics.reference import Reference, reference
from ganvas.metrics.scores import Scores, distances

Images = NDArray[np.uint8]

_CONFIG = "config.yaml"  # what makes a directory a run


class Evaluator:
    """Scores generated pictures against the real ones of one dataset, again and again.

    Construction costs nothing. The first score loads the network and the real features; from then on they stay in
    memory.

    Args:
        data: the real pictures.
        samples: score no more than this many generated pictures at a time.
        extractor: name of the feature network.
        device: where the network runs, "cpu" or "cuda"; "mps" stands for "cpu", since not every supported torch can
            resize with antialiasing there.
        cache: directory that keeps real features, by default `ganvas.metrics.reference.cache_directory()`.
    """

    def __init__(
        self,
        data: Dataset,
        *,
        samples: int = 1000,
        extractor: str = DEFAULT_EXTRACTOR,
        device: str = "cpu",
        cache: Path | None = None,
    ) -> None:
        self._data, self._samples, self._name, self._cache = data, samples, extractor, cache
        self._device = "cpu" if device == "mps" else device

    def score(self, images: Iterable[Images]) -> Scores:
        """Measure generated pictures.

        Args:
            images: batches of uint8 [n, H, W, 3], all of one size and in random order; they are taken one by one
                until there are `samples`.

        Raises:
            ConfigError: no feature network of that name.
            DataError: too few pictures, real or generated.
        """
        started = time.perf_counter()
        real, modes = self._reference, self._modes
        pictures = self._described(_slabs(images, self._samples))
        apart = distances(pictures.features, real)
        return Scores(
            **vars(apart),
            extractor=self._name,
            generated=len(pictures),
            real=len(real.features),
            seconds=time.perf_counter() - started,
            modes_covered=modes.covered(pictures) if modes else None,
            modes_total=modes.total if modes else None,
        )

    @functools.cached_property
    def _extractor(self) -> EfficientNetLite:
        return load_extractor(self._name, self._device)

    @functools.cached_property
    def _reference(self) -> Reference:
        return reference(self._data, self._extractor, self._cache)

    @functools.cached_property
    def _modes(self) -> ModeCounter | None:
        if (modes := self._data.modes) is None:
            return None
        real = self._reference
        # One by one, for a large dataset's pictures do not fit in memory together.
        looks = np.concatenate([colours(self._data.images[[row]]) for row in real.rows])
        return mode_counter(Descriptors(real.features, looks), modes[real.rows])

    def _described(self, slabs: Iterable[Images]) -> Descriptors:
        described = [(extract(self._extractor, slab), colours(slab)) for slab in slabs]
        if not described:
            raise DataError("there are no generated pictures to measure")
        features, looks = zip(*described, strict=True)
        return Descriptors(np.concatenate(features), np.concatenate(looks))


def evaluate(
    target: str | Path,
    data: str | Path | None = None,
    *,
    samples: int = 1000,
    seed: int = 0,
    extractor: str = DEFAULT_EXTRACTOR,
    device: str = "auto",
) -> Scores:
    """Measure a generator, or a folder of pictures, against a dataset.

    Args:
        target: a run directory (its best snapshot is measured), a snapshot, a dataset directory, or a folder of
            pictures in any format and size, which are cropped to squares and resized as those of a dataset are.
        data: the dataset directory with the real pictures; by default the one that a run or snapshot was trained on.
        samples: how many pictures to generate; of a folder or dataset with more, this many are chosen.
        seed: of the generated pictures, or of that choice.
        extractor: name of the feature network.
        device: where the network runs: "auto", "cpu" or "cuda".

    Raises:
        DataError: no dataset is named or known, it cannot be used, or there are too few pictures.
        RunError: the run or snapshot cannot be used.
        ConfigError: no feature network of that name.
    """
    target = Path(target)
    if target.is_file() or (target / _CONFIG).is_file():
        real, images = _painted(target, data, samples, seed)
    elif data is None:
        raise DataError(f"what to compare {target} with is not known; name a dataset directory with --data")
    else:
        real = Dataset.open(data)
        images = _chosen(target, real.size, samples, seed)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return Evaluator(real, samples=samples, extractor=extractor, device=device).score(images)


def _painted(target: Path, data: str | Path | None, samples: int, seed: int) -> tuple[Dataset, Iterator[Images]]:
    """The dataset, and pictures generated by a run or snapshot."""
    from ganvas.explore import load  # as late as this, for a folder needs no generator

    artist = load(target)
    if data is None and not artist.data.is_dir():
        raise DataError(f"{target} was trained on {artist.data}, which is gone; name its dataset with --data")
    return Dataset.open(data or artist.data), artist.batches(samples, seed)


def _chosen(target: Path, size: int, samples: int, seed: int) -> Iterator[Images]:
    """Pictures of a dataset directory or a folder in random order, in batches."""
    random = np.random.default_rng(seed)
    if (target / INFO).is_file():
        pictures = Dataset.open(target).images
        rows = random.permutation(len(pictures))[:samples]
        return (pictures[rows[start : start + SLAB]] for start in range(0, len(rows), SLAB))
    return _read(target, size, random)


def _read(folder: Path, size: int, random: np.random.Generator) -> Iterator[Images]:
    """The pictures of a folder and its sub-folders, uint8 [n, size, size, 3]; what is no picture is passed over."""
    items, frame = open_source(folder, classes="none").items, Frame(size)
    order = random.permutation(len(items))
    for start in range(0, len(order), SLAB):
        squares = [_square(items[number], frame) for number in order[start : start + SLAB]]
        if readable := [square for square in squares if square is not None]:
            yield np.stack(readable)


def _square(item: Item, frame: Frame) -> Images | None:
    try:
        return place(item.read(frame).pixels, frame)
    except Rejected:
        return None


def _slabs(batches: Iterable[Images], count: int) -> Iterator[Images]:
    """The first `count` pictures, `SLAB` or a few more at a time; no more batches are asked for than hold them."""
    slab: list[Images] = []
    for batch in batches:
        slab.append(batch[:count])
        count -= len(batch)
        if count <= 0:
            break
        if sum(map(len, slab)) >= SLAB:
            yield np.concatenate(slab)
            slab = []
    if slab:
        yield np.concatenate(slab)
