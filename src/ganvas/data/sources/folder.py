"""A folder of picture files."""

import stat
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganvas.data.pictures.decode import Picture, decode
from ganvas.data.pictures.frame import Frame
from ganvas.data.pictures.rejection import Reason, Rejected
from ganvas.data.sources.file_state import FileState
from ganvas.data.sources.skipped import SAMPLES, made_by_ganvas, why_skipped
from ganvas.data.sources.source import Request, Source, Value
from ganvas.data.sources.tree import as_text, by_folders
from ganvas.foundation.errors import DataError


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file with the extension of a picture.

    Its path is a text, because there may be a hundred million of these, and a `Path` takes four times the memory.
    """

    path: str
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """Path, size and modification time. The path counts because a name in a table can come to mean another file."""
        try:
            state = FileState.of(Path(self.path))
            return f"{state} {as_text(str(state.path))}"
        except (OSError, ValueError):  # `read` reports the reason
            return ""

    def read(self, frame: Frame) -> Picture:
        """Decode the file; a big JPEG only at the resolution that the frame needs."""
        path = Path(self.path)
        try:
            # Opening a pipe would wait forever for a writer.
            if not stat.S_ISREG(path.stat().st_mode):
                raise Rejected(Reason.NOT_A_FILE)
            with path.open("rb") as file:
                return decode(file, frame)
        except OSError as error:
            raise Rejected(_why(error)) from error
        except ValueError as error:  # a NUL in a name that comes from a table
            raise Rejected(Reason.MISSING) from error


class Folder:
    """The files of a folder and its sub-folders, sorted by path. Hidden files are ignored.

    Folders that `skipped.py` knows are skipped.

    Attributes:
        title: the folder's path.
        names: the paths of files, and of folders that are skipped or cannot be read, below it.
        unreadable: the folders that are skipped or cannot be read, and why.
        wrapper: always "": only archives have a wrapping folder.
    """

    wrapper = ""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            what = "is a file" if root.exists() else "does not exist"
            raise DataError(
                f"{root} {what}; name a folder of pictures, a zip or tar archive, or a CSV, TSV or Parquet table"
            )
        self.title = str(root)
        self._files, self.unreadable = _walk(root)
        self.names = sorted([*self._files, *self.unreadable])

    def picture(self, name: str, labels: Mapping[str, Value]) -> PictureFile:
        """The file with that path, as an item."""
        return PictureFile(self._files[name], name, labels)

    def content(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DataError: the file cannot be read.
        """
        try:
            return Path(self._files[name]).read_bytes()
        except OSError as error:
            raise DataError(f"{self._files[name]} cannot be read: {error.strerror or error}") from error


def open_folder(root: Path, request: Request | None = None) -> Source:
    """Open a folder of pictures; by default without classes.

    Raises:
        DataError: the folder does not exist or holds no files, or a picture lies outside of the class folders.
    """
    return by_folders(Folder(root), request or Request(classes="none"))


def _walk(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The paths of the files below `root` by name, and the folders that are skipped or cannot be read, with the reason.

    Links are followed, but every real folder is visited once, so a loop of links ends. The search goes level by level
    and follows links last, so a class folder is found under its own name before any link to it. A link to a parent of
    the root is not followed, because it would add pictures from outside of the root.
    """
    files: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    whole = root.resolve()
    seen = {_identity(folder) for folder in (whole, *whole.parents)}
    waiting = deque([root])
    while waiting:
        folder = waiting.popleft()
        try:
            paths = sorted(folder.iterdir(), key=lambda path: (path.is_symlink(), path.name))
        except OSError as error:
            unreadable[_name(folder, root)] = _why(error)
            continue
        names = {path.name for path in paths}
        if folder == root:
            _refuse_own(root, names)
        elif why := why_skipped(folder.name, names):
            unreadable[_name(folder, root)] = why
            continue
        for path in paths:
            if path.name.startswith("."):
                continue
            if not _is_folder(path):
                files[_name(path, root)] = str(path)
            elif _identity(path) not in seen:
                seen.add(_identity(path))
                waiting.append(path)
    return files, unreadable


def _refuse_own(root: Path, names: set[str]) -> None:
    """Raise DataError for a directory that ganvas wrote, unless it holds generated pictures only."""
    what = made_by_ganvas(names)
    if what is not None and what != SAMPLES:
        raise DataError(f"{root} is {what}, not a folder of pictures; name a folder of pictures")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a link into a folder without permission; opening it as a file will report that
        return False


def _why(error: OSError) -> Reason:
    if isinstance(error, FileNotFoundError):
        return Reason.MISSING
    return Reason.DENIED if isinstance(error, PermissionError) else Reason.UNREADABLE


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _name(path: Path, root: Path) -> str:
    """The path below `root` with forward slashes."""
    return as_text(path.relative_to(root).as_posix())
