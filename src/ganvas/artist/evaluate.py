"""Scoring a run, a snapshot or a folder of pictures against a dataset."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from ganvas.artist.artist import Artist, load
from ganvas.artist.training_data import training_data
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INFO
from ganvas.data.dataset.patches import cut_up, patches_of
from ganvas.data.pictures.fit import place
from ganvas.data.pictures.frame import Frame, frame_like
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources import Item, open_folder
from ganvas.foundation.arrays import Images, Integers
from ganvas.foundation.errors import DataError
from ganvas.foundation.paths import exists, is_file, user_path
from ganvas.metrics.evaluator import Evaluator
from ganvas.metrics.features import SLAB
from ganvas.metrics.independence import independent_extractor
from ganvas.metrics.scores import Scores
from ganvas.runs.directory import is_run


def evaluate(
    target: str | Path,
    data: str | Path | None = None,
    *,
    samples: int = 1000,
    seed: int = 0,
    extractor: str | None = None,
    device: str = "auto",
    patches: int | None = None,
) -> Scores:
    """Score a generator, or a folder of pictures, against a dataset.

    Args:
        target: a run directory (its best snapshot), a snapshot, a dataset directory, or a folder of pictures of any
            format and size. The pictures of a folder are cropped or padded in the same way as those of the dataset.
        data: the dataset directory with the real pictures; by default the one that the run or snapshot was trained on.
        samples: number of pictures to generate, or the largest number to choose from a folder or dataset.
        seed: seed of the generated pictures, or of that choice.
        extractor: name of the feature network; by default one that had no part in the training of the generator.
        device: device of the feature network: "auto", "cpu" or "cuda".
        patches: compare squares of this many pixels, at full resolution, into which all pictures are cut; by default
            whole pictures.

    Raises:
        DataError: the dataset is not named, cannot be used or has changed, there are too few pictures, or the patches
            do not fill the pictures.
        RunError: the run or snapshot cannot be used.
        ConfigError: the feature network is unknown.
    """
    target = user_path(target)
    if not exists(target):
        raise DataError(f"{target} does not exist; give a run, a snapshot or a folder of pictures")
    sees_through: tuple[str, ...] = ()
    if is_file(target) or is_run(target):
        artist = load(target)
        sees_through = artist.sees_through
        real, images, labels = _generated(target, artist, data, samples, seed)
    elif data is None:
        raise DataError(f"{target} needs a dataset to be compared with; name one with --data")
    else:
        real = Dataset.open(data)
        images, labels = _selected(target, real, samples, seed), None
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if patches is not None:
        real, images, labels, samples = _in_patches(real, images, labels, samples, patches)
    extractor = extractor or independent_extractor(sees_through, real.size)
    evaluator = Evaluator(real, samples=samples, extractor=extractor, sees_through=sees_through, device=device)
    return evaluator.score(images, labels)


def _in_patches(
    real: Dataset, images: Iterator[Images], labels: Integers | None, samples: int, side: int
) -> tuple[Dataset, Iterator[Images], Integers | None, int]:
    """Real and generated pictures cut into squares, with their labels, and the largest number of generated squares."""
    squares, each = patches_of(real, side), (real.size // side) ** 2
    repeated = None if labels is None else labels.repeat(each)
    return squares, (cut_up(batch, side) for batch in images), repeated, samples * each


def _generated(
    target: Path, artist: Artist, data: str | Path | None, samples: int, seed: int
) -> tuple[Dataset, Iterator[Images], Integers | None]:
    """The dataset, the pictures of a run or snapshot, and their labels if the classes are those of the dataset."""
    real = training_data(artist, target, data)
    labels = artist.labels(samples) if artist.class_names == real.class_names else None
    return real, artist.batches(samples, seed), labels


def _selected(target: Path, real: Dataset, samples: int, seed: int) -> Iterator[Images]:
    """Pictures of a dataset directory or a folder in random order, in batches."""
    random = np.random.default_rng(seed)
    if is_file(target / INFO):
        pictures = Dataset.open(target).images
        rows = random.permutation(len(pictures))[:samples]
        return (pictures[rows[start : start + SLAB]] for start in range(0, len(rows), SLAB))
    return _folder_pictures(target, frame_like(real.info.options, real.size), random)


def _folder_pictures(folder: Path, frame: Frame, random: np.random.Generator) -> Iterator[Images]:
    """The pictures of a folder and its sub-folders, uint8 [n, S, S, 3]. Files that are not pictures are skipped."""
    items = open_folder(folder).items
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
