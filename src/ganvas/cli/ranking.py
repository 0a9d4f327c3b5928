"""What `ganvas explore top` and `bottom` print and write."""

from pathlib import Path

import typer

from ganvas.artist.artist import load
from ganvas.artist.explore.ranking import rank
from ganvas.artist.origin import Sheet
from ganvas.artist.sheets import png_path, write_sheet

# Pictures in a row of the sheet.
COLUMNS = 5


def show_ranking(
    source: Path,
    n: int,
    of: int,
    seed: int,
    label: str | None,
    truncation: float,
    out: Path | None,
    enlarge: int,
    *,
    metadata: bool,
    best: bool,
) -> None:
    """Print the ranking, and write a sheet of it if `out` is given; see `ganvas.artist.explore.ranking.rank`."""
    target, artist = None if out is None else png_path(out), load(source)
    ranked = rank(artist, n, of, seed, label, truncation, best=best)
    for each in ranked:
        typer.echo(f"{each.score:>8}  {each.cell}")
    if target is not None:
        sheet = Sheet(columns=min(n, COLUMNS), captions=[each.score for each in ranked], enlarge=enlarge)
        write_sheet(artist, target, [each.cell for each in ranked], sheet, metadata=metadata)
        typer.echo(str(target), err=True)
