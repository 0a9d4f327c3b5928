"""Open folders and archives: published collections are recognised by their files, all others go by their folders."""

from pathlib import Path

from ganvas.data.sources import collections
from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.tree import Tree, by_folders


def open_tree(tree: Tree, request: Request) -> Source:
    """Open the pictures of a folder or an archive.

    If the request names a folder level, or the first folder as the split, no collection is looked for.

    Raises:
        DataError: there are no files, or a file of a collection is malformed.
    """
    if request.level is None and request.split != "class":
        for collection in collections.in_order():
            if (source := collection.recognise(tree, request)) is not None:
                return source
    return by_folders(tree, request)


def open_part(folder: Path, request: Request) -> Source | None:
    """Open a folder that is a part of a published collection; None for any other folder."""
    for collection in collections.in_order():
        if collection.recognise_part and (source := collection.recognise_part(folder, request)) is not None:
            return source
    return None
