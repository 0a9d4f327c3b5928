"""Preparing the pictures of a paper: from the user's, or from those that are embedded in ganvas."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import INFO
from ganvas.data.dataset.subset import of_classes
from ganvas.data.prepare.prepare import prepare
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import RejectedItem, Source
from ganvas.foundation.errors import ConfigError, DataError
from ganvas.foundation.paths import exists, is_file, user_path
from ganvas.papers.paper import Pictures


@dataclass(frozen=True)
class _Choice:
    """What to prepare, in terms of the options of `prepare`."""

    source: str
    size: int
    labels: tuple[str, ...] = ()
    where: str | None = None
    limit: int | None = None


def check_source(source: str | None) -> str | None:
    """The source of the user's pictures, as an absolute path if it is a file or folder.

    Raises:
        ConfigError: it is a dataset directory.
        DataError: it does not exist, or cannot be read.
    """
    if source is None:
        return None
    path = user_path(source)
    if is_file(path / INFO):
        raise ConfigError(
            f"{source} is a dataset directory, of one size; give the pictures that it was prepared from, because the "
            "papers' sizes differ"
        )
    source = str(path.resolve()) if exists(path) else source
    open_source(source)
    return source


def prepare_pictures(
    chosen: Pictures, source: str | None, target: Path, progress: Callable[[int, int], None] | None = None
) -> None:
    """Prepare a set of pictures, unless that was done before.

    A set from the user's pictures has at most as many as the paper's. A stand-in states its own number.

    Args:
        chosen: the set.
        source: the source of the user's pictures, or None for the embedded ones.
        target: the dataset directory to make.
        progress: called as `progress(done, total)`.

    Raises:
        DataError: the source has too few classes for the set, or cannot be prepared.
        GanvasError: the file system refused.
    """
    if exists(target):
        return
    if source is not None and not chosen.is_fixed:
        _prepare(chosen, _of_source(chosen, source), target, progress)
        return
    stand_in = chosen.stand_in
    choice = _Choice(stand_in.source, stand_in.size, (stand_in.label,) if stand_in.label else (), stand_in.where)
    if not stand_in.classes:
        _prepare(chosen, choice, target, progress)
        return
    shared = target.with_name(stand_in.shared_key)
    if not exists(shared):
        _prepare(chosen, choice, shared, progress)
    of_classes(Dataset.open(shared), stand_in.classes, target)


def _prepare(chosen: Pictures, choice: _Choice, target: Path, progress: Callable[[int, int], None] | None) -> None:
    prepare(
        choice.source,
        target,
        size=choice.size,
        fit=chosen.fit,
        labels=choice.labels,
        where=choice.where,
        min_per_class=2 if choice.labels else 0,
        limit=choice.limit,
        split="none" if chosen.split is None else chosen.split,
        progress=progress,
    )


def _of_source(chosen: Pictures, source: str) -> _Choice:
    """The choice among the user's pictures.

    Raises:
        DataError: there are too few classes.
    """
    opened = open_source(source)
    column = next((each for each in chosen.columns if each in opened.columns), opened.label_column)
    if column is None:
        if chosen.classes:
            raise DataError(f"{opened.title} has no classes, and “{chosen.title}” needs {chosen.classes}")
        return _Choice(source, chosen.size, limit=chosen.count)
    names = _chosen_classes(chosen, opened, column)
    name = re.sub(r"\W", "_", column)
    where = None if names is None else f"{name} in {names!r}"
    return _Choice(source, chosen.size, (column,), where, chosen.count)


def _chosen_classes(chosen: Pictures, source: Source, column: str) -> list[str] | None:
    """The names of the classes to use, or None for all: those that the paper had come first, then the largest.

    Raises:
        DataError: there are too few classes.
    """
    counts = Counter(_labels(source, column))
    names = [name for name, count in counts.most_common() if count > 1]
    matching = [name for name in names if any(word in name.lower() for word in chosen.like)]
    if chosen.classes is None:
        return matching or None
    if len(names) < chosen.classes:
        raise DataError(
            f"{source.title} has {len(names)} classes of two pictures or more in {column!r}, and “{chosen.title}” "
            f"needs {chosen.classes}"
        )
    return [*matching, *(name for name in names if name not in matching)][: chosen.classes]


def _labels(source: Source, column: str) -> Iterable[str]:
    return (
        str(value)
        for item in source.items
        if not isinstance(item, RejectedItem) and (value := item.labels.get(column)) is not None
    )
