"""Where pictures come from: a folder, or the embedded painter.

A source is a list of items in a fixed order. Items are small and cross process borders; each reads its own picture
when it is asked to. Another kind of source is a function that returns a `Source`, named in `SCHEMES`.
"""

import hashlib
import re
import stat
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from ganvas.data.decode import EXTENSIONS, Picture, Reason, Rejected, decode
from ganvas.data.fit import Frame
from ganvas.errors import DataError, unknown

if TYPE_CHECKING:
    from ganvas.data.painter import Mode

SIZES = range(8, 1025)
DEFAULT_PAINTINGS = 2_000
MOST_PAINTINGS = 100_000
CLASSES = ("folders", "none")


class Item(Protocol):
    """One picture to be."""

    @property
    def name(self) -> str:
        """Where in its source it lies; unique there."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Column of the index to value; the same columns for every picture of a source."""

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
    """

    title: str
    items: Sequence[Item]
    label_column: str | None = None
    mode_column: str | None = None
    split_column: str | None = None
    sizes: range = SIZES
    remedy: str = ""
    many: int = 200

    @property
    def columns(self) -> set[str]:
        """The names of the labels."""
        return set().union(*(item.labels for item in self.items))


class Opener(Protocol):
    """Opens a source from what follows `scheme:` in its name."""

    def __call__(self, argument: str, *, classes: str, seed: int) -> Source:
        """Raise DataError for an argument that names no source."""


def open_source(source: str | Path, *, classes: str = "folders", seed: int = 0, split: str | None = None) -> Source:
    """The pictures that `source` names.

    Args:
        source: a folder, or `painter:` or `painter:COUNT`. Something that exists on the disk is never a scheme.
        classes: "folders" for classes by sub-folder (of the painter: by genre), "none" for no classes.
        seed: which paintings the painter paints.
        split: the label that says what is held back; it is no class then. "class" means the first sub-folder on the
            way to a picture, and its class is the next one.

    Raises:
        DataError: there is no such source or label, or it holds nothing to prepare.
    """
    if classes not in CLASSES:
        raise DataError(unknown("choice of classes", classes, CLASSES))
    # At least two letters, for a Windows drive has one.
    scheme = re.fullmatch(r"([A-Za-z][A-Za-z0-9+-]+):(.*)", source) if isinstance(source, str) else None
    if _exists(Path(source)) or scheme is None:
        opened = open_folder(Path(source), classes, has_splits=split == "class")
    elif scheme[1] not in SCHEMES:
        raise DataError(unknown("source", f"{scheme[1]}:", [f"{known}:" for known in SCHEMES]) + ", or a folder")
    else:
        opened = SCHEMES[scheme[1]](scheme[2], classes=classes, seed=seed)
    return opened if split is None or opened.split_column else _split_by(split, opened)


def _split_by(column: str, source: Source) -> Source:
    """The source with that label as its split.

    Raises:
        DataError: it has no such label.
    """
    if not source.columns:
        raise DataError(
            f"{source.title} has no column {column!r} to split by; write a fraction to hold back, as in 0.2"
        )
    if column not in source.columns:
        raise DataError(unknown("split column", column, source.columns) + ", or a fraction to hold back, as in 0.2")
    label_column = None if source.label_column == column else source.label_column
    return replace(source, split_column=column, label_column=label_column)


def _exists(path: Path) -> bool:
    """Whether there is anything under that name.

    Raises:
        DataError: the file system will not say (a name too long, a closed folder on the way).
    """
    try:
        return path.exists()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be used: {reason}") from error


# ---- a folder ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PictureFile:
    """A file with the extension of a picture."""

    path: Path
    name: str
    labels: Mapping[str, str]

    def read(self, frame: Frame) -> Picture:
        """Decode the file; a big JPEG only as far as the frame needs it."""
        try:
            # Opening a pipe would wait for a writer for ever.
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise Rejected(Reason.NOT_A_FILE)
            with self.path.open("rb") as file:
                return decode(file, background=frame.background, enough=2 * frame.size)
        except OSError as error:
            raise Rejected(_why(error)) from error


@dataclass(frozen=True)
class Stranger:
    """Something in the folder that is known to be no picture without opening it."""

    name: str
    reason: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def read(self, frame: Frame) -> Picture:
        """Raise Rejected, always."""
        raise Rejected(self.reason)


def open_folder(root: Path, classes: str, has_splits: bool = False) -> Source:
    """The files of a folder and its sub-folders, sorted by path; hidden ones are passed over.

    With classes "folders", the first folder on the way from `root` to a picture is its class, if there are folders.
    With `has_splits` it is the split, and the class is the one after it.

    Raises:
        DataError: no such folder, no files in it, or pictures beside the folders that should hold them.
    """
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise DataError(f"{root} {what}; name a folder of pictures")
    files, closed = _walk(root)
    if not files and not closed:
        raise DataError(f"{root} holds no files; put pictures into it, or into one sub-folder for each class")
    folders = {name: name.split("/")[:-1] for name in files if _extension(name) in EXTENSIONS}
    levels = ["split"] * has_splits + ["class"] * (classes == "folders")
    while levels and max(map(len, folders.values()), default=0) < len(levels):
        levels.pop()
    if levels:
        _refuse_loose([name for name in folders if len(folders[name]) < len(levels)], root, levels[-1])
    items: list[Item] = [*closed]
    for name, path in files.items():
        if name in folders:
            items.append(PictureFile(path, name, dict(zip(levels, folders[name], strict=False))))
        else:
            kind = f"extension {_extension(name)}" if _extension(name) else "no extension"
            items.append(Stranger(name, f"not a picture ({kind})"))
    return Source(
        title=str(root),
        items=sorted(items, key=lambda item: item.name),
        label_column="class" if "class" in levels else None,
        split_column="split" if "split" in levels else None,
        remedy="add pictures to it, merge it into another class, remove it, or prepare with classes none",
    )


def _walk(root: Path) -> tuple[dict[str, Path], list[Stranger]]:
    """The files below `root` by name, and the folders that cannot be read.

    Links are followed, but every real folder is visited once, so a loop of links ends. Going level by level, and
    through links last, a class folder is met under its own name before any link to it from elsewhere.
    """
    files: dict[str, Path] = {}
    closed: list[Stranger] = []
    seen = {_identity(root)}
    waiting = deque([root])
    while waiting:
        folder = waiting.popleft()
        try:
            paths = sorted(folder.iterdir(), key=lambda path: (path.is_symlink(), path.name))
        except OSError as error:
            closed.append(Stranger(_name(folder, root), _why(error)))
            continue
        for path in paths:
            if path.name.startswith("."):
                continue
            if not _is_folder(path):
                files[_name(path, root)] = path
            elif _identity(path) not in seen:
                seen.add(_identity(path))
                waiting.append(path)
    return files, closed


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a link to behind a closed door; opening it as a file will tell
        return False


def _why(error: OSError) -> Reason:
    if isinstance(error, FileNotFoundError):
        return Reason.MISSING
    return Reason.DENIED if isinstance(error, PermissionError) else Reason.UNREADABLE


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _name(path: Path, root: Path) -> str:
    """The path below `root` with forward slashes; bytes that are no UTF-8 are written as escapes."""
    relative = path.relative_to(root).as_posix()
    return relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _refuse_loose(names: list[str], root: Path, level: str) -> None:
    """A picture beside class folders has no class, and no guess of one would be what its owner meant."""
    if names:
        few = ", ".join(sorted(names)[:3]) + (" ..." if len(names) > 3 else "")
        lie = "picture lies" if len(names) == 1 else "pictures lie"
        raise DataError(
            f"{len(names)} {lie} beside the {level} folders of {root} ({few}); move what lies there into a {level} "
            f"folder{', or prepare with classes none' if level == 'class' else ''}"
        )


# ---- the painter ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Painting:
    """A painting that is painted when it is read."""

    index: int
    seed: int
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """The number of the painting, as a name that sorts."""
        return f"painting-{self.index:06d}"

    def read(self, frame: Frame) -> Picture:
        """Paint it at the frame's own size."""
        from ganvas.data import painter  # as late as this, for folders need no painter

        pixels = painter.paint(self.index, self.seed, frame.size)
        return Picture(pixels, frame.size, frame.size, hashlib.sha256(pixels.tobytes()).hexdigest())


def open_painter(argument: str, *, classes: str, seed: int) -> Source:
    """The embedded paintings, `argument` many; labels: genre, palette, composition, and the mode they make up.

    Raises:
        DataError: `argument` is no such count.
    """
    if not re.fullmatch("[0-9]*", argument) or not 0 < int(argument or DEFAULT_PAINTINGS) <= MOST_PAINTINGS:
        raise DataError(
            f"cannot read painter:{argument}; write painter: for {DEFAULT_PAINTINGS:,} paintings, or a count up to "
            f"{MOST_PAINTINGS:,} as in painter:500"
        )
    if seed < 0:
        raise DataError(f"seed {seed} is out of range; the painter takes seeds from 0 up")
    from ganvas.data import painter

    count = int(argument or DEFAULT_PAINTINGS)
    modes = [painter.mode_of(index, seed) for index in range(count)]
    smallest, largest = painter.SIZES
    return Source(
        title=f"painter:{count}",
        items=[Painting(index, seed, _mode_labels(mode)) for index, mode in enumerate(modes)],
        label_column="genre" if classes == "folders" else None,
        mode_column="mode",
        sizes=range(smallest, largest + 1),
        remedy=f"ask for more paintings, as in painter:{DEFAULT_PAINTINGS}",
        many=20,  # a painting takes far longer than a file
    )


def _mode_labels(mode: "Mode") -> dict[str, str]:
    return {"genre": mode.genre, "palette": mode.palette, "composition": mode.composition, "mode": mode.name}


SCHEMES: dict[str, Opener] = {"painter": open_painter}
