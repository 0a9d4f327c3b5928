"""The contract of a published collection: how to recognise its files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.tree import Tree

# Orders of collections with a table and of those recognised by their folders. A table says more, so it is tried first:
# the pictures that it describes may lie in folders named like WikiArt's styles.
BY_TABLE, BY_FOLDERS = 10, 50


@dataclass(frozen=True)
class Collection:
    """A published collection.

    Attributes:
        order: collections are tried in ascending order; those of equal order by the names of their modules.
        recognise: opens a folder or an archive; returns None if it is not this collection.
        recognise_part: opens a folder that is a part of the collection, with the tables in the folders above; returns
            None for any other folder. None if the parts of the collection cannot be used on their own.
    """

    order: int
    recognise: Callable[[Tree, Request], Source | None]
    recognise_part: Callable[[Path, Request], Source | None] | None = None
