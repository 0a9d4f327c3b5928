"""WikiArt as it was published with ArtGAN: style folders, and lists of training and validation pictures.

A list is a table without a header: `Impressionism/edgar-degas_the-rehearsal.jpg,12`. Its numbers are those of
`style_class.txt`, `genre_class.txt` or `artist_class.txt`, which holds a line `12 Impressionism` for each class.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ganvas.data.sources.collections.collection import BY_TABLE, Collection
from ganvas.data.sources.listed import PathFinder, listed_items, pictures_tree
from ganvas.data.sources.source import Item, Request, Source, Value
from ganvas.data.sources.text_table import read_columns
from ganvas.data.sources.tree import Tree, collection, pictures_of, rejected_item
from ganvas.foundation.errors import DataError

TASKS = ("style", "genre", "artist")
PARTS = {"train": "train", "val": "validation"}

STYLES = frozenset(
    {
        "Abstract_Expressionism",
        "Action_painting",
        "Analytical_Cubism",
        "Art_Nouveau",
        "Art_Nouveau_Modern",
        "Baroque",
        "Color_Field_Painting",
        "Contemporary_Realism",
        "Cubism",
        "Early_Renaissance",
        "Expressionism",
        "Fauvism",
        "High_Renaissance",
        "Impressionism",
        "Mannerism_Late_Renaissance",
        "Minimalism",
        "Naive_Art_Primitivism",
        "New_Realism",
        "Northern_Renaissance",
        "Pointillism",
        "Pop_Art",
        "Post_Impressionism",
        "Realism",
        "Rococo",
        "Romanticism",
        "Symbolism",
        "Synthetic_Cubism",
        "Ukiyo_e",
    }
)


def recognise(tree: Tree, request: Request) -> Source | None:
    """The pictures of the lists, or else of the style folders; None without either."""
    return recognise_lists(tree, request) or recognise_styles(tree, request)


def recognise_styles(tree: Tree, request: Request) -> Source | None:
    """The pictures of at least two style folders; None if there are other folders. File names begin with the artist.

    Columns: style (the class) and artist, as in `vincent-van-gogh_the-sower.jpg`.
    """
    pictures = pictures_of(tree)
    parts = {name: _below(tree, name).split("/") for name in pictures}
    styles = {path[0] for path in parts.values()}
    if len(styles) < 2 or not styles <= STYLES:
        return None
    items: list[Item] = []
    for name in tree.names:
        if name in parts:
            artist, underscore, _ = parts[name][-1].partition("_")
            items.append(tree.picture(name, {"style": parts[name][0], "artist": artist if underscore else None}))
        else:
            items.append(rejected_item(tree, name))
    return collection(tree, request, "WikiArt's style folders", items, "style")


def _below(tree: Tree, name: str) -> str:
    return name.removeprefix(tree.wrapper).removeprefix("wikiart/")


def recognise_lists(tree: Tree, request: Request) -> Source | None:
    """The pictures of the lists; None without any.

    If there are lists of several labels, those of the class decide which pictures are used, and which of them for
    validation. The class is the first requested label, or else style, genre or artist. The other lists add columns.

    Raises:
        DataError: a list has no class list, or a number that is not in it.
    """
    found = {task: lists for task in TASKS if (lists := _lists(tree, task))}
    if not found:
        return None
    asked = request.labels[0] if request.labels else None
    main = asked if asked in found else next(iter(found))
    labels = {task: _labels(tree, task, lists) for task, lists in found.items()}
    splits = {path: part for part, paths in _paths(tree, found[main]) for path in paths}
    rows: list[dict[str, Value]] = [
        {**{task: labels[task].get(path) for task in found}, "split": split} for path, split in splits.items()
    ]
    finder = PathFinder(pictures_tree(tree, request))
    table = " and ".join(PurePosixPath(name).name for name in found[main].values())
    items = listed_items(finder, list(splits), rows, [""] * len(rows), table)
    return collection(tree, request, f"WikiArt's lists ({table})", items, main, "split")


def is_list(name: str) -> bool:
    """Whether a file has the name of a list."""
    return _task_of(name) is not None


def _task_of(name: str) -> tuple[str, str] | None:
    """The task and the part in the name of a list, such as style and train."""
    match = re.fullmatch(rf"({'|'.join(TASKS)})_({'|'.join(PARTS)})(\.csv)?", PurePosixPath(name).name)
    return (match[1], match[2]) if match else None


def _lists(tree: Tree, task: str) -> dict[str, str]:
    """The lists of a task by their part, in any folder."""
    lists: dict[str, str] = {}
    for name in tree.names:
        if (found := _task_of(name)) and found[0] == task:
            lists.setdefault(found[1], name)
    return {part: lists[part] for part in PARTS if part in lists}


def _paths(tree: Tree, lists: dict[str, str]) -> Iterable[tuple[str, list[str]]]:
    """The split and the paths in each list."""
    return [(PARTS[part], _read(tree, name)["path"]) for part, name in lists.items()]


def _labels(tree: Tree, task: str, lists: dict[str, str]) -> dict[str, Value]:
    """The class of each picture of a task, by its path."""
    names = _class_names(tree, task)
    labels: dict[str, Value] = {}
    for name in lists.values():
        cells = _read(tree, name)
        for path, number in zip(cells["path"], cells["class"], strict=True):
            if number.strip() not in names:
                raise DataError(f"{name} gives {path} the class {number!r}, which {task}_class.txt does not name")
            labels[path] = names[number.strip()]
    return labels


def _read(tree: Tree, name: str) -> dict[str, list[str]]:
    return read_columns(tree.content(name), name, delimiter=",", header=("path", "class")).cells


def _class_names(tree: Tree, task: str) -> dict[str, str]:
    """The names of the classes by their numbers."""
    file = next((name for name in tree.names if re.fullmatch(rf"{task}_class(\.txt)?", name.rpartition("/")[2])), None)
    if file is None:
        raise DataError(f"{tree.title} has lists of {task}s, but no {task}_class.txt with the names of the classes")
    names: dict[str, str] = {}
    for line in tree.content(file).decode("utf-8-sig", "replace").splitlines():
        if line.strip():
            number, _, name = line.strip().partition(" ")
            if not number.isdigit() or not name.strip():
                raise DataError(f"{file} has the line {line!r}; expected a number and a name, as in 12 Impressionism")
            names[number] = name.strip()
    return names


COLLECTION = Collection(BY_TABLE + 2, recognise)
