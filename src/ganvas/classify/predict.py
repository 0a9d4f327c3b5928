"""Predict the classes of any pictures: files, folders, or the samples of a generator."""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganvas.artist.artist import load
from ganvas.classify.classifier import Classifier
from ganvas.data.pictures.fit import place
from ganvas.data.pictures.frame import Frame, frame_like
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources import PictureFile, open_folder
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import DataError, GanvasError
from ganvas.foundation.paths import exists, is_directory, user_path
from ganvas.runs.directory import is_run

# Names and pictures, uint8 [n, S, S, 3].
Part = tuple[list[str], Images]

# Pictures to read before they are classified. A classifier works on whole batches, so fewer would take as long.
SLAB = 256
SNAPSHOT_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture.

    Attributes:
        path: the file, or the generator and the number of the picture.
        probabilities: the probability of each class, by name, in the classifier's order.
    """

    path: str
    probabilities: dict[str, float]

    @property
    def name(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    @property
    def probability(self) -> float:
        """The probability of that class."""
        return self.probabilities[self.name]

    def record(self) -> dict[str, object]:
        """The prediction as a JSON object."""
        return {
            "path": self.path,
            "class": self.name,
            "probability": self.probability,
            "probabilities": self.probabilities,
        }


def predict(
    classifier: Classifier,
    sources: Iterable[str | Path],
    *,
    samples: int = 64,
    seed: int = 0,
    left_out: Callable[[str, str], None] = lambda name, reason: None,
) -> Iterator[Prediction]:
    """Classify pictures in the order of the sources, and those of a folder by path.

    Pictures of several sources are classified in one batch. The prediction for a picture does not depend on the others.

    Args:
        classifier: the classifier to use. Pictures are made square in the same way as its training pictures.
        sources: picture files, folders with pictures at any depth, and runs or snapshots, which generate pictures.
        samples: number of pictures that each run or snapshot generates.
        seed: seed of the generated pictures.
        left_out: called with the name and the reason of each file in a folder that is not a picture.

    Raises:
        DataError: a source does not exist, a file is not a picture, or a folder holds no pictures.
        RunError: a run or snapshot cannot be used.
    """
    frame = frame_like(classifier.card.model_dump(), classifier.card.size)
    parts = itertools.chain.from_iterable(
        _pictures(source, frame, samples, seed, left_out) for source in map(user_path, sources)
    )
    for names, images in _gathered(parts):
        for name, row in zip(names, classifier.probabilities(images), strict=True):
            yield Prediction(name, dict(zip(classifier.class_names, row.tolist(), strict=True)))


def _gathered(parts: Iterable[Part]) -> Iterator[Part]:
    """The same names and pictures, `SLAB` at a time.

    Raises:
        GanvasError: any error of `parts`, after everything before it has been yielded.
    """
    names: list[str] = []
    images: list[Images] = []
    failure: GanvasError | None = None
    try:
        for part_names, part_images in parts:
            # A generator may have been trained at another size than the classifier.
            if images and images[0].shape[1:] != part_images.shape[1:]:
                yield names, np.concatenate(images)
                names, images = [], []
            names, images = names + part_names, [*images, part_images]
            while len(names) >= SLAB:
                whole = np.concatenate(images)
                yield names[:SLAB], whole[:SLAB]
                names, images = names[SLAB:], [whole[SLAB:]]
    except GanvasError as error:
        failure = error
    if names:
        yield names, np.concatenate(images)
    if failure is not None:
        raise failure


def _pictures(
    source: Path, frame: Frame, samples: int, seed: int, left_out: Callable[[str, str], None]
) -> Iterator[Part]:
    """Names and pictures of a source, uint8 [n, S, S, 3], n at most `SLAB`."""
    if not exists(source):
        raise DataError(f"{source} does not exist; name pictures, folders of pictures, runs or snapshots")
    if is_run(source) or source.suffix == SNAPSHOT_SUFFIX:
        numbers = itertools.count()
        for batch in load(source).batches(samples, seed):
            yield [f"{source}#{next(numbers)}" for _ in batch], batch
    elif is_directory(source):
        yield from _folder(source, frame, left_out)
    else:
        item = PictureFile(str(source), str(source), {})
        try:
            yield [item.name], place(item.read(frame).pixels, frame)[None]
        except Rejected as error:
            raise DataError(f"{source} cannot be classified: {error}") from error


def _folder(folder: Path, frame: Frame, left_out: Callable[[str, str], None]) -> Iterator[Part]:
    items = open_folder(folder).items
    has_pictures = False
    for start in range(0, len(items), SLAB):
        read: list[tuple[str, Images]] = []
        for item in items[start : start + SLAB]:
            try:
                read.append((str(folder / item.name), place(item.read(frame).pixels, frame)))
            except Rejected as error:
                left_out(item.name, str(error))
        if read:
            has_pictures = True
            names, images = zip(*read, strict=True)
            yield list(names), np.stack(images)
    if not has_pictures:
        raise DataError(f"{folder} holds no picture that can be read")


def as_json(predictions: Iterable[Prediction]) -> str:
    """A JSON list of `Prediction.record`."""
    return json.dumps([prediction.record() for prediction in predictions], indent=2)


def as_csv(predictions: Iterable[Prediction], class_names: list[str]) -> str:
    """A CSV table: path, class, probability, and a column for each class, named `p(CLASS)`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["path", "class", "probability", *(f"p({name})" for name in class_names)])
    for prediction in predictions:
        table.writerow([prediction.path, prediction.name, prediction.probability, *prediction.probabilities.values()])
    return text.getvalue()
