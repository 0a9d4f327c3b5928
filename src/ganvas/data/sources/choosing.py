"""Which pictures of a source are taken: by a condition, by class, by chance; and which label is what."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ganvas.data.sources.source import RESERVED, Item, Relabelled, Request, Source, Stranger, Value
from ganvas.data.sources.where import NOTHING, condition, kind_of, kinds_of
from ganvas.errors import DataError, unknown

# Columns that say where a picture is from and whether it may be shown. They are kept whatever labels are asked for.
PROVENANCE = re.compile(
    r"(?<![a-z])(licen[cs]e|rights|copyright|credit|source|url|date|year)s?(?![a-z])", re.IGNORECASE
)


def choose(source: Source, request: Request) -> Source:
    """The source with the class and the split that are asked for, and with the pictures that are asked for.

    Raises:
        DataError: there is no such label, the condition cannot be read, or nothing is left.
    """
    source = _fulfilling(source, request.where)
    source = _of_class(source, request.labels)
    source = _split_by(source, None if "split" in request.used else request.split)
    source = _kept_labels(source, request)
    source = _large_classes(source, request.min_per_class)
    if request.balance:
        source = _balanced(source, request)
    elif request.limit is not None:
        source = _limited(source, request.limit, request.seed)
    return _in_columns(source)


def check(request: Request) -> None:
    """Raise DataError for what no source could fulfil."""
    if request.limit is not None and request.limit < 1:
        raise DataError(f"limit {request.limit} is out of range; take 1 picture or more")
    if request.min_per_class < 0:
        raise DataError(f"min-per-class {request.min_per_class} is out of range; choose 2 or more")
    if request.classes == "none":
        for is_asked, option in (
            (request.labels, "labels"),
            (request.min_per_class, "min-per-class"),
            (request.balance, "balance"),
        ):
            if is_asked:
                raise DataError(f"{option} is about classes, and classes none leaves none; leave one of the two out")


# ---- labels -----------------------------------------------------------------------------------------------------


def _of_class(source: Source, labels: Sequence[str]) -> Source:
    """The source with the first of these labels as its class; what has no class is no picture."""
    for label in labels:
        if label not in source.columns:
            if not source.columns:
                raise DataError(f"{source.title} has no columns, so none called {label!r}")
            raise DataError(unknown("label", label, source.columns))
    column = labels[0] if labels else source.label_column
    return replace(_required(source, column), label_column=column)


def _split_by(source: Source, split: str | None) -> Source:
    """The source with that label as its split, or as it is.

    Raises:
        DataError: it has no such label.
    """
    if split is None:
        return _required(source, source.split_column)
    if split == "none":
        return replace(source, split_column=None)
    if not source.columns:
        raise DataError(f"{source.title} has no column {split!r} to split by; write a fraction to hold back, as in 0.2")
    if split not in source.columns:
        raise DataError(unknown("split column", split, source.columns) + ", or a fraction to hold back, as in 0.2")
    label_column = None if source.label_column == split else source.label_column
    return replace(_required(source, split), label_column=label_column, split_column=split)


def _required(source: Source, column: str | None) -> Source:
    """The source with a label as text, and strangers in the place of the pictures that lack it."""
    if column is None:
        return source
    items = [item if isinstance(item, Stranger) else _with_text(item, column) for item in source.items]
    return replace(source, items=items)


def _with_text(item: Item, column: str) -> Item:
    value = item.labels.get(column)
    if isinstance(value, str):
        return item
    if value is None:
        return Stranger(item.name, f"no value in column {column!r}")
    return Relabelled(item, item.name, {**item.labels, column: str(value)})


def _kept_labels(source: Source, request: Request) -> Source:
    """The source with the labels asked for, if any, and those that something else is made of or that say its origin."""
    if not request.labels:
        return source
    kept = {*request.labels, source.split_column, source.mode_column, request.group}
    kept |= {column for column in source.columns if PROVENANCE.search(column)}
    if source.columns <= kept:
        return source
    return _relabelled(source, lambda item: {name: value for name, value in item.labels.items() if name in kept})


def _relabelled(source: Source, labels: Callable[[Item], Mapping[str, Value]]) -> Source:
    items = [item if isinstance(item, Stranger) else Relabelled(item, item.name, labels(item)) for item in source.items]
    return replace(source, items=items)


def _in_columns(source: Source) -> Source:
    """The source with labels that fit the columns of one table: of one kind each, and the class under a free name."""
    kinds: dict[str, set[str]] = {}
    for item in source.items:
        for column, value in item.labels.items():
            kinds.setdefault(column, set()).add(kind_of(value))
    empty = {column for column, found in kinds.items() if found == {NOTHING}}
    mixed = {column for column, found in kinds.items() if len(found - {NOTHING}) > 1}
    class_column = source.label_column
    renamed: dict[str | None, str] = {}
    if class_column in RESERVED:
        renamed[class_column] = source.index_name(class_column)
    if not (empty or mixed or renamed):
        return source

    def labels(item: Item) -> dict[str, Value]:
        return {
            renamed.get(name, name): str(value) if name in mixed and value is not None else value
            for name, value in item.labels.items()
            if name not in empty
        }

    return replace(_relabelled(source, labels), label_column=renamed.get(class_column, class_column))


# ---- pictures ---------------------------------------------------------------------------------------------------


def _fulfilling(source: Source, where: str | None) -> Source:
    """The pictures that fulfil a condition, and of what is none, what does so or has no labels to ask for."""
    items = source.items
    if where is not None:
        is_wanted = condition(where, kinds_of(item.labels for item in items))
        kept = [number for number, item in enumerate(items) if is_wanted(item.labels)]
        strange = [number for number, item in enumerate(items) if isinstance(item, Stranger) and not item.labels]
        source = _only(source, [*kept, *strange], f"the condition {where!r}", strangers=False)
    return replace(source, items=[_bare(item) if isinstance(item, Stranger) else item for item in source.items])


def _bare(stranger: Stranger) -> Stranger:
    return replace(stranger, labels={}) if stranger.labels else stranger


def _large_classes(source: Source, least: int) -> Source:
    """The classes with so many pictures or more."""
    if least < 2:
        return source
    counts = _class_counts(source, "min-per-class")
    small = {name for name, count in counts.items() if count < least}
    column = source.label_column
    kept = [number for number, item in enumerate(source.items) if item.labels.get(str(column)) not in small]
    note = f"left out {len(small):,} of {len(counts):,} classes, with fewer than {least:,} pictures"
    return _only(source, kept, f"min-per-class {least}", note if small else None)


def _balanced(source: Source, request: Request) -> Source:
    """As many pictures of each class as the smallest has, or as there may be."""
    counts = _class_counts(source, "balance")
    each = min(counts.values())
    if request.limit is not None:
        each = min(each, request.limit // len(counts))
    random = np.random.default_rng(request.seed)
    classes: dict[str, list[int]] = {name: [] for name in counts}
    for number, item in enumerate(source.items):
        if not isinstance(item, Stranger):
            classes[str(item.labels[str(source.label_column)])].append(number)
    kept = [int(row) for rows in classes.values() for row in random.choice(rows, each, replace=False)]
    what = "balance" if request.limit is None else f"limit {request.limit} for {len(counts)} classes"
    return _only(source, kept, what, f"took {each:,} of each class")


def _limited(source: Source, limit: int, seed: int) -> Source:
    """So many pictures at random, or all if there are no more."""
    numbers = [number for number, item in enumerate(source.items) if not isinstance(item, Stranger)]
    if len(numbers) <= limit:
        return source
    kept = np.random.default_rng(seed).choice(numbers, limit, replace=False).tolist()
    return _only(source, kept, f"limit {limit}", f"took {limit:,} of {len(numbers):,} pictures at random")


def _class_counts(source: Source, option: str) -> dict[str, int]:
    """How many pictures each class has, sorted by its name."""
    if source.label_column is None:
        columns = f"; name one with --labels: {', '.join(sorted(source.columns))}" if source.columns else ""
        raise DataError(f"{option} is about classes, and {source.title} has none{columns}")
    counts = Counter(str(item.labels[source.label_column]) for item in source.items if not isinstance(item, Stranger))
    if not counts:
        raise DataError(f"{source.title} holds no picture with a class")
    return dict(sorted(counts.items()))


def _only(source: Source, kept: Collection[int], why: str, note: str | None = None, strangers: bool = True) -> Source:
    """The source with these of its items, and all that is no picture if that is wanted, in their order."""
    strange = {number for number, item in enumerate(source.items) if isinstance(item, Stranger)}
    wanted = {*kept, *(strange if strangers else ())}
    if wanted <= strange:
        raise DataError(f"{why} leaves none of {len(source.items) - len(strange):,} pictures of {source.title}")
    items = [item for number, item in enumerate(source.items) if number in wanted]
    return replace(source, items=items, notes=(*source.notes, note) if note else source.notes)
