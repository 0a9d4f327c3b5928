"""Choose the pictures of a source (by a condition, by class, at random) and the labels for class and split."""

import heapq
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.split import MEANINGS
from ganvas.data.sources.source import RESERVED, Item, RejectedItem, Relabelled, Request, Source, Value
from ganvas.data.sources.where import NOTHING, condition, kind_of, kinds_of
from ganvas.foundation.errors import DataError, unknown

# Columns about the origin of a picture and the right to show it. They are kept whatever labels are requested.
PROVENANCE = re.compile(
    r"(?<![a-z])(licen[cs]e|rights|copyright|credit|source|url|date|year)s?(?![a-z])", re.IGNORECASE
)


def choose(source: Source, request: Request) -> Source:
    """Apply a request: its class, its split and its choice of pictures.

    Raises:
        DataError: a label does not exist, the condition cannot be read, or no picture is left.
    """
    source = _where(source, request.where)
    source = _with_class(source, request.labels)
    source = _with_split(source, None if "split" in request.used else request.split)
    source = _with_labels(source, request)
    source = _large_classes(source, request.min_per_class)
    if request.balance:
        source = _balanced(source, request)
    elif request.limit is not None:
        source = _limited(source, request.limit, request.seed)
    return _as_table(source)


def check(request: Request) -> None:
    """Raise DataError for a request that no source can fulfil."""
    if request.limit is not None and request.limit < 1:
        raise DataError(f"limit {request.limit} is out of range; take 1 picture or more")
    if request.min_per_class < 0:
        raise DataError(
            f"min-per-class {request.min_per_class} is out of range; choose 2 or more, or 0 for all classes"
        )
    if request.classes == "none":
        for is_asked, option in (
            (request.labels, "labels"),
            (request.min_per_class, "min-per-class"),
            (request.balance, "balance"),
        ):
            if is_asked:
                raise DataError(f"{option} needs classes, and classes none removes them; use only one of the two")


# ---- labels -----------------------------------------------------------------------------------------------------


def _with_class(source: Source, labels: Sequence[str]) -> Source:
    """The source with the first of these labels as its class. Items without a class are rejected."""
    for label in labels:
        if label not in source.columns:
            if not source.columns:
                raise DataError(f"{source.title} has no columns, so there is no label {label!r}")
            raise DataError(unknown("label", label, source.columns))
    column = labels[0] if labels else source.label_column
    return replace(_require_label(source, column), label_column=column)


def _with_split(source: Source, split: str | None) -> Source:
    """The source with a label as its split; None keeps the split that it has.

    Raises:
        DataError: the source has no such label.
    """
    if split is None:
        return _require_label(source, source.split_column)
    if split == "none":
        return replace(source, split_column=None)
    if not source.columns:
        raise DataError(f"{source.title} has no column {split!r} to split by; write a fraction to hold back, as in 0.2")
    if split not in source.columns:
        raise DataError(unknown("split column", split, source.columns) + ", or a fraction to hold back, as in 0.2")
    label_column = None if source.label_column == split else source.label_column
    return replace(_require_label(source, split), label_column=label_column, split_column=split)


def _require_label(source: Source, column: str | None) -> Source:
    """The source with a label as text. Items without the label are rejected."""
    if column is None:
        return source
    items = [item if isinstance(item, RejectedItem) else _with_text(item, column) for item in source.items]
    return replace(source, items=items)


def _with_text(item: Item, column: str) -> Item:
    value = item.labels.get(column)
    if isinstance(value, str):
        return item
    if value is None:
        return RejectedItem(item.name, f"no value in column {column!r}")
    return Relabelled(item, item.name, {**item.labels, column: str(value)})


def _with_labels(source: Source, request: Request) -> Source:
    """The source with the requested labels only, and those for split, mode, group and origin."""
    if not request.labels:
        return source
    kept = {*request.labels, source.split_column, source.mode_column, request.group}
    kept |= {column for column in source.columns if PROVENANCE.search(column)}
    if source.columns <= kept:
        return source
    return _relabelled(source, lambda item: {name: value for name, value in item.labels.items() if name in kept})


def _relabelled(source: Source, labels: Callable[[Item], Mapping[str, Value]]) -> Source:
    items = [
        item if isinstance(item, RejectedItem) else Relabelled(item, item.name, labels(item)) for item in source.items
    ]
    return replace(source, items=items)


def _as_table(source: Source) -> Source:
    """The source with labels that fit into one table: one type per column, and a free name for the class column."""
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


def _where(source: Source, where: str | None) -> Source:
    """The items that fulfil a condition, and rejected items without labels to test."""
    items = source.items
    if where is not None:
        is_wanted = condition(where, kinds_of(item.labels for item in items))
        kept = [number for number, item in enumerate(items) if is_wanted(item.labels)]
        unlabelled = [number for number, item in enumerate(items) if isinstance(item, RejectedItem) and not item.labels]
        source = _select(source, [*kept, *unlabelled], f"the condition {where!r}", keep_rejected=False)
    return replace(source, items=[_bare(item) if isinstance(item, RejectedItem) else item for item in source.items])


def _bare(item: RejectedItem) -> RejectedItem:
    return replace(item, labels={}) if item.labels else item


def _large_classes(source: Source, least: int) -> Source:
    """The classes with at least `least` pictures."""
    if least < 2:
        return source
    classes = _by_class(source, "min-per-class")
    large = [members for members in classes.values() if len(members) >= least]
    lost = len(classes) - len(large)
    note = f"left out {lost:,} of {len(classes):,} classes, with fewer than {least:,} pictures"
    return _select(
        source, [row for members in large for row in members], f"min-per-class {least}", note if lost else None
    )


def _balanced(source: Source, request: Request) -> Source:
    """The same number of training pictures of each class, as many as possible, and all held-back pictures.

    Raises:
        DataError: the limit does not allow two training pictures of each class.
    """
    held = [row for row in _pictures(source) if not _is_training(source, row)]
    by_class = ([row for row in rows if _is_training(source, row)] for rows in _by_class(source, "balance").values())
    classes = [rows for rows in by_class if rows]
    each = min(map(len, classes), default=0)
    if each < 2 and not held:
        return source  # a class of one picture is refused later, with a message that names only that class
    random, total = np.random.default_rng(request.seed), each * len(classes) + len(held)
    if request.limit is not None and total > request.limit:
        each = each * request.limit // total
        if each < 2:
            raise DataError(
                f"limit {request.limit} is too low for two pictures of each of {len(classes)} classes; raise it, or "
                "leave small classes out with --min-per-class"
            )
        held = random.choice(held, min(len(held), request.limit - each * len(classes)), replace=False).tolist()
    kept = [row for rows in classes for row in random.choice(rows, each, replace=False).tolist()]
    note = f"took {each:,} of each class" + (f" to train on, and {len(held):,} that are held back" if held else "")
    return _select(source, [*kept, *held], "balance", note)


def _limited(source: Source, limit: int, seed: int) -> Source:
    """At most `limit` pictures at random, in proportion to the classes.

    Raises:
        DataError: the limit does not allow two pictures of any class.
    """
    rows = _pictures(source)
    if len(rows) <= limit:
        return source
    random = np.random.default_rng(seed)
    if source.label_column is None:
        kept, missed = random.choice(rows, limit, replace=False).tolist(), ""
    else:
        classes = list(_by_class(source, "limit").values())
        shares = _shares([len(members) for members in classes], limit, random)
        kept = [
            row
            for members, share in zip(classes, shares, strict=True)
            for row in _drawn(source, members, share, random)
        ]
        if not kept:
            raise DataError(
                f"limit {limit} leaves no class of {source.title} with the two pictures that each needs; raise it, or "
                "prepare with classes none"
            )
        missed = f", and none of {shares.count(0):,} of {len(classes):,} classes" if 0 in shares else ""
    return _select(source, kept, f"limit {limit}", f"took {len(kept):,} of {len(rows):,} pictures at random{missed}")


def _shares(sizes: Sequence[int], limit: int, random: np.random.Generator) -> list[int]:
    """How many pictures to take of each class: in proportion to its size, 0 or at least 2, and at most `limit` in all.

    Webster's method: pictures go one by one to the class that is furthest behind its share; ties are broken at random.
    A class starts with two pictures, or gets none if there is no room for two.
    """
    shares = [0] * len(sizes)
    chances = random.permutation(len(sizes)).tolist()
    waiting = [(1 / size, chances[number], number) for number, size in enumerate(sizes) if size > 1]
    heapq.heapify(waiting)
    while limit and waiting:
        _, chance, number = heapq.heappop(waiting)
        more = 1 if shares[number] else 2
        if more <= limit:
            shares[number] += more
            limit -= more
            if shares[number] < sizes[number]:
                heapq.heappush(waiting, ((shares[number] + 0.5) / sizes[number], chance, number))
    return shares


def _drawn(source: Source, rows: Sequence[int], count: int, random: np.random.Generator) -> list[int]:
    """`count` of these pictures at random, with a training picture among them if there is one: a class needs one."""
    order: list[int] = random.permutation(rows).tolist()
    first = next((place for place, row in enumerate(order) if _is_training(source, row)), 0)
    return [*order[first : first + 1], *order[:first], *order[first + 1 :]][:count]


def _pictures(source: Source) -> list[int]:
    """The positions of the items that are not rejected."""
    return [number for number, item in enumerate(source.items) if not isinstance(item, RejectedItem)]


def _is_training(source: Source, row: int) -> bool:
    """Whether the source marks a picture for training; without a split column, all are."""
    if source.split_column is None:
        return True
    return MEANINGS.get(str(source.items[row].labels[source.split_column]).lower()) == TRAIN


def _by_class(source: Source, option: str) -> dict[str, list[int]]:
    """The positions of the pictures of each class, sorted by class name."""
    if source.label_column is None:
        columns = f"; name one with --labels: {', '.join(sorted(source.columns))}" if source.columns else ""
        raise DataError(f"{option} needs classes, and {source.title} has none{columns}")
    classes: dict[str, list[int]] = {}
    for row in _pictures(source):
        classes.setdefault(str(source.items[row].labels[source.label_column]), []).append(row)
    if not classes:
        raise DataError(f"{source.title} holds no picture with a class")
    return dict(sorted(classes.items()))


def _select(
    source: Source, kept: Collection[int], why: str, note: str | None = None, keep_rejected: bool = True
) -> Source:
    """The source with only these items, in their order, and by default with all rejected items."""
    rejected = {number for number, item in enumerate(source.items) if isinstance(item, RejectedItem)}
    wanted = {*kept, *(rejected if keep_rejected else ())}
    if wanted <= rejected:
        raise DataError(f"{why} leaves none of {len(source.items) - len(rejected):,} pictures of {source.title}")
    items = [item for number, item in enumerate(source.items) if number in wanted]
    return replace(source, items=items, notes=(*source.notes, note) if note else source.notes)
