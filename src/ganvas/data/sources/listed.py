"""Pictures of a tree that a table names, found wherever they lie in it."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ganvas.data.sources.folder import Folder
from ganvas.data.sources.source import Item, RejectedItem, Request, Value, unique
from ganvas.data.sources.tree import Tree, pictures_of, rejected_item


class PathFinder:
    """Finds pictures by the end of their path.

    Names are compared in Unicode's composed form, for a table and a file system often write an accent in two ways.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._by_file: dict[str, list[str]] = {}
        for name in tree.names:
            self._by_file.setdefault(_key(name.rpartition("/")[2]), []).append(name)

    def locate(self, path: str, folder: str = "") -> str | None:
        """The picture whose path ends so, or None.

        Args:
            path: the last folders of it and its file name.
            folder: how one of the folders on the way to it begins, if there are several of that name.
        """
        end = "/" + _key(PurePosixPath(path.replace("\\", "/")).as_posix().removeprefix("./").lstrip("/"))
        found = [name for name in self._by_file.get(end.rpartition("/")[2], []) if f"/{_key(name)}".endswith(end)]
        preferred = [name for name in found if any(part.startswith(folder) for part in name.split("/")[:-1])]
        return min(preferred or found, key=lambda name: (name.count("/"), name), default=None)

    def others(self, items: Iterable[Item], reason: str) -> Iterator[RejectedItem]:
        """The pictures that none of the items is."""
        used = {item.name for item in items}
        left = (name for name in [*pictures_of(self.tree), *self.tree.closed] if name not in used)
        return (RejectedItem(name, self.tree.closed.get(name, reason)) for name in left)


def listed_items(
    finder: PathFinder, paths: Sequence[str], rows: Sequence[Mapping[str, Value]], folders: Sequence[str], table: str
) -> list[Item]:
    """An item for each row of a table; a stranger where its picture is not there or has been named before.

    Args:
        finder: where the pictures are.
        paths: what the rows call them.
        rows: their labels.
        folders: the beginning of the folder that each should be in, or "".
        table: what to call the table.
    """
    items: list[Item] = []
    used: set[str] = set()
    wanted = unique(paths)
    for label, path, row, folder in zip(wanted, paths, rows, folders, strict=True):
        found = finder.locate(path, folder)
        if found is None:
            items.append(RejectedItem(label, missing(table), row))
        elif found in used:
            items.append(
                RejectedItem(label if label != found else f"{label} (again)", f"named more than once in {table}", row)
            )
        else:
            used.add(found)
            is_picture = found not in finder.tree.closed
            items.append(finder.tree.picture(found, row) if is_picture else rejected_item(finder.tree, found))
    return items


def missing(table: str) -> str:
    """Why a picture is left out that a table names and nobody has."""
    return f"missing (named in {table})"


def pictures_tree(tree: Tree, request: Request) -> Tree:
    """The tree with the pictures: the root asked for, or the one that the table lies in."""
    root = request.take_root()
    return tree if root is None else Folder(Path(root))


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text)
