"""What a published collection is: a way to recognise its files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.tree import Tree

# Orders, for collections that know a table and for those that go by the names of folders. A table says more, so it is
# looked for first: pictures that a table describes may well lie in folders that are called like WikiArt's styles.
BY_TABLE, BY_FOLDERS = 10, 50


@dataclass(frozen=True)
class Collection:
    """A published collection.

    Attributes:
        order: when it is tried, ascending; those of equal order are tried by the names of their files.
        recognise: the pictures of a folder or an archive; None for one that is something else.
        recognise_part: the pictures of a folder that is a part of the collection, with what lies above it; None for
            any other. Only collections whose parts are of use alone have it.
    """

    order: int
    recognise: Callable[[Tree, Request], Source | None]
    recognise_part: Callable[[Path, Request], Source | None] | None = None
