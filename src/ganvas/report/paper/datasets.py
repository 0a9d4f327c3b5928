"""Drawings of real pictures: samples, classes, and mean pictures."""

from collections.abc import Iterator

from ganvas.artist.grids import grid
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.data.survey.classes import Appearance, ClassRows, appearances, classes_of
from ganvas.data.survey.shapes import shapes_of
from ganvas.papers.drawings import ClassCounts, Composites, GroupComposites, RealPictures
from ganvas.report import html
from ganvas.report.paper.blocks import Block, Gallery, Note, Table, tile
from ganvas.report.paper.reproduction import Reproduction

# The classes of which pictures are shown: the largest ones.
MOST_CLASSES = 12


def real_pictures(drawing: RealPictures, done: Reproduction) -> list[Block]:
    """A grid of training pictures of each set, evenly spaced over it."""
    tiles = []
    for key in drawing.pictures:
        data = done.dataset(key)
        caption = f"{done.paper.set_of(key).title}: {data.splits[TRAIN]:,} pictures"
        tiles.append(tile(grid(data.examples(TRAIN, drawing.count)), caption, "wide"))
    return [Gallery(tiles, "wide")]


def class_counts(drawing: ClassCounts, done: Reproduction) -> list[Block]:
    """The number of pictures of each class, and the range of the original sizes."""
    data = done.dataset(drawing.pictures)
    rows = [
        [members.name or "all", *(html.whole(members.splits[split]) for split in data.splits)]
        for members in sorted(classes_of(data), key=len, reverse=True)[:MOST_CLASSES]
    ]
    blocks: list[Block] = [Table((data.info.label_column or "class", *data.splits), rows)]
    if (shapes := shapes_of(data)) is not None:
        blocks.append(
            Note(
                f"The sides of the originals are between {shapes.smallest:,} and {shapes.largest:,} pixels long; the "
                f"median of the shorter sides is {shapes.median:,}."
            )
        )
    return blocks


def composites(drawing: Composites, done: Reproduction) -> list[Block]:
    """The mean of all pictures of each class."""
    data, tiles = done.dataset(drawing.pictures), []
    for members, appearance in _largest(data):
        caption = f"{members.name or 'all'}: the mean of {appearance.averaged:,}"
        tiles.append(tile(appearance.mean, caption, "medium"))
    return [Gallery(tiles)]


def group_composites(drawing: GroupComposites, done: Reproduction) -> list[Block]:
    """The means of groups of similar pictures of each class."""
    data, blocks = done.dataset(drawing.pictures), list[Block]()
    for members, appearance in _largest(data):
        tiles = [tile(group.picture, f"{group.count:,} pictures") for group in appearance.composites]
        if tiles:
            blocks.append(Gallery(tiles, heading=members.name or "all"))
    return blocks or [Note("The classes are too small to be divided into groups.")]


def _largest(data: Dataset) -> Iterator[tuple[ClassRows, Appearance]]:
    """The largest classes and what they look like."""
    classes = sorted(classes_of(data), key=len, reverse=True)[:MOST_CLASSES]
    for position, appearance in appearances(data, classes, seed=0):
        yield classes[position], appearance
