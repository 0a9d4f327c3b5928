"""The contract of a source: a list of items in a fixed order, and which of their labels are class and split.

Items are small and can be sent to other processes. Each reads its picture on demand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from ganvas.data.pictures.decode import Picture
from ganvas.data.pictures.frame import SIZES, Frame
from ganvas.data.pictures.rejection import Rejected
from ganvas.foundation.errors import DataError

Value = str | int | float | bool | None

# Columns that `prepare` itself writes to a dataset's index. A label with such a name gets another one there.
RESERVED = frozenset(
    {"source", "crop", "sha256", "content", "phash", "width", "height", "split", "group", "duplicates"}
)


class Item(Protocol):
    """One picture of a source, not read yet."""

    @property
    def name(self) -> str:
        """The place of the picture in its source, such as a path; unique there."""

    @property
    def labels(self) -> Mapping[str, Value]:
        """Values by column; a label that is missing or None is unknown."""

    @property
    def stamp(self) -> str:
        """A text that changes when the picture does, found without decoding it; "" if it never changes."""

    def read(self, frame: Frame) -> Picture:
        """Read the picture, at any size that is large enough for the frame.

        Raises:
            Rejected: the item has no usable picture.
        """


@dataclass(frozen=True)
class Source:
    """Pictures to prepare.

    Attributes:
        title: the name of the source in messages.
        items: its pictures and rejected files, in the order of the dataset.
        label_column: the label that is the class, or None without classes.
        mode_column: the label with the known mode of the data distribution, or None.
        split_column: the label that says what is held back from training, or None.
        sizes: the picture sizes in pixels that it can be prepared at.
        remedy: what a user can do about a class with too few pictures.
        parallel_from: the number of items from which on several processes are faster than one.
        notes: lines for the summary: what was recognised, and what was chosen from it.
        resources: an object to keep alive as long as the items, such as a temporary file that they read.
    """

    title: str
    items: Sequence[Item]
    label_column: str | None = None
    mode_column: str | None = None
    split_column: str | None = None
    sizes: range = SIZES
    remedy: str = ""
    parallel_from: int = 200
    notes: tuple[str, ...] = ()
    resources: object = None

    @property
    def columns(self) -> set[str]:
        """The names of the labels."""
        return set().union(*(item.labels for item in self.items))

    def row(self, item: Item) -> Mapping[str, Value]:
        """The labels of an item under the names that they have in the index."""
        if RESERVED.isdisjoint(item.labels):
            return item.labels  # often the same object for all items of a class
        return {self.index_name(column): value for column, value in item.labels.items()}

    def index_name(self, column: str) -> str:
        """The name of a label in the index."""
        is_taken = column in RESERVED and (column, column) != ("split", self.split_column)
        return f"{column}_in_table" if is_taken else column


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that is known to be unusable without opening it, such as a text file.

    Attributes:
        name: its place in the source.
        reason: why it is left out.
        labels: its labels in a table; only conditions use them.
    """

    name: str
    reason: str
    labels: Mapping[str, Value] = field(default_factory=dict)
    stamp: str = ""

    def read(self, frame: Frame) -> Picture:
        """Raise Rejected, always."""
        raise Rejected(self.reason)


@dataclass(frozen=True, slots=True)
class Relabelled:
    """An item with another name or other labels."""

    item: Item
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """The stamp of the item."""
        return self.item.stamp

    def read(self, frame: Frame) -> Picture:
        """Read the item."""
        return self.item.read(frame)


@dataclass(frozen=True)
class Request:
    """Which pictures and labels of a source to use.

    Attributes:
        classes: "folders" for the source's own classes (of a folder: the first sub-folder), "none" for no classes, or
            the number of the folder level that is the class.
        seed: seed of the paintings and of random choices.
        split: the label that says what is held back, "none" for no split, or None for the source's own split.
        group: a label, or a regular expression for names, that says which pictures must stay together.
        labels: the labels to keep, the first of which is the class; empty for the source's own choice.
        where: a condition that pictures must fulfil, or None.
        limit: the maximum number of pictures, or None for all.
        min_per_class: classes with fewer pictures are left out.
        balance: whether to reduce all classes to the size of the smallest.
        path_column: the column of a table with the paths of the pictures, or None to find it.
        root: the folder that paths in the source are relative to, or None.
        used: options that the source has used; opening a source adds to it.
    """

    classes: str = "folders"
    seed: int = 0
    split: str | None = None
    group: str | None = None
    labels: tuple[str, ...] = ()
    where: str | None = None
    limit: int | None = None
    min_per_class: int = 0
    balance: bool = False
    path_column: str | None = None
    root: Path | None = None
    used: set[str] = field(default_factory=set, compare=False)

    def take_root(self) -> Path | None:
        """The root, which is marked as used."""
        self.used.add("root")
        return self.root

    def take_path_column(self) -> str | None:
        """The path column, which is marked as used."""
        self.used.add("path_column")
        return self.path_column

    @property
    def level(self) -> int | None:
        """The number of the folder level that is the class, or None if `classes` is not a number."""
        return None if self.classes in ("folders", "none") else int(self.classes)

    def recognised(self, what: str, label_column: str, split_column: str | None = None) -> str:
        """A note that a source was recognised as `what`, with the class and the split that it will have."""
        parts = []
        if self.classes != "none":
            parts.append(f"class by {self.labels[0] if self.labels else label_column}")
        if split_column and self.split != "none":
            parts.append(f"split by {self.split or split_column}")
        return f"recognised {what}" + (f": {', '.join(parts)}" if parts else "")

    def refuse_level(self, what: str) -> None:
        """Raise DataError if a folder level is requested of a source without folders, which `what` describes."""
        if self.level is not None:
            raise DataError(
                f"classes {self.classes} is a folder level, and {what} has no folders; choose the column of the class "
                "with --labels, or classes none"
            )


class Opener(Protocol):
    """Opens a source from what follows `scheme:` in its name."""

    def __call__(self, argument: str, request: Request) -> Source:
        """Open a source. Raises DataError for an argument that does not name one."""


def unique(names: Iterable[str]) -> list[str]:
    """The names in their order. A repeated name gets a number before its extension.

    >>> unique(["a.png", "b.png", "a.png"])
    ['a.png', 'b.png', 'a (2).png']
    """
    counts: Counter[str] = Counter()
    taken: set[str] = set()
    result = []
    for name in names:
        candidate = name
        while candidate in taken or not counts[name]:
            counts[name] += 1
            if counts[name] > 1:
                end = PurePosixPath(name).suffix
                candidate = f"{name.removesuffix(end)} ({counts[name]}){end}"
        taken.add(candidate)
        result.append(candidate)
    return result


def shortened(names: Iterable[str], count: int = 12) -> str:
    """Names for a message, sorted; of more than `count`, the first ones."""
    listed = sorted(names)
    return ", ".join(listed[:count]) + (" ..." if len(listed) > count else "")
