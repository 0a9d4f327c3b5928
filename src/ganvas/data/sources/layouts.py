"""Collections as they are published, recognised by their files; and all other trees, by their folders."""

from collections.abc import Callable

from ganvas.data.sources import best_artworks, gangogh, painter_by_numbers, stylegan, wikiart
from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.tree import Tree, by_folders

# In the order in which they are tried. Each returns None for a tree that is something else.
LAYOUTS: tuple[Callable[[Tree, Request], Source | None], ...] = (
    painter_by_numbers.recognise,
    best_artworks.recognise,
    wikiart.recognise_lists,
    wikiart.recognise_styles,
    gangogh.recognise,
    stylegan.recognise,
)


def open_tree(tree: Tree, request: Request) -> Source:
    """The pictures of a folder or an archive.

    Who asks for a folder level, or for the first folder as the split, gets the folders whatever they hold.

    Raises:
        DataError: there are no files, or they are not as they should be.
    """
    if request.level is None and request.split != "class":
        for recognise in LAYOUTS:
            if (source := recognise(tree, request)) is not None:
                return source
    return by_folders(tree, request)
