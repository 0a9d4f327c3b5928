"""The contract of a folder or archive of files, and the source that takes its folders as classes."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from ganvas.data.pictures.formats import EXTENSIONS
from ganvas.data.sources.source import Item, RejectedItem, Request, Source, Value
from ganvas.foundation.errors import DataError

REMEDY = (
    "add pictures to it, merge it into another class, remove it, leave small classes out with --min-per-class 2, or "
    "prepare with classes none"
)


class Tree(Protocol):
    """Files by their paths below a root, with forward slashes. Hidden files are ignored."""

    @property
    def title(self) -> str:
        """The name of the tree in messages."""

    @property
    def names(self) -> Sequence[str]:
        """The paths of the files, in the order of a dataset."""

    @property
    def unreadable(self) -> Mapping[str, str]:
        """The `names` that are known to be unreadable, such as folders without permission, and why."""

    @property
    def wrapper(self) -> str:
        """The single top folder that holds everything, with a slash at its end, or ""."""

    def picture(self, name: str, labels: Mapping[str, Value]) -> Item:
        """The file with that path, as an item."""

    def content(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DataError: the file cannot be read.
        """


def as_text(name: str) -> str:
    """A path as text that can be written to a table; bytes that are not UTF-8 are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def extension(name: str) -> str:
    """The extension of a path in lower case, with its dot, or ""."""
    return PurePosixPath(name).suffix.lower()


def by_folders(tree: Tree, request: Request) -> Source:
    """A source of all files of a tree, whose classes are its folders.

    With classes "folders", the first folder on the path from the root to a picture is its class, if there are folders.
    A number chooses another level: 2 is the second folder, -1 the folder that holds the picture. If the requested split
    is "class", the first folder is the split, and levels are counted after it.

    Raises:
        DataError: there are no files, or a picture lies outside of the class folders.
    """
    if not tree.names:
        raise DataError(f"{tree.title} holds no files; put pictures into it, or into one sub-folder for each class")
    pictures = pictures_of(tree)
    # By folder and not by picture, of which there may be a hundred million.
    folders: dict[str, list[str]] = {}
    for name in pictures:
        if (folder := _folder(name)) not in folders:
            folders[folder] = name.removeprefix(tree.wrapper).split("/")[:-1]
    depth = max(map(len, folders.values()), default=0)
    splits = request.split == "class" and depth > 0
    level = _level(request, depth - splits, tree)
    if splits:
        request.used.add("split")
        _refuse_loose([name for name in pictures if not folders[_folder(name)]], tree, "split")
    below = {folder: parts[splits:] for folder, parts in folders.items()}
    if level is not None:
        loose = {folder for folder, parts in below.items() if not -len(parts) <= level < len(parts)}
        _refuse_loose([name for name in pictures if _folder(name) in loose], tree, "class", request.level)
    labels = {folder: _labels(folders[folder] if splits else [], below[folder], level) for folder in folders}
    usable = set(pictures)
    items = [
        tree.picture(name, labels[_folder(name)]) if name in usable else rejected_item(tree, name)
        for name in tree.names
    ]
    return Source(
        title=tree.title,
        items=items,
        label_column=None if level is None else "class",
        split_column="split" if splits else None,
        remedy=REMEDY,
        notes=() if level is None or request.level or request.split else _hint({parts[0] for parts in below.values()}),
    )


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _labels(split: Sequence[str], below: Sequence[str], level: int | None) -> dict[str, Value]:
    """The labels of all pictures in a folder: the first of the folders in `split`, and the class."""
    labels: dict[str, Value] = {"split": split[0]} if split else {}
    if level is not None:  # file systems differ in how they write accents
        labels["class"] = unicodedata.normalize("NFC", below[level])
    return labels


def _hint(classes: set[str]) -> tuple[str, ...]:
    """A note if folders that were taken for classes have the names of splits."""
    from ganvas.data.dataset.split import MEANINGS  # imported here because workers do not need pandas

    names = {name.lower() for name in classes}
    if len(names) < 2 or not names <= MEANINGS.keys() or not names & {"train", "training"}:
        return ()
    return (f"the folders {', '.join(sorted(classes))} are classes; if they divide the pictures, add --split class",)


def collection(
    tree: Tree, request: Request, what: str, items: Sequence[Item], label_column: str, split_column: str | None = None
) -> Source:
    """A source for a recognised collection, with a note that says so.

    Args:
        tree: the folder or archive that holds it.
        request: the request to the source.
        what: the name of the collection in the note.
        items: its items, in order.
        label_column: the label that is the class, unless the request wants no classes.
        split_column: the label that says what is held back, or None.
    """
    return Source(
        title=tree.title,
        items=items,
        label_column=label_column if request.classes == "folders" else None,
        split_column=split_column,
        remedy=REMEDY,
        notes=(request.recognised(what, label_column, split_column),),
    )


def pictures_of(tree: Tree) -> list[str]:
    """The readable files of a tree that have the extension of a picture."""
    return [name for name in tree.names if name not in tree.unreadable and extension(name) in EXTENSIONS]


def rejected_item(tree: Tree, name: str) -> RejectedItem:
    """The item of a file that is not among the pictures of a tree."""
    kind = f"extension {extension(name)}" if extension(name) else "no extension"
    return RejectedItem(name, tree.unreadable.get(name, f"not a picture ({kind})"))


def _level(request: Request, depth: int, tree: Tree) -> int | None:
    """The index of the class among the folders on the path to a picture, or None without classes."""
    if request.classes == "none" or (request.level is None and depth <= 0):
        return None
    if request.level is None:
        return 0
    if abs(request.level) > depth:
        levels = {0: "no folders", 1: "one level of folders"}.get(depth, f"{depth} levels of folders")
        raise DataError(f"classes {request.level} is out of range; {tree.title} has {levels}")
    return request.level - 1 if request.level > 0 else request.level


def _refuse_loose(names: list[str], tree: Tree, kind: str, level: int | None = None) -> None:
    """Raise DataError for pictures outside of the class folders, whose class would be a guess."""
    if names:
        few = ", ".join(sorted(names)[:3]) + (" ..." if len(names) > 3 else "")
        lie, them = ("picture lies", "it") if len(names) == 1 else ("pictures lie", "them")
        folders = f"{kind} folders" + (f" (level {level})" if level is not None else "")
        raise DataError(
            f"{len(names)} {lie} outside of the {folders} of {tree.title} ({few}); move {them} into a {kind} folder"
            f"{', or prepare with classes none' if kind == 'class' else ''}"
        )
