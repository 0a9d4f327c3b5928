"""Best Artworks of All Time, the pictures of paper 1: `artists.csv` with the folders `images` and `resized`."""

import contextlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ganvas.data.sources.collections.collection import BY_TABLE, Collection
from ganvas.data.sources.folder import Folder
from ganvas.data.sources.source import Item, Request, Source, Value
from ganvas.data.sources.text_table import read_columns
from ganvas.data.sources.tree import Tree, collection, pictures_of, rejected_item

TABLE = "artists.csv"
KNOWN = ("years", "genre", "nationality")
CLASS = "artist"
# The archive holds every picture twice; those in `resized` are smaller and lie in one flat folder.
FOLDERS = ("images/images/", "images/", "resized/resized/", "resized/")


def recognise(tree: Tree, request: Request, folders: Sequence[str] = FOLDERS) -> Source | None:
    """The pictures of all artists with the table's facts about them; None without such a table.

    Columns: artist (the class, as the table writes the name), years, genre and nationality.

    Args:
        tree: the folder or archive with the table.
        request: the request to the source.
        folders: where to look for pictures; the first folder that holds any is used.
    """
    if (table := f"{tree.wrapper}{TABLE}") not in tree.names:
        return None
    columns = read_columns(tree.content(table), TABLE)
    if not {"name", *KNOWN, "paintings"} <= columns.cells.keys():
        return None
    pictures = frozenset(pictures_of(tree))
    folder = next((each for each in folders if any(name.startswith(tree.wrapper + each) for name in pictures)), None)
    if folder is None:
        return None
    names = [" ".join(name.split()) for name in columns.cells["name"]]
    artists = {_key(name): {CLASS: name, **row} for name, row in zip(names, _known(columns.rows()), strict=True)}
    items: list[Item] = []
    for name in tree.names:
        if not name.startswith(tree.wrapper + folder):
            continue
        if name in pictures:
            artist = _artist(name.removeprefix(tree.wrapper + folder))
            items.append(tree.picture(name, artists.get(_key(artist), {CLASS: artist})))
        else:
            items.append(rejected_item(tree, name))
    what = f"Best Artworks of All Time ({TABLE} and {folder.rstrip('/')})"
    return collection(tree, request, what, items, CLASS)


def recognise_part(root: Path, request: Request) -> Source | None:
    """The pictures of one of the folders, such as `resized`, with the table that lies above; None for any other."""
    for top in list(root.parents)[:2]:
        if f"{root.relative_to(top).as_posix()}/" in FOLDERS and (top / TABLE).is_file():
            name = root.relative_to(top).parts[0]
            return recognise(Folder(top), request, [each for each in FOLDERS if each.startswith(name)])
    return None


def _known(rows: list[dict[str, Value]]) -> list[dict[str, Value]]:
    return [{column: row[column] for column in KNOWN} for row in rows]


def _artist(path: str) -> str:
    """The artist of `Vincent_van_Gogh/Vincent_van_Gogh_12.jpg`, or of the file alone."""
    folder, _, file = path.rpartition("/")
    stem = folder.partition("/")[0] or re.sub("_[0-9]+$", "", PurePosixPath(file).stem)
    return " ".join(_repaired(stem).replace("_", " ").split())


def _repaired(text: str) -> str:
    """Undo a wrong decoding of UTF-8 as the DOS code page 437, even a double one; a folder of the archive has one."""
    for _ in range(3):
        before = text
        with contextlib.suppress(UnicodeError):
            text = text.encode("cp437").decode("utf-8")
        if text == before:
            break
    return unicodedata.normalize("NFC", text)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


COLLECTION = Collection(BY_TABLE + 1, recognise, recognise_part)
