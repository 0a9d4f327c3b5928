"""Combine several sources into one, each as a class."""

from collections.abc import Mapping
from functools import reduce

from ganvas.data.sources.source import Item, RejectedItem, Relabelled, Source, Value, unique
from ganvas.foundation.errors import DataError

CLASS, SPLIT = "class", "split"


def combine(sources: Mapping[str, Source]) -> Source:
    """Combine sources, in their order. The class of a picture is the name of its source in the mapping.

    Labels are kept, and are unknown for pictures of sources without them; a column `class` becomes `class_in_table`.
    If any source has a split, its pictures keep theirs, and the pictures of all other sources are for training.

    Raises:
        DataError: the sources have no picture size in common.
    """
    sizes = reduce(_common, (source.sizes for source in sources.values()))
    if not sizes:
        raise DataError(f"{' and '.join(source.title for source in sources.values())} have no picture size in common")
    is_divided = any(source.split_column for source in sources.values())
    names = unique(f"{name}/{item.name}" for name, source in sources.items() for item in source.items)
    items = (
        (item, _labels(name, source, item, is_divided)) for name, source in sources.items() for item in source.items
    )
    return Source(
        title=", ".join(f"{name}={source.title}" for name, source in sources.items()),
        items=[_renamed(item, name, labels) for name, (item, labels) in zip(names, items, strict=True)],
        label_column=CLASS,
        split_column=SPLIT if is_divided else None,
        sizes=sizes,
        remedy="add pictures to its source, or leave that source out",
        parallel_from=min(source.parallel_from for source in sources.values()),
        notes=tuple(f"{name}: {note}" for name, source in sources.items() for note in source.notes),
        resources=[source.resources for source in sources.values()],
    )


def _labels(name: str, source: Source, item: Item, is_divided: bool) -> dict[str, Value]:
    labels = {f"{column}_in_table" if column == CLASS else column: value for column, value in item.labels.items()}
    if is_divided:
        labels[SPLIT] = "train" if source.split_column is None else item.labels.get(source.split_column)
    return {**labels, CLASS: name}


def _renamed(item: Item, name: str, labels: Mapping[str, Value]) -> Item:
    return RejectedItem(name, item.reason, labels) if isinstance(item, RejectedItem) else Relabelled(item, name, labels)


def _common(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))
