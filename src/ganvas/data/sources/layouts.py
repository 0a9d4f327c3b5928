"""Folders and archives: published collections, recognised by their files, and all others, by their folders."""

from pathlib import Path

from ganvas.data.sources import collections
from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.tree import Tree, by_folders


def open_tree(tree: Tree, request: Request) -> Source:
    """The pictures of a folder or an archive.

    Who asks for a folder level, or for the first folder as the split, gets the folders whatever they hold.

    Raises:
        DataError: there are no files, or they are not as they should be.
    """
    if request.level is None and request.split != "class":
        for collection in collections.in_order():
            if (source := collection.recognise(tree, request)) is not None:
                return source
    return by_folders(tree, request)


def open_part(folder: Path, request: Request) -> Source | None:
    """The pictures of a folder that is a part of a published collection; None for any other folder."""
    for collection in collections.in_order():
        if collection.recognise_part and (source := collection.recognise_part(folder, request)) is not None:
            return source
    return None
