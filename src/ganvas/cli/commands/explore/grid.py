"""`ganvas explore grid`."""

import math
from typing import Annotated

import typer

from ganvas.cli.arguments import Edits, Enlarge, Label, NoMetadata, Picture, Seed, Source, Truncation


def grid(
    source: Source,
    out: Picture,
    n: Annotated[int, typer.Option("-n", min=1, max=10_000, help="Number of pictures.")] = 64,
    seed: Seed = 0,
    first: Annotated[int, typer.Option(min=0, max=900_000, help="Number of the first picture of the seed.")] = 0,
    columns: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Pictures in a row.", show_default="as square as possible")
    ] = None,
    label: Label = None,
    truncation: Truncation = 1.0,
    edits: Edits = None,
    enlarge: Enlarge = 1,
    no_metadata: NoMetadata = False,
) -> None:
    """Paint the pictures of a seed, any part of them, as one grid."""
    from ganvas.artist.artist import load
    from ganvas.artist.origin import Sheet
    from ganvas.artist.sheets import png_path, write_sheet
    from ganvas.artist.words import parse_edits, parse_label

    out, artist = png_path(out), load(source)
    numbers = range(first, first + n)
    cells = artist.cells(numbers, seed, parse_label(label, artist.class_names), truncation, parse_edits(edits or []))
    sheet = Sheet(columns=columns or math.ceil(math.sqrt(n)), enlarge=enlarge)
    write_sheet(artist, out, cells, sheet, metadata=not no_metadata)
    typer.echo(str(out))
