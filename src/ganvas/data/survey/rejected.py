"""The files that were left out of a dataset, by reason, with thumbnails of those that can be decoded."""

import contextlib
import csv
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageFile

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import REJECTED
from ganvas.data.pictures.formats import FORMATS
from ganvas.foundation.errors import DataError

# Pictures and files larger than this are not opened for a thumbnail.
_MOST_PIXELS, _MOST_BYTES = 40_000_000, 64 * 2**20
_THUMBNAIL = 160


@dataclass(frozen=True)
class RejectedFile:
    """A file that was left out.

    Attributes:
        path: its name, relative to the source.
        detail: what is special about this file, or "".
    """

    path: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.detail})" if self.detail else self.path


@dataclass(frozen=True)
class RejectedFiles:
    """The files that were left out for one reason.

    Attributes:
        reason: why they were left out.
        files: in the order of `rejected.csv`.
    """

    reason: str
    files: list[RejectedFile]

    def __len__(self) -> int:
        return len(self.files)


def rejected_files(data: Dataset) -> list[RejectedFiles] | None:
    """The files left out, the most common reason first; None if the dataset does not list them.

    Raises:
        DataError: `rejected.csv` cannot be read.
    """
    file = data.path / REJECTED
    if not file.is_file():
        return None
    reasons: dict[str, list[RejectedFile]] = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                rejected = RejectedFile(row.get("path") or "", row.get("detail") or "")
                reasons.setdefault(row.get("reason") or "unknown", []).append(rejected)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{file} cannot be read ({error}); prepare the dataset again") from error
    result = [RejectedFiles(reason, files) for reason, files in reasons.items()]
    return sorted(result, key=lambda rejected: (-len(rejected), rejected.reason))


def folders_of(data: Dataset) -> dict[str, Path]:
    """The folders that the pictures came from, if they still exist, by prefix of the pictures' names.

    A single source has the prefix "". It is a folder, or a table in its pictures' folder or in one above. With several
    sources, names begin with the name of the source and a slash.
    """
    source = data.info.options.get("source")
    root = data.info.options.get("root")
    sources = {f"{name}/": place for name, place in source.items()} if isinstance(source, dict) else {"": source}
    folders = {prefix: _folder(root) or _folder(place) for prefix, place in sources.items()}
    return {prefix: folder for prefix, folder in folders.items() if folder is not None}


def _folder(source: object) -> Path | None:
    if not isinstance(source, str) or not source:
        return None
    try:
        path = Path(source)
        return path if path.is_dir() else path.parent if path.is_file() else None
    except (OSError, ValueError):  # a name that is too long, or that no file can have
        return None


def thumbnail(folders: Mapping[str, Path], name: str) -> Image.Image | None:
    """A thumbnail of a file that was left out; of a picture that was cut short, the upper part.

    Args:
        folders: as `folders_of` returns them.
        name: of the file; a name that leads out of its folder is not opened.

    Returns:
        RGB, at most 160 pixels a side; None if nothing can be decoded.
    """
    prefix = next((prefix for prefix in folders if name.startswith(prefix)), None)
    if prefix is None:
        return None
    try:
        folder = folders[prefix].resolve()
        file = (folder / name[len(prefix) :]).resolve()
        if not file.is_relative_to(folder) or not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return None
        with warnings.catch_warnings(), _lenient():
            warnings.simplefilter("ignore")
            return _decoded(file)
    except Exception:  # Pillow's readers can raise almost any error on damaged bytes
        return None


def _decoded(file: Path) -> Image.Image | None:
    with Image.open(file, formats=FORMATS) as image:
        if image.width * image.height > _MOST_PIXELS:
            return None
        picture = image.convert("RGB")
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return picture


@contextlib.contextmanager
def _lenient() -> Iterator[None]:
    """Let Pillow decode the part that is left of a truncated file."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
