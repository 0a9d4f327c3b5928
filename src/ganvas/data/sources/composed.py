"""Labels in Unicode's composed form.

Unicode has two ways to write an accented letter, and file systems, archives and tables use both. Cézanne must be the
same class either way.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from ganvas.data.sources.source import Item, RejectedItem, Relabelled, Request, Source, Value


def composed(text: str) -> str:
    """The text in Unicode's form NFC."""
    return unicodedata.normalize("NFC", text)


def with_composed_labels(source: Source) -> Source:
    """The source with the names and values of all labels in the form NFC."""
    names = [name for name in (source.label_column, source.mode_column, source.split_column) if name is not None]
    is_composed = all(map(_is_composed, names)) and all(_is_row_composed(item.labels) for item in source.items)
    if is_composed:
        return source
    return replace(
        source,
        items=[item if _is_row_composed(item.labels) else _relabelled(item) for item in source.items],
        label_column=_maybe(source.label_column),
        mode_column=_maybe(source.mode_column),
        split_column=_maybe(source.split_column),
    )


def composed_request(request: Request) -> Request:
    """The request with its labels and condition in the form NFC."""
    return replace(
        request,
        split=_maybe(request.split),
        group=_maybe(request.group),
        labels=tuple(map(composed, request.labels)),
        where=_maybe(request.where),
    )


def _maybe(text: str | None) -> str | None:
    return None if text is None else composed(text)


def _is_composed(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text)


def _is_row_composed(labels: Mapping[str, Value]) -> bool:
    return all(
        _is_composed(name) and (not isinstance(value, str) or _is_composed(value)) for name, value in labels.items()
    )


def _relabelled(item: Item) -> Item:
    labels = {
        composed(name): composed(value) if isinstance(value, str) else value for name, value in item.labels.items()
    }
    return replace(item, labels=labels) if isinstance(item, RejectedItem) else Relabelled(item, item.name, labels)
