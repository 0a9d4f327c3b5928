"""Pictures that a table lists by their paths, found anywhere in a tree."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ganvas.data.sources.folder import Folder
from ganvas.data.sources.source import Item, RejectedItem, Request, Value, unique
from ganvas.data.sources.tree import Tree, pictures_of, rejected_item


class PathFinder:
    """Finds pictures by the end of their path.

    Names are compared in Unicode's composed form, because a table and a file system may write accents differently.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._by_file: dict[str, list[str]] = {}
        for name in tree.names:
            self._by_file.setdefault(_key(name.rpartition("/")[2]), []).append(name)

    def locate(self, path: str, folder: str = "") -> str | None:
        """The picture whose path ends with `path`, or None.

        Args:
            path: the file name, after any number of folders.
            folder: a prefix of one of the picture's folders; it decides if several pictures match.
        """
        end = "/" + _key(PurePosixPath(path.replace("\\", "/")).as_posix().removeprefix("./").lstrip("/"))
        matches = [name for name in self._by_file.get(end.rpartition("/")[2], []) if f"/{_key(name)}".endswith(end)]
        preferred = [name for name in matches if any(part.startswith(folder) for part in name.split("/")[:-1])]
        return min(preferred or matches, key=lambda name: (name.count("/"), name), default=None)

    def others(self, items: Iterable[Item], reason: str) -> Iterator[RejectedItem]:
        """The pictures of the tree that are not among the items, as rejected items."""
        used = {item.name for item in items}
        left = (name for name in [*pictures_of(self.tree), *self.tree.unreadable] if name not in used)
        return (RejectedItem(name, self.tree.unreadable.get(name, reason)) for name in left)


def listed_items(
    finder: PathFinder, paths: Sequence[str], rows: Sequence[Mapping[str, Value]], folders: Sequence[str], table: str
) -> list[Item]:
    """An item for each row of a table; a rejected one if its picture is missing or listed in an earlier row.

    Args:
        finder: where to look for the pictures.
        paths: the path in each row.
        rows: the labels in each row.
        folders: a prefix of the folder that each picture should be in, or "".
        table: the name of the table in messages.
    """
    items: list[Item] = []
    used: set[str] = set()
    for label, path, row, folder in zip(unique(paths), paths, rows, folders, strict=True):
        found = finder.locate(path, folder)
        if found is None:
            items.append(RejectedItem(label, missing(table), row))
        elif found in used:
            items.append(
                RejectedItem(label if label != found else f"{label} (again)", f"named more than once in {table}", row)
            )
        else:
            used.add(found)
            is_picture = found not in finder.tree.unreadable
            items.append(finder.tree.picture(found, row) if is_picture else rejected_item(finder.tree, found))
    return items


def missing(table: str) -> str:
    """The reason for a picture that a table names and that does not exist."""
    return f"missing (named in {table})"


def pictures_tree(tree: Tree, request: Request) -> Tree:
    """The tree with the pictures: the requested root, or the tree that holds the table."""
    root = request.take_root()
    return tree if root is None else Folder(Path(root))


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text)
