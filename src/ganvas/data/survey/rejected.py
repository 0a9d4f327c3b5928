"""The files that were left out of a dataset: by which reason, and what can still be seen of them."""

import contextlib
import csv
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageFile

from ganvas.data.dataset import REJECTED, Dataset
from ganvas.data.decode import FORMATS
from ganvas.errors import DataError

# Larger pictures are not opened for a thumbnail; nor are longer files.
_MOST_PIXELS, _MOST_BYTES = 40_000_000, 64 * 2**20
_THUMBNAIL = 160


@dataclass(frozen=True)
class Rejects:
    """The files of one reason.

    Attributes:
        reason: why they were left out.
        paths: their names below the folder that was prepared.
    """

    reason: str
    paths: list[str]


def rejects(data: Dataset) -> list[Rejects] | None:
    """The files left out, the commonest reason first; None if the dataset does not tell.

    Raises:
        DataError: `rejected.csv` cannot be read.
    """
    file = data.path / REJECTED
    if not file.is_file():
        return None
    reasons: dict[str, list[str]] = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                reasons.setdefault(row.get("reason") or "unknown", []).append(row.get("path") or "")
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{file} cannot be read ({error}); prepare the dataset again") from error
    found = [Rejects(reason, paths) for reason, paths in reasons.items()]
    return sorted(found, key=lambda each: (-len(each.paths), each.reason))


def folder_of(data: Dataset) -> Path | None:
    """The folder that the pictures were in, if it was one and is still there."""
    source = data.info.options.get("source")
    try:
        folder = Path(source) if isinstance(source, str) and source else None
        return folder if folder is not None and folder.is_dir() else None
    except (OSError, ValueError):
        return None


def thumbnail(folder: Path, name: str) -> Image.Image | None:
    """What can be seen of a file that was left out: all of a picture too small, the upper part of one cut short.

    Args:
        folder: where the pictures were.
        name: of the file below it; one that leads elsewhere is not opened.

    Returns:
        RGB, at most 160 pixels a side, or None for nothing at all.
    """
    try:
        file = (folder / name).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file() or file.stat().st_size > _MOST_BYTES:
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
