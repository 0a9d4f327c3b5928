"""Painting a picture again from what its file says."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.artist.artist import Artist, find_snapshot
from ganvas.artist.origin import Origin
from ganvas.artist.png import read_origin, write_painted
from ganvas.artist.sheets import png_path
from ganvas.foundation.arrays import Images
from ganvas.foundation.errors import RunError
from ganvas.foundation.paths import is_file
from ganvas.runs.directory import RunDirectory
from ganvas.runs.snapshot import Snapshot


@dataclass(frozen=True)
class Again:
    """A picture that was painted again.

    Attributes:
        origin: how it was made.
        differing: number of values, of all pixels and colours, that differ from those in the file; None if the file has
            another size, or cannot be decoded.
        largest: the largest difference, in grey levels of 255.
    """

    origin: Origin
    differing: int | None
    largest: int

    def __str__(self) -> str:
        """Whether the pixels are those of the file."""
        if self.differing == 0:
            return "the pixels are the same again"
        if self.differing is None:
            return "the file does not hold the pixels that it describes: it was edited"
        how = f"{self.differing:,} values differ from the file, by up to {self.largest}"
        return f"{how}: it was edited, or painted on another machine or by another version ({self.origin.ganvas})"


def paint_again(source: Path, like: Path, out: Path, *, metadata: bool = True) -> Again:
    """Paint the picture of a file again, and write it.

    Args:
        source: the snapshot that painted it, or a run that still has this snapshot.
        like: a PNG file that ganvas painted.
        out: the `.png` file to write.
        metadata: whether the new file says how it was made.

    Raises:
        RunError: `like` does not say how it was made, or by another snapshot, or shows pictures that no generator
            painted; or `out` does not end in `.png`.
        WriteError: the file system refused to write.
    """
    out = png_path(out)
    origin = read_origin(like)
    artist = painter_of(source, origin, like)
    if others := [str(place) for place, cell in enumerate(origin.cells, start=1) if cell.other]:
        first = next(cell.other for cell in origin.cells if cell.other)
        raise RunError(
            f"{like} cannot be painted again: {len(others)} of its {len(origin.cells)} cells are no pictures of the "
            f"generator (cell {others[0]} is: {first})"
        )
    pixels = artist.sheet(origin.cells, origin.sheet, origin.vectors)
    write_painted(out, pixels, origin if metadata else None, metadata=metadata)
    return _compared(origin, pixels, like)


def painter_of(source: Path, origin: Origin, like: Path) -> Artist:
    """The generator that painted a file.

    Args:
        source: a snapshot, or a run, of which the best and the last snapshot are tried.
        origin: what the file says.
        like: the file, for messages.

    Raises:
        RunError: it is none of them.
    """
    first = find_snapshot(source)
    files = [first] if is_file(source) else [RunDirectory.open(source).snapshot(name) for name in ("best", "last")]
    digests = {}
    for file in files:
        if not is_file(file):
            continue
        snapshot = Snapshot.load(file)
        if snapshot.digest == origin.snapshot:
            return Artist(snapshot, file)
        digests[file.name] = snapshot.digest
    have = ", ".join(f"{name} is {digest[:12]}" for name, digest in digests.items())
    raise RunError(
        f"{like} was painted by snapshot {origin.snapshot[:12]} (recipe {origin.recipe}, {origin.size} px), which "
        f"{source} does not have: {have}"
    )


def _compared(origin: Origin, pixels: Images, like: Path) -> Again:
    try:
        with Image.open(like) as picture:
            before = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Again(origin, None, 0)
    if before.shape != pixels.shape:
        return Again(origin, None, 0)
    differences = np.abs(before.astype(np.int16) - pixels)
    return Again(origin, int((differences > 0).sum()), int(differences.max()))
