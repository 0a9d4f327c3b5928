"""Which pictures of a source are taken: by a condition, by class, by chance; and which label is what."""

import heapq
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ganvas.data.dataset.layout import TRAIN
from ganvas.data.dataset.split import MEANINGS
from ganvas.data.sources.source import RESERVED, Item, Relabelled, Request, Source, Stranger, Value
from ganvas.data.sources.where import NOTHING, condition, kind_of, kinds_of
from ganvas.foundation.errors import DataError, unknown

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
        is_enabled = condition(where, kinds_of(item.labels for item in items))
        kept = [number for number, item in enumerate(items) if is_enabled(item.labels)]
        strange = [number for number, item in enumerate(items) if isinstance(item, Stranger) and not item.labels]
        source = _only(source, [*kept, *strange], f"the condition {where!r}", strangers=False)
    return replace(source, items=[_bare(item) if isinstance(item, Stranger) else item for item in source.items])


def _bare(stranger: Stranger) -> Stranger:
    return replace(stranger, labels={}) if stranger.labels else stranger


def _large_classes(source: Source, least: int) -> Source:
    """The classes with so many pictures or more."""
    if least < 2:
        return source
    classes = _by_class(source, "min-per-class")
    large = [members for members in classes.values() if len(members) >= least]
    lost = len(classes) - len(large)
    note = f"left out {lost:,} of {len(classes):,} classes, with fewer than {least:,} pictures"
    return _only(
        source, [row for members in large for row in members], f"min-per-class {least}", note if lost else None
    )


def _balanced(source: Source, request: Request) -> Source:
    """As many training pictures of each class as the smallest has, or as there may be, and all that is held back.

    Raises:
        DataError: the limit has no room for two training pictures of each class.
    """
    held = [row for row in _pictures(source) if not _is_training(source, row)]
    by_class = ([row for row in rows if _is_training(source, row)] for rows in _by_class(source, "balance").values())
    classes = [rows for rows in by_class if rows]
    each = min(map(len, classes), default=0)
    if each < 2 and not held:
        return source  # a class of one picture is refused anyway, and it should be named alone
    random, total = np.random.default_rng(request.seed), each * len(classes) + len(held)
    if request.limit is not None and total > request.limit:
        each = each * request.limit // total
        if each < 2:
            raise DataError(
                f"limit {request.limit} has no room for two pictures of each of {len(classes)} classes; take more, or "
                "leave small classes out with --min-per-class"
            )
        held = random.choice(held, min(len(held), request.limit - each * len(classes)), replace=False).tolist()
    kept = [row for rows in classes for row in random.choice(rows, each, replace=False).tolist()]
    note = f"took {each:,} of each class" + (f" to train on, and {len(held):,} that are held back" if held else "")
    return _only(source, [*kept, *held], "balance", note)


def _limited(source: Source, limit: int, seed: int) -> Source:
    """So many pictures at random, or all if there are no more; those of classes in proportion.

    Raises:
        DataError: of no class can two be taken.
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
                f"limit {limit} leaves no class of {source.title} with two pictures, which each needs; take more, or "
                "prepare with classes none"
            )
        missed = f", and none of {shares.count(0):,} of {len(classes):,} classes" if 0 in shares else ""
    return _only(source, kept, f"limit {limit}", f"took {len(kept):,} of {len(rows):,} pictures at random{missed}")


def _shares(sizes: Sequence[int], limit: int, random: np.random.Generator) -> list[int]:
    """How many pictures to take of each class: in proportion to its size, none or at least two, in all at most `limit`.

    Webster's method: one picture after the other goes to the class that is furthest behind, by chance among equals. A
    class begins with two, or with none where there is no room for them.
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
    """So many of these pictures at random, one of which is for training if any is: a class cannot do without."""
    order: list[int] = random.permutation(rows).tolist()
    first = next((place for place, row in enumerate(order) if _is_training(source, row)), 0)
    return [*order[first : first + 1], *order[:first], *order[first + 1 :]][:count]


def _pictures(source: Source) -> list[int]:
    """The places of what may be a picture."""
    return [number for number, item in enumerate(source.items) if not isinstance(item, Stranger)]


def _is_training(source: Source, row: int) -> bool:
    """Whether a picture is for training, as far as the source says; all are, where nothing does."""
    if source.split_column is None:
        return True
    return MEANINGS.get(str(source.items[row].labels[source.split_column]).lower()) == TRAIN


def _by_class(source: Source, option: str) -> dict[str, list[int]]:
    """The places of the pictures of each class, sorted by its name."""
    if source.label_column is None:
        columns = f"; name one with --labels: {', '.join(sorted(source.columns))}" if source.columns else ""
        raise DataError(f"{option} is about classes, and {source.title} has none{columns}")
    classes: dict[str, list[int]] = {}
    for row in _pictures(source):
        classes.setdefault(str(source.items[row].labels[source.label_column]), []).append(row)
    if not classes:
        raise DataError(f"{source.title} holds no picture with a class")
    return dict(sorted(classes.items()))


def _only(source: Source, kept: Collection[int], why: str, note: str | None = None, strangers: bool = True) -> Source:
    """The source with these of its items, and all that is no picture if that is wanted, in their order."""
    strange = {number for number, item in enumerate(source.items) if isinstance(item, Stranger)}
    wanted = {*kept, *(strange if strangers else ())}
    if wanted <= strange:
        raise DataError(f"{why} leaves none of {len(source.items) - len(strange):,} pictures of {source.title}")
    items = [item for number, item in enumerate(source.items) if number in wanted]
    return replace(source, items=items, notes=(*source.notes, note) if note else source.notes)
