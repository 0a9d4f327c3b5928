"""The files that the pictures of a dataset came from, if they are still there, as thumbnails."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageFile, ImageOps

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.pictures.formats import FORMATS

# Pictures and files larger than this are not opened for a thumbnail.
_MOST_PIXELS, _MOST_BYTES = 40_000_000, 64 * 2**20
_THUMBNAIL = 160


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


def thumbnail(folders: Mapping[str, Path], name: str, side: int = _THUMBNAIL) -> Image.Image | None:
    """A thumbnail of a file of the source; of a picture that was cut short, the upper part.

    Args:
        folders: as `folders_of` returns them.
        name: of the file; a name that leads out of its folder is not opened.
        side: of the thumbnail, at most, in pixels.

    Returns:
        RGB, upright; None if nothing can be decoded.
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
            return _decoded(file, side)
    except Exception:  # Pillow's readers can raise almost any error on damaged bytes
        return None


def _decoded(file: Path, side: int) -> Image.Image | None:
    with Image.open(file, formats=FORMATS) as image:
        if image.width * image.height > _MOST_PIXELS:
            return None
        picture = ImageOps.exif_transpose(image).convert("RGB")
    picture.thumbnail((side, side))
    return picture


@contextlib.contextmanager
def _lenient() -> Iterator[None]:
    """Let Pillow decode the part that is left of a truncated file."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
