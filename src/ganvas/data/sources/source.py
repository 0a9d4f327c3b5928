"""What a source of pictures is: a list of items in a fixed order, and what their labels mean.

Items are small and cross process borders; each reads its own picture when it is asked to.
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

# Columns of a dataset's index that `prepare` writes of every picture, and that are no labels. A table's own column of
# such a name is kept under another one.
RESERVED = frozenset(
    {"source", "crop", "sha256", "content", "phash", "width", "height", "split", "group", "duplicates"}
)


class Item(Protocol):
    """One picture to be."""

    @property
    def name(self) -> str:
        """Where in its source it lies; unique there."""

    @property
    def labels(self) -> Mapping[str, Value]:
        """Column to value; a column that is absent, or None, is unknown for this picture."""

    @property
    def stamp(self) -> str:
        """A text that changes when the picture does, found without decoding it; empty for what never changes."""

    def read(self, frame: Frame) -> Picture:
        """The picture, of any size; the frame says what size and background are wanted in the end.

        Raises:
            Rejected: there is no picture to be had.
        """


@dataclass(frozen=True)
class Source:
    """Pictures to prepare.

    Attributes:
        title: what to call it in messages.
        items: what it holds, in the order of the dataset.
        label_column: the label that is the class, or None without classes.
        mode_column: the label that is the known mode, or None.
        split_column: the label that says what is held back from training, or None.
        sizes: the sides in pixels it can be prepared at.
        remedy: what a user can do about a class with too few pictures.
        many: from so many items on, it is quicker to start several processes than to do all in one.
        notes: lines for the summary: what was recognised, and what was chosen from it.
        keep: what must live as long as the items do, such as a temporary file that they read.
    """

    title: str
    items: Sequence[Item]
    label_column: str | None = None
    mode_column: str | None = None
    split_column: str | None = None
    sizes: range = SIZES
    remedy: str = ""
    many: int = 200
    notes: tuple[str, ...] = ()
    keep: object = None

    @property
    def columns(self) -> set[str]:
        """The names of the labels."""
        return set().union(*(item.labels for item in self.items))

    def row(self, item: Item) -> dict[str, Value]:
        """The labels of an item as they go into the index, none in the place of another column of it."""
        return {self.index_name(column): value for column, value in item.labels.items()}

    def index_name(self, column: str) -> str:
        """What a label is called in the index."""
        is_taken = column in RESERVED and (column, column) != ("split", self.split_column)
        return f"{column}_in_table" if is_taken else column


@dataclass(frozen=True)
class RejectedItem:
    """Something in a source that is known to be no picture without opening it.

    Attributes:
        name: where it lies.
        reason: why it is none.
        labels: what a table says of it; only conditions ask for that.
    """

    name: str
    reason: str
    labels: Mapping[str, Value] = field(default_factory=dict)
    stamp: str = ""

    def read(self, frame: Frame) -> Picture:
        """Raise Rejected, always."""
        raise Rejected(self.reason)


@dataclass(frozen=True)
class Relabelled:
    """An item under another name or with other labels."""

    item: Item
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """The item's."""
        return self.item.stamp

    def read(self, frame: Frame) -> Picture:
        """Read the item."""
        return self.item.read(frame)


@dataclass(frozen=True)
class Request:
    """What is asked of a source beside its name.

    Attributes:
        classes: "folders" for the classes it has by itself (of a folder: the first sub-folder), "none" for no classes,
            or the number of the folder level that is the class.
        seed: of the paintings, and of what is drawn.
        split: the label that says what is held back, "none" for none, or None for what the source says by itself.
        group: a label, or something else, that names what must stay together.
        labels: the labels to keep, the first being the class; empty for the source's own choice.
        where: an expression that pictures must fulfil, or None.
        limit: at most so many pictures, or None for all.
        min_per_class: classes with fewer pictures are left out.
        balance: whether all classes are cut to the size of the smallest.
        path_column: the column of a table that names the pictures, or None to find it.
        root: the folder in which the files lie that the source names, or None.
        used: the options of the above that a source has made use of.
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
        """The root, now made use of."""
        self.used.add("root")
        return self.root

    def take_path_column(self) -> str | None:
        """The path column, now made use of."""
        self.used.add("path_column")
        return self.path_column

    @property
    def level(self) -> int | None:
        """The number of the folder level that is the class, or None where none was asked for by number."""
        return None if self.classes in ("folders", "none") else int(self.classes)

    def recognised(self, what: str, label_column: str, split_column: str | None = None) -> str:
        """A note that a source is something well known, with the class and the split that it will have."""
        parts = []
        if self.classes != "none":
            parts.append(f"class by {self.labels[0] if self.labels else label_column}")
        if split_column and self.split != "none":
            parts.append(f"split by {self.split or split_column}")
        return f"recognised {what}" + (f": {', '.join(parts)}" if parts else "")

    def refuse_level(self, what: str) -> None:
        """Raise DataError if a folder level is asked for of something that has none."""
        if self.level is not None:
            raise DataError(
                f"classes {self.classes} is a folder level, and {what} has none; name the column of the class with "
                "--labels, or choose classes none"
            )


class Opener(Protocol):
    """Opens a source from what follows `scheme:` in its name."""

    def __call__(self, argument: str, request: Request) -> Source:
        """Raise DataError for an argument that names no source."""


def unique(names: Iterable[str]) -> list[str]:
    """The names in their order, each that was there before with a number in front of its extension.

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
    """Names for a message, sorted, the first so many of them."""
    listed = sorted(names)
    return ", ".join(listed[:count]) + (" ..." if len(listed) > count else "")
