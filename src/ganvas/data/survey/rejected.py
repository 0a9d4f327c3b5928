"""The files that were left out of a dataset: by which reason, and what can still be seen of them."""

import contextlib
import csv
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import REJECTED
from ganvas.data.pictures.formats import FORMATS
from ganvas.foundation.errors import DataError

# Larger pictures are not opened for a thumbnail; nor are longer files.
_MOST_PIXELS, _MOST_BYTES = 40_000_000, 64 * 2**20
_THUMBNAIL = 160


@dataclass(frozen=True)
class RejectedFile:
    """A file that was left out.

    Attributes:
        path: its name below what was prepared.
        detail: what is to be said of it alone, or nothing.
    """

    path: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.detail})" if self.detail else self.path


@dataclass(frozen=True)
class Rejects:
    """The files of one reason.

    Attributes:
        reason: why they were left out.
        files: those files.
    """

    reason: str
    files: list[RejectedFile]

    def __len__(self) -> int:
        return len(self.files)


def rejects(data: Dataset) -> list[Rejects] | None:
    """The files left out, the commonest reason first; None if the dataset does not tell.

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
    found = [Rejects(reason, files) for reason, files in reasons.items()]
    return sorted(found, key=lambda each: (-len(each), each.reason))


def folders_of(data: Dataset) -> dict[str, Path]:
    """Where the pictures were, as far as that is still there: the folder of those whose names begin so.

    One source is a folder, or a table beside or above its pictures; several sources have their names before those of
    their pictures.
    """
    source = data.info.options.get("source")
    root = data.info.options.get("root")
    named = {f"{name}/": each for name, each in source.items()} if isinstance(source, dict) else {"": source}
    folders = {prefix: _folder(root) or _folder(each) for prefix, each in named.items()}
    return {prefix: folder for prefix, folder in folders.items() if folder is not None}


def _folder(source: Any) -> Path | None:
    if not isinstance(source, str) or not source:
        return None
    try:
        path = Path(source)
        return path if path.is_dir() else path.parent if path.is_file() else None
    except (OSError, ValueError):  # a name too long, or of no file system
        return None


def thumbnail(folders: Mapping[str, Path], name: str) -> Image.Image | None:
    """What can be seen of a file that was left out: all of a picture too small, the upper part of one cut short.

    Args:
        folders: where the pictures were, as `folders_of` has it.
        name: of the file; one that leads out of its folder is not opened.

    Returns:
        RGB, at most 160 pixels a side, or None for nothing at all.
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
    except Exception:  # broken bytes make Pillow's readers raise almost any kind of error
        return None


def _decoded(file: Path) -> Image.Image | None:
    with Image.open(file, formats=FORMATS) as image:
        if image.width * image.height > _MOST_PIXELS:
            return None
        shown = image.convert("RGB")
    shown.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return shown


@contextlib.contextmanager
def _lenient() -> Iterator[None]:
    """Let Pillow decode what there is of a file that is cut short."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
