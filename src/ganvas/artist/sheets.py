"""Sheets of generated pictures in files."""

from collections.abc import Sequence
from pathlib import Path

from ganvas.artist.origin import Cell, Sheet
from ganvas.artist.png import write_painted
from ganvas.artist.trained import Directions, TrainedGenerator
from ganvas.foundation.errors import RunError
from ganvas.foundation.paths import new_path

# Characters of a name that a sheet keeps; far fewer are shown.
LONGEST = 200


def png_path(out: Path) -> Path:
    """The path of a PNG file to write, before anything is painted.

    Raises:
        RunError: it does not end in `.png`.
    """
    if out.suffix.lower() != ".png":
        raise RunError(f"{out}: choose a name that ends in .png")
    return new_path(out)


def row_names(names: Sequence[str]) -> list[str]:
    """Names for the margin of a sheet."""
    return [name[:LONGEST] for name in names]


def write_sheet(
    artist: TrainedGenerator,
    out: Path,
    cells: Sequence[Cell],
    sheet: Sheet | None,
    directions: Directions | None = None,
    *,
    metadata: bool = True,
) -> None:
    """Paint pictures, arrange them and write them to a PNG file.

    Args:
        artist: the generator.
        out: the file, replaced if it exists.
        cells: the pictures.
        sheet: their arrangement; None for a single picture.
        directions: vectors of the directions that they name.
        metadata: whether the file says how it was made.

    Raises:
        RunError: as for `TrainedGenerator.paint`.
        WriteError: the file system refused to write.
    """
    pixels = artist.sheet(cells, sheet, directions)
    write_painted(out, pixels, artist.origin(cells, sheet, directions) if metadata else None, metadata=metadata)
