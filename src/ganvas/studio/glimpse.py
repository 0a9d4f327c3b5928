"""A folder or archive of pictures at a glance, before a dataset is made of it."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganvas.data.pictures.decode import Picture
from ganvas.data.pictures.fit import views
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Rejected
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Item, RejectedItem, Request, Source
from ganvas.data.survey.advice import UNBALANCED
from ganvas.foundation.arrays import Images, evenly_spaced
from ganvas.foundation.errors import DataError

# Pictures in a row, and rows, of those that are looked at.
COLUMNS, ROWS = 6, 3
# Classes and reasons that are named, and the number below which pictures are few.
MOST_NAMED, FEW = 6, 100
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Glimpse:
    """What a source seems to hold.

    Attributes:
        squares: uint8 [N, S, S, 3], some of its pictures as the dataset will have them, in whole rows if there are
            enough.
        words: what it holds.
        mind: what to mind, a sentence each.
    """

    squares: Images
    words: str
    mind: Sequence[str]


def glimpse(path: Path, frame: Frame, classes: str) -> Glimpse:
    """Look at some pictures of a source, evenly spaced.

    Args:
        path: the folder or archive.
        frame: how its pictures will become square.
        classes: "folders" or "none".

    Raises:
        DataError: it cannot be opened, or none of the pictures that were looked at can be read.
    """
    with _one_at_a_time:
        source = open_source(path, Request(classes=classes))
        items = [item for item in source.items if not isinstance(item, RejectedItem)]
        seen = [items[place] for place in evenly_spaced(len(items), COLUMNS * ROWS)] if items else []
        pictures, failed = _read(seen, frame)
    if not pictures:
        why = f": {next(iter(failed))}" if failed else ""
        raise DataError(f"none of its pictures can be read{why}; choose another folder or archive")
    squares = np.concatenate([views(picture.pixels, frame)[:1] for picture in pictures])
    shown = max(len(squares) // COLUMNS * COLUMNS, min(len(squares), COLUMNS))
    counts = _class_counts(source, items)
    mind = [*_about_pictures(items, pictures, frame, failed), *_about_classes(counts)]
    return Glimpse(squares[:shown], _words(source, items, pictures, counts), mind)


def _words(source: Source, items: Sequence[Item], pictures: Sequence[Picture], counts: Counter[str]) -> str:
    sides = sorted(min(picture.width, picture.height) for picture in pictures)
    said = f"{_counted(len(items), 'picture')}, their shorter side {sides[0]:,}"
    said += f" to {sides[-1]:,} px" if sides[-1] > sides[0] else " px"
    if counts:
        said += f"; {_counted(len(counts), 'class', 'classes')}: "
        said += _listed([f"{name} ({count:,})" for name, count in counts.most_common()])
    if others := len(source.items) - len(items):
        said += f"; {_counted(others, 'other file')}"
    return f"{said}."


def _counted(count: int, noun: str, several: str = "") -> str:
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"


def _read(items: Sequence[Item], frame: Frame) -> tuple[list[Picture], Counter[str]]:
    """The pictures of items, and how many cannot be read, by reason."""
    pictures, failed = list[Picture](), Counter[str]()
    for item in items:
        try:
            pictures.append(item.read(frame))
        except Rejected as rejected:
            failed[rejected.reason] += 1
    return pictures, failed


def _class_counts(source: Source, items: Sequence[Item]) -> Counter[str]:
    if source.label_column is None:
        return Counter()
    return Counter(str(item.labels.get(source.label_column)) for item in items)


def _about_pictures(
    items: Sequence[Item], pictures: Sequence[Picture], frame: Frame, failed: Mapping[str, int]
) -> list[str]:
    said = []
    if failed:
        count, looked = sum(failed.values()), sum(failed.values()) + len(pictures)
        said.append(f"{count} of {looked} that were looked at cannot be read and will be left out: {_listed(failed)}.")
    if len(items) < FEW:
        said.append(f"{len(items):,} pictures are few: a generator may learn them by heart. More are better.")
    short = sum(min(picture.width, picture.height) < frame.size for picture in pictures)
    if short:
        said.append(f"{short} of {len(pictures)} are smaller than {frame.size} px and will be enlarged, which blurs.")
    return said


def _about_classes(counts: Counter[str]) -> list[str]:
    if len(counts) < 2:
        return []
    (largest, most), (smallest, fewest) = counts.most_common()[0], counts.most_common()[-1]
    if most < UNBALANCED * fewest:
        return []
    return [f"{largest} has {most / fewest:.0f} times as many pictures as {smallest}."]


def _listed(words: Sequence[str] | Mapping[str, int]) -> str:
    shown = list(words)[:MOST_NAMED]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
