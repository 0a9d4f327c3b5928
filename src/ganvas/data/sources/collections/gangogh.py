"""GANGogh's pictures, those of paper 3: a folder for each genre of WikiArt."""

from ganvas.data.sources.collections.collection import BY_FOLDERS, Collection
from ganvas.data.sources.source import Item, Request, Source
from ganvas.data.sources.tree import Tree, collection, pictures_of, rejected_item

GENRES = frozenset(
    {
        "abstract",
        "animal-painting",
        "cityscape",
        "figurative",
        "flower-painting",
        "genre-painting",
        "landscape",
        "marina",
        "mythological-painting",
        "nude-painting-nu",
        "portrait",
        "religious-painting",
        "still-life",
        "symbolic-painting",
    }
)
# Many collections have a folder called landscape; only WikiArt uses these names.
OWN = frozenset(genre for genre in GENRES if "-painting" in genre) | {"marina"}
CLASS = "genre"


def recognise(tree: Tree, request: Request) -> Source | None:
    """The pictures of the genre folders; None if there are others, or none with a name that only WikiArt uses."""
    genres = {name: name.removeprefix(tree.wrapper).split("/")[0] for name in pictures_of(tree)}
    folders = set(genres.values())
    if len(folders) < 2 or not folders <= GENRES or not folders & OWN:
        return None
    items: list[Item] = [
        tree.picture(name, {CLASS: genres[name]}) if name in genres else rejected_item(tree, name)
        for name in tree.names
    ]
    return collection(tree, request, "GANGogh's genre folders", items, CLASS)


COLLECTION = Collection(BY_FOLDERS, recognise)
