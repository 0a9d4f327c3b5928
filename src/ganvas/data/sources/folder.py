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


@dataclass(frozen=True)
class PictureFile:
    """A file with the extension of a picture."""

    path: Path
    name: str
    labels: Mapping[str, Value]

    @property
    def stamp(self) -> str:
        """Path, size and time of the last change: the same name in a table can come to mean another file."""
        try:
            stamp = FileState.of(self.path)
            return f"{stamp} {as_text(str(stamp.path))}"
        except (OSError, ValueError):  # reading it will say why
            return ""

    def read(self, frame: Frame) -> Picture:
        """Decode the file; a big JPEG only as far as the frame needs it."""
        try:
            # Opening a pipe would wait for a writer for ever.
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise Rejected(Reason.NOT_A_FILE)
            with self.path.open("rb") as file:
                return decode(file, frame)
        except OSError as error:
            raise Rejected(_why(error)) from error
        except ValueError as error:  # a NUL in a name that comes from a table
            raise Rejected(Reason.MISSING) from error


class Folder:
    """The files of a folder and its sub-folders, sorted by path; hidden ones are passed over.

    So are folders that `skipped.py` knows, each of which stands in `closed`.

    Attributes:
        title: the folder's path.
        names: the paths of files, and of folders that cannot be read, below it.
        closed: these folders, and those passed over, and why.
        wrapper: "", for nothing wraps up a folder.
    """

    wrapper = ""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            what = "is a file" if root.exists() else "does not exist"
            raise DataError(
                f"{root} {what}; name a folder of pictures, a zip or tar archive, or a CSV, TSV or Parquet table"
            )
        self.title = str(root)
        self._files, self.closed = _walk(root)
        self.names = sorted([*self._files, *self.closed])

    def picture(self, name: str, labels: Mapping[str, Value]) -> PictureFile:
        """The file of that path as an item."""
        return PictureFile(self._files[name], name, labels)

    def content(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DataError: it cannot be read.
        """
        try:
            return self._files[name].read_bytes()
        except OSError as error:
            raise DataError(f"{self._files[name]} cannot be read: {error.strerror or error}") from error


def open_folder(root: Path, request: Request | None = None) -> Source:
    """The pictures of a folder as they lie there; without a request, without classes.

    Raises:
        DataError: no such folder, no files in it, or pictures beside the folders that should hold them.
    """
    return by_folders(Folder(root), request or Request(classes="none"))


def _walk(root: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """The files below `root` by name, and the folders that cannot be read.

    Links are followed, but every real folder is visited once, so a loop of links ends. Going level by level, and
    through links last, a class folder is met under its own name before any link to it from elsewhere. A link to a
    folder that the root lies in is not followed, or pictures beside the root would be taken.
    """
    files: dict[str, Path] = {}
    closed: dict[str, str] = {}
    whole = root.resolve()
    seen = {_identity(folder) for folder in (whole, *whole.parents)}
    waiting = deque([root])
    while waiting:
        folder = waiting.popleft()
        try:
            paths = sorted(folder.iterdir(), key=lambda path: (path.is_symlink(), path.name))
        except OSError as error:
            closed[_name(folder, root)] = _why(error)
            continue
        names = {path.name for path in paths}
        if folder == root:
            _refuse_own(root, names)
        elif why := why_skipped(folder.name, names):
            closed[_name(folder, root)] = why
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


def _refuse_own(root: Path, names: set[str]) -> None:
    """Raise DataError for what ganvas wrote, unless it is pictures alone."""
    what = made_by_ganvas(names)
    if what is not None and what != SAMPLES:
        raise DataError(f"{root} is {what}, not a folder of pictures; name a folder of pictures")


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
    """The path below `root` with forward slashes."""
    return as_text(path.relative_to(root).as_posix())
