"""`ganvas explore labels`."""

from typing import Annotated

import typer

from ganvas.cli.arguments import Edits, Enlarge, NoMetadata, Picture, Seed, Source, Truncation


def labels(
    source: Source,
    out: Picture,
    n: Annotated[int, typer.Option("-n", min=1, max=100, help="Number of latents.")] = 8,
    seed: Seed = 0,
    truncation: Truncation = 1.0,
    edits: Edits = None,
    enlarge: Enlarge = 1,
    no_metadata: NoMetadata = False,
) -> None:
    """Paint the same latents once for each class: a row for each class, a column for each latent."""
    from ganvas.artist.artist import load
    from ganvas.artist.origin import Sheet
    from ganvas.artist.sheets import png_path, row_names, write_sheet
    from ganvas.artist.words import parse_edits

    out, artist = png_path(out), load(source)
    cells = artist.class_cells(n, seed, truncation, parse_edits(edits or []))
    sheet = Sheet(columns=n, rows=row_names(artist.class_names), enlarge=enlarge)
    write_sheet(artist, out, cells, sheet, metadata=not no_metadata)
    typer.echo(str(out))
